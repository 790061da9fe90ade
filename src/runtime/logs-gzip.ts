/** Log files that were full and have been compressed. They may be damaged, or made by somebody else: what can be read of them is read. */
import { createReadStream, readSync } from 'node:fs';
import type { Readable } from 'node:stream';

/** What a compressed file says of what is in it. */
export interface GzipHead {
  /** When the last line was written, without the Z. */
  readonly lastTime?: string;
  /** Bytes of it, modulo 2^32. */
  readonly plainSize: number;
}

interface Packed {
  readonly fd: number;
  readonly size: number;
}

const fixedHead = 12;
const hasExtra = 4;
const longestExtra = 256;

/** Docker writes `{"lastTime":"…"}` into the extra field of the header (RFC 1952), and so do we. */
const lastTimeIn = (extra: string): string | undefined => /^{"lastTime":"([0-9T:.-]{19,29})Z"/.exec(extra)?.[1];

/** Reads head and end of a compressed file; damage shows as what is not there. */
export const readGzipHead = ({ fd, size }: Packed): GzipHead => {
  const head = Buffer.alloc(fixedHead + longestExtra);
  const length = readSync(fd, head, 0, head.length, 0);
  const end = Buffer.alloc(4);
  const plainSize = size < 18 ? 0 : (readSync(fd, end, 0, 4, size - 4), end.readUInt32LE(0));
  if (length < fixedHead || head[0] !== 0x1f || head[1] !== 0x8b || ((head[3] ?? 0) & hasExtra) === 0) return { plainSize };
  const extra = head.toString('latin1', fixedHead, Math.min(length, fixedHead + head.readUInt16LE(10)));
  const lastTime = lastTimeIn(extra);
  return { plainSize, ...(lastTime === undefined ? {} : { lastTime }) };
};

/** Its plain bytes, piece by piece. */
const unpack = async ({ fd }: Packed): Promise<Readable> => {
  const { createGunzip } = await import('node:zlib');
  const source = createReadStream('', { fd, start: 0, autoClose: false });
  const plain = createGunzip();
  source.on('error', (error) => plain.destroy(error));
  return source.pipe(plain);
};

/** Hands on the plain bytes until `take` says no: 'stopped'; what was there before a damage is handed on too. */
export const readGzip = async (file: Packed, take: (bytes: Buffer) => boolean): Promise<'end' | 'stopped' | 'damaged'> => {
  try {
    for await (const bytes of await unpack(file)) if (!take(bytes as Buffer)) return 'stopped';
    return 'end';
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!code.startsWith('Z_') && !code.startsWith('ERR_')) throw error;
    return 'damaged';
  }
};

const newline = 0x0a;

/** How many lines can be read from it. */
export const countLines = async (file: Packed): Promise<number> => {
  let count = 0;
  await readGzip(file, (bytes) => {
    for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) count += 1;
    return true;
  });
  return count;
};
