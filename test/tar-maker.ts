/**
 * Writes tar archives byte by byte, so that tests can also make the ones no honest tool would.
 * ustar headers; a PAX header in front where `pax` is given. Nothing is validated: that is the point.
 */

export type EntryType = 'file' | 'hardlink' | 'symlink' | 'char' | 'block' | 'directory' | 'fifo';

export interface Entry {
  /** Written as it is; at most 100 bytes unless `pax.path` carries the real one. A Buffer for names that are not UTF-8. */
  readonly name: string | Buffer;
  readonly type?: EntryType;
  /** The raw type flag, for kinds that `type` does not know (GNU `L`, `S`, …). Wins over `type`. */
  readonly typeflag?: string;
  readonly linkname?: string | Buffer;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Seconds; fractions go to `pax.mtime`. */
  readonly mtime?: number;
  readonly major?: number;
  readonly minor?: number;
  readonly data?: string | Buffer;
  /** The size field, where it shall differ from the data's length. */
  readonly size?: number;
  /** PAX records, such as `path`, `linkpath`, `mtime`, `SCHILY.xattr.user.x`. */
  readonly pax?: Readonly<Record<string, string | Buffer>>;
}

const typeflags: Readonly<Record<EntryType, string>> = {
  file: '0', hardlink: '1', symlink: '2', char: '3', block: '4', directory: '5', fifo: '6',
};

const BLOCK = 512;

const bytes = (value: string | Buffer): Buffer => (typeof value === 'string' ? Buffer.from(value) : value);

/** `data` filled up with zeros to a whole number of 512-byte blocks. */
export const padded = (data: Buffer): Buffer =>
  Buffer.concat([data, Buffer.alloc((BLOCK - (data.length % BLOCK)) % BLOCK)]);

const octal = (value: number, width: number): Buffer => {
  const digits = value.toString(8);
  if (digits.length < width) return Buffer.from(`${digits.padStart(width - 1, '0')}\0`);
  const base256 = Buffer.alloc(width);
  base256.writeBigUInt64BE(BigInt(value), width - 8);
  base256[0] = 0x80;
  return base256;
};

const header = (entry: Entry, size: number): Buffer => {
  const block = Buffer.alloc(BLOCK);
  const put = (offset: number, field: Buffer, limit: number): void => void field.copy(block, offset, 0, limit);
  put(0, bytes(entry.name), 100);
  put(100, octal(entry.mode ?? (entry.type === 'directory' ? 0o755 : 0o644), 8), 8);
  put(108, octal(entry.uid ?? 0, 8), 8);
  put(116, octal(entry.gid ?? 0, 8), 8);
  put(124, octal(size, 12), 12);
  put(136, octal(Math.floor(entry.mtime ?? 1_000_000_000), 12), 12);
  put(148, Buffer.from('        '), 8);
  put(156, bytes(entry.typeflag ?? typeflags[entry.type ?? 'file']), 1);
  put(157, bytes(entry.linkname ?? ''), 100);
  put(257, Buffer.from('ustar\x0000'), 8);
  put(329, octal(entry.major ?? 0, 8), 8);
  put(337, octal(entry.minor ?? 0, 8), 8);
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(148, Buffer.from(`${sum.toString(8).padStart(6, '0')}\0 `), 8);
  return block;
};

/** One PAX record, `<length> <key>=<value>\n`, its length counting itself. */
export const paxRecord = (key: string, value: string | Buffer): Buffer => {
  const body = Buffer.concat([Buffer.from(` ${key}=`), bytes(value), Buffer.from('\n')]);
  let length = body.length + 1;
  while (String(length).length + body.length !== length) length = String(length).length + body.length;
  return Buffer.concat([Buffer.from(String(length)), body]);
};

/** The bytes of one entry: its PAX header if any, its header, its data padded to whole blocks. */
export const entry = (wanted: Entry): Buffer => {
  const data = bytes(wanted.data ?? '');
  const main = Buffer.concat([header(wanted, wanted.size ?? data.length), padded(data)]);
  if (wanted.pax === undefined) return main;
  const records = Buffer.concat(Object.entries(wanted.pax).map(([key, value]) => paxRecord(key, value)));
  const name = 'PaxHeaders/entry';
  return Buffer.concat([header({ name, typeflag: 'x' }, records.length), padded(records), main]);
};

/** A GNU `././@LongLink` pair of blocks: `L` sets the next entry's name, `K` its link target. */
export const gnuLong = (kind: 'L' | 'K', value: string | Buffer): Buffer =>
  entry({ name: '././@LongLink', typeflag: kind, data: Buffer.concat([bytes(value), Buffer.from('\0')]) });

/** A whole archive: the entries, given as descriptions or as ready bytes, and the two zero blocks at the end. */
export const tar = (...entries: readonly (Entry | Buffer)[]): Buffer =>
  Buffer.concat([...entries.map((one) => (Buffer.isBuffer(one) ? one : entry(one))), Buffer.alloc(2 * BLOCK)]);
