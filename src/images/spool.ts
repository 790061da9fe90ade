/** Reading what a user hands in, a file or standard input, and writing it into the store's work space while hashing it. */
import { createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync, statSync, writeSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Digest } from '../core/digest.ts';
import { digestOfHex } from '../core/digest.ts';
import { fail } from '../core/errors.ts';
import { helperPath } from '../system/helper.ts';
import type { Paths } from '../system/paths.ts';
import { checkOutcome, outcomeOf } from './program.ts';

const chunkSize = 1024 * 1024;

/** A file in the work space, whole and hashed. */
export interface SpooledFile {
  readonly path: string;
  readonly digest: Digest;
  readonly size: number;
}

export type Compression = 'none' | 'gzip' | 'zstd' | 'bzip2' | 'xz';

const magics: readonly (readonly [Compression, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
];

/** How data that begin with `head` are compressed, by their first six bytes. */
export const compressionOf = (head: Uint8Array): Compression =>
  magics.find(([, bytes]) => bytes.every((byte, position) => head[position] === byte))?.[0] ?? 'none';

/** The user's words for an input: the file name, or that it is standard input. */
export const inputSubject = (input: string): string => (input === '-' ? 'standard input' : input);

/**
 * The bytes of `input`, a path or `-`. Throws `NotFound` or `Usage` failures at once for what cannot be read as a stream of bytes.
 */
export const openInput = (input: string): Readable => {
  if (input === '-') {
    if (process.stdin.isTTY) fail({ _tag: 'Usage', message: 'standard input is a terminal', hint: 'redirect an archive into it or name a file' });
    return process.stdin;
  }
  const stat = statSync(input, { throwIfNoEntry: false });
  if (stat === undefined) return fail({ _tag: 'NotFound', kind: 'file', name: input });
  if (stat.isDirectory()) fail({ _tag: 'Usage', message: `${input} is a directory, not an archive`, hint: 'pack it with tar first' });
  return createReadStream(input, { highWaterMark: chunkSize });
};

/** The first bytes of `stream` and all of it again, so that they can be looked at before it is read. */
const peek = async (stream: Readable): Promise<readonly [head: Buffer, all: AsyncIterable<Buffer>]> => {
  const iterator = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let head = Buffer.alloc(0);
  let ended = false;
  while (head.length < 6 && !ended) {
    const next = await iterator.next();
    ended = next.done === true;
    if (!ended) head = Buffer.concat([head, next.value as Buffer]);
  }
  const all = async function* (): AsyncGenerator<Buffer> {
    try {
      if (head.length > 0) yield head;
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
    } finally {
      stream.destroy();
    }
  };
  return [head, all()];
};

/** `all` through `skiff-tree decompress`; throws its complaint at the end. */
export const inflate = async function* (paths: Paths, all: AsyncIterable<Buffer>, subject: string): AsyncGenerator<Buffer> {
  const child = spawn(helperPath(paths, 'skiff-tree'), ['decompress'], { stdio: ['pipe', 'pipe', 'pipe'] });
  const outcome = outcomeOf(child, false);
  // It is waited for after the output only, and until then a helper that could not start would count as an error that nobody handles.
  outcome.catch(() => undefined);
  let inputFault: unknown;
  // A decompressor that gives up closes its input; what it says on stderr is the reason, not our broken pipe.
  const feeding = pipeline(Readable.from(all), child.stdin).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_PREMATURE_CLOSE') inputFault = error;
  });
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
    checkOutcome(await outcome, 'decompress', subject);
    await feeding;
    if (inputFault !== undefined) throw inputFault;
  } finally {
    child.kill();
    await outcome.catch(() => undefined);
  }
};

/** The bytes of `input` with any outer compression taken off. */
export const plainInput = async (paths: Paths, input: string): Promise<AsyncIterable<Buffer>> => {
  const [head, all] = await peek(openInput(input));
  return compressionOf(head) === 'none' ? all : inflate(paths, all, inputSubject(input));
};

const writeAll = (fd: number, chunk: Uint8Array): void => {
  for (let offset = 0; offset < chunk.length; ) offset += writeSync(fd, chunk, offset);
};

/** Writes `chunks` to the new file `path`, hashing them on the way. */
export const spool = async (chunks: AsyncIterable<Uint8Array>, path: string): Promise<SpooledFile> => {
  const hash = createHash('sha256');
  let size = 0;
  const fd = openSync(path, 'wx', 0o600);
  try {
    for await (const chunk of chunks) {
      hash.update(chunk);
      writeAll(fd, chunk);
      size += chunk.length;
    }
  } finally {
    closeSync(fd);
  }
  return { path, digest: digestOfHex(hash.digest('hex')), size };
};

/** Compressions that a layer may keep: OCI has media types for these alone. */
const keeps: ReadonlySet<Compression> = new Set(['none', 'gzip', 'zstd']);

/**
 * The whole of `stream` in the new file `path`, as a layer blob may be: plain, gzip or zstd; other compressions are taken off.
 * `subject` is the stream in the user's words.
 */
export const spoolLayer = async (paths: Paths, stream: Readable, subject: string, path: string): Promise<SpooledFile & { readonly compression: Compression }> => {
  const [head, all] = await peek(stream);
  if (head.length === 0) fail({ _tag: 'Refused', message: `${subject} is empty`, hint: 'give a tar archive' });
  const compression = compressionOf(head);
  const kept = keeps.has(compression);
  const file = await spool(kept ? all : inflate(paths, all, subject), path);
  return { ...file, compression: kept ? compression : 'none' };
};
