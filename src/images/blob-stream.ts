/** A stored blob on its way out: read once, verified while it is read. */
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import type { Digest } from '../core/digest.ts';
import { digestOfHex } from '../core/digest.ts';
import { fail } from '../core/errors.ts';
import type { Paths } from '../system/paths.ts';
import { blobPath } from './layout.ts';

const chunkSize = 1024 * 1024;
/** What to do about a damaged blob: as long as an image has it, it is not fetched anew. */
export const damagedHint = 'remove the image, then pull or load it again';

/** Throws a `Corrupt` failure unless the blob `digest` is there with `size` bytes. Reads none of them. */
export const checkBlobSize = (paths: Paths, digest: Digest, size: number): void => {
  const path = blobPath(paths, digest);
  const actual = statSync(path, { throwIfNoEntry: false })?.size;
  if (actual === undefined) fail({ _tag: 'Corrupt', subject: path, reason: 'the file is missing', hint: damagedHint });
  if (actual !== size) fail({ _tag: 'Corrupt', subject: path, reason: `it has ${String(actual)} bytes, not ${size}`, hint: damagedHint });
};

/** Every chunk but the last is passed on as it is read; the last only when all of them have the digest, so that nobody gets a damaged blob whole. */
async function* verified(path: string, digest: Digest): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let held: Uint8Array | undefined;
  for await (const chunk of createReadStream(path, { highWaterMark: chunkSize }) as AsyncIterable<Uint8Array>) {
    hash.update(chunk);
    if (held !== undefined) yield held;
    held = chunk;
  }
  const actual = digestOfHex(hash.digest('hex'));
  if (actual !== digest) fail({ _tag: 'Corrupt', subject: path, reason: `its digest is ${actual}`, hint: damagedHint });
  if (held !== undefined) yield held;
}

/** The bytes of the blob `digest`; the stream ends with a `Corrupt` failure, and short of the last bytes, where they do not have that digest. */
export const blobStream = (paths: Paths, digest: Digest): Readable => Readable.from(verified(blobPath(paths, digest), digest), { objectMode: false });
