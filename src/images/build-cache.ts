/**
 * What builds remember: for the key of a step (`build/cache-key.ts`) the layer that it made. A record is a small file, written after its layer and
 * blob are on the disk, so that whoever finds it finds them; while it is there, collection keeps both.
 */
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as t from 'io-ts';
import type { Digest } from '../core/digest.ts';
import { isDigest } from '../core/digest.ts';
import { decodeJson } from '../core/oci-image.ts';
import { removeIfPresent, writeFileAtomic } from '../system/files.ts';
import type { Paths } from '../system/paths.ts';

const digest = new t.Type<Digest>('Digest', isDigest, (u, c) => (isDigest(u) ? t.success(u) : t.failure(u, c)), t.identity);

export const CacheRecord = t.type({
  /** Of the layer's plain tar, which is its blob too. */
  diffId: digest,
  /** Bytes of that. */
  size: t.number,
  /** ISO 8601: when the step was done. */
  created: t.string,
  /** The step as a person knows it. */
  step: t.string,
});
export type CacheRecord = t.TypeOf<typeof CacheRecord>;

const keyForm = /^[0-9a-f]{64}$/;

const directoryOf = (paths: Paths): string => join(paths.root, 'build', 'cache');

const recordAt = (path: string): CacheRecord | undefined => {
  try {
    const decoded = decodeJson(CacheRecord, readFileSync(path, 'utf8'));
    return 'right' in decoded ? decoded.right : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

/** The record of the step `key` (64 hexadecimal digits); undefined where there is none, or none that decodes. */
export const readCacheRecord = (paths: Paths, key: string): CacheRecord | undefined => recordAt(join(directoryOf(paths), key));

/** Remembers what the step `key` made, in place of what was there. Atomic; the layer must be in the store, leased and on the disk. */
export const writeCacheRecord = (paths: Paths, key: string, record: CacheRecord): void => {
  mkdirSync(directoryOf(paths), { recursive: true, mode: 0o700 });
  writeFileAtomic(join(directoryOf(paths), key), `${JSON.stringify(record)}\n`);
};

/** Forgets the step `key`; its layer goes with the next collection if nothing else needs it. Idempotent. */
export const forget = (paths: Paths, key: string): void => removeIfPresent(join(directoryOf(paths), key));

/** Where caches of RUN lie: a directory each, called by the hash of its id. */
export const mountsDirectory = (paths: Paths): string => join(paths.root, 'build', 'mounts');

/** Every record there is, by its key. */
export const cacheRecords = (paths: Paths): ReadonlyMap<string, CacheRecord> => {
  try {
    const keys = readdirSync(directoryOf(paths)).filter((name) => keyForm.test(name));
    return new Map(keys.flatMap((key) => {
      const record = readCacheRecord(paths, key);
      return record === undefined ? [] : [[key, record] as const];
    }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
};

/** The layers that builds remember, as blobs and as diff ids alike. */
export const cachedDigests = (paths: Paths): readonly Digest[] => [...cacheRecords(paths).values()].map(({ diffId }) => diffId);
