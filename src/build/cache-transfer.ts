/**
 * `--cache-to` and `--cache-from` of type local: what a build has used or made of the cache, as an OCI layout whose configuration is the records of its steps, and whose layers
 * are theirs. Nothing of such a directory is believed but by its digest; that a step of a given key has made a layer is what its owner says, as with BuildKit's.
 */
import { constants, copyFileSync, createReadStream, existsSync, mkdirSync, openSync, closeSync, fstatSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as t from 'io-ts';
import { fail } from '../core/errors.ts';
import { decodeJson, maximumDocument, mediaTypes } from '../core/oci-image.ts';
import { CacheRecord } from '../images/build-cache.ts';
import { blobPath } from '../images/layout.ts';
import { documentOf } from '../images/store.ts';
import { spool } from '../images/spool.ts';
import { writeFileAtomic } from '../system/files.ts';
import type { Digest } from '../core/digest.ts';
import type { SpooledFile } from '../images/spool.ts';
import type { Paths } from '../system/paths.ts';

const recordsType = 'application/vnd.skiff.build.cache.v1+json';

const key = new t.Type<string>('Key', (u): u is string => typeof u === 'string' && /^[0-9a-f]{64}$/u.test(u), (u, c) => (typeof u === 'string' && /^[0-9a-f]{64}$/u.test(u) ? t.success(u) : t.failure(u, c)), t.identity);
const Records = t.type({ steps: t.array(t.intersection([CacheRecord, t.type({ key })])) });
const Descriptor = t.type({ mediaType: t.string, digest: CacheRecord.props.diffId, size: t.number });
const Index = t.type({ manifests: t.array(Descriptor) });
const Manifest = t.type({ config: Descriptor });

/** What another machine, or an earlier run, has left: records by key, and their layers. */
export interface ImportedCache {
  readonly find: (key: string) => CacheRecord | undefined;
  /** Copies the layer of `record` to the new file `path`. Throws `Corrupt` where it is not what its digest says. */
  readonly take: (record: CacheRecord, path: string) => Promise<SpooledFile>;
}

const blobIn = (directory: string, digest: Digest): string => join(directory, 'blobs', 'sha256', digest.slice('sha256:'.length));

const damaged = (directory: string, reason: string): never => fail({ _tag: 'Corrupt', subject: `the cache in ${directory}`, reason, hint: 'write it anew with --cache-to' });

/** A regular file, without following a link and without waiting for a FIFO. */
const openPlain = (directory: string, path: string): number => {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if (fstatSync(fd).isFile()) return fd;
    closeSync(fd);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code !== 'ELOOP' && code !== 'ENOENT') throw error;
  }
  return damaged(directory, `${path} is no file`);
};

const documentIn = (directory: string, path: string): string => {
  const fd = openPlain(directory, path);
  try {
    return fstatSync(fd).size > maximumDocument ? damaged(directory, `${path} is longer than ${maximumDocument} bytes`) : readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
};

const decoded = <A>(directory: string, codec: t.Type<A, unknown, unknown>, text: string, what: string): A => {
  const result = decodeJson(codec, text);
  return 'right' in result ? result.right : damaged(directory, `its ${what} is not valid`);
};

const checkedDocument = (directory: string, digest: Digest): string => {
  const text = documentIn(directory, blobIn(directory, digest));
  return documentOf(text).digest === digest ? text : damaged(directory, `${digest} has other contents`);
};

/** Opens the cache in `directory`; undefined where there is none, as before the first build. Throws `Corrupt`. */
export const openCache = (directory: string): ImportedCache | undefined => {
  if (!existsSync(join(directory, 'index.json'))) return undefined;
  const [entry] = decoded(directory, Index, documentIn(directory, join(directory, 'index.json')), 'index').manifests;
  if (entry === undefined) return undefined;
  const { config } = decoded(directory, Manifest, checkedDocument(directory, entry.digest), 'manifest');
  if (config.mediaType !== recordsType) damaged(directory, `its configuration is of type ${config.mediaType}, which is another program's`);
  const { steps } = decoded(directory, Records, checkedDocument(directory, config.digest), 'list of steps');
  const records = new Map(steps.map(({ key: own, ...record }) => [own, record] as const));
  const take = async ({ diffId }: CacheRecord, path: string): Promise<SpooledFile> => {
    const fd = openPlain(directory, blobIn(directory, diffId));
    const file = await spool(createReadStream('', { fd }), path);
    if (file.digest === diffId) return file;
    rmSync(path);
    return damaged(directory, `${diffId} has other contents`);
  };
  return { find: (wanted) => records.get(wanted), take };
};

/** Puts a file there under its final name once it is whole. */
const putBlob = (directory: string, digest: Digest, size: number, write: (temporary: string) => void): void => {
  const path = blobIn(directory, digest);
  if (statSync(path, { throwIfNoEntry: false })?.size === size) return;
  const temporary = `${path}.${process.pid}`;
  try {
    write(temporary);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
};

/** Writes `records` and their layers to `directory`, which is made; what was there is replaced when all is whole. Layers have to be in the store. */
export const writeCache = (paths: Paths, records: ReadonlyMap<string, CacheRecord>, directory: string): void => {
  mkdirSync(join(directory, 'blobs', 'sha256'), { recursive: true });
  const layers = [...new Map([...records.values()].map(({ diffId, size }) => [diffId, size])).entries()];
  for (const [digest, size] of layers) putBlob(directory, digest, size, (temporary) => copyFileSync(blobPath(paths, digest), temporary, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL));
  const config = documentOf(JSON.stringify({ steps: [...records].map(([own, record]) => ({ ...record, key: own })) }));
  const manifest = documentOf(JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: { mediaType: recordsType, digest: config.digest, size: config.size },
    layers: layers.map(([digest, size]) => ({ mediaType: mediaTypes.ociLayer, digest, size })),
  }));
  for (const { digest, size, text } of [config, manifest]) putBlob(directory, digest, size, (temporary) => writeFileAtomic(temporary, text, { mode: 0o644 }));
  writeFileAtomic(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}', { mode: 0o644 });
  writeFileAtomic(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [{ mediaType: mediaTypes.ociManifest, digest: manifest.digest, size: manifest.size }] }), { mode: 0o644 });
};
