/**
 * The store as files: an OCI image layout (image-layout.md of the image specification). `index.json` holds one descriptor
 * per name, with the whole reference as `org.opencontainers.image.ref.name`, and one without that annotation for an image that
 * has lost its names. Annotations of our own save listings from opening every manifest.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Descriptor, Index, decode, decodeJson, maximumDocument, mediaTypes } from '../core/oci-image.ts';
import type { Decoded } from '../core/oci-image.ts';
import type * as t from 'io-ts';
import type { Digest } from '../core/digest.ts';
import { digestHex, isDigest } from '../core/digest.ts';
import { fail } from '../core/errors.ts';
import { withLock, writeFileAtomic } from '../system/files.ts';
import { helperPath } from '../system/helper.ts';
import type { Paths } from '../system/paths.ts';
import { readOwnIndex } from './own-index.ts';
import { temporaryPath } from './temporary.ts';

const annotation = {
  name: 'org.opencontainers.image.ref.name',
  id: 'skiff.image.id',
  created: 'skiff.image.created',
  size: 'skiff.image.size',
  remote: 'skiff.image.remote',
} as const;

/** One line of the index: an image under one of its names, or under none. */
export interface Entry {
  /** The reference in full; undefined for an image without a name. */
  readonly name?: string;
  /** Digest of the configuration: the image's id. */
  readonly id: Digest;
  /** Milliseconds since 1970; 0 where the image does not say. */
  readonly created: number;
  /** Bytes of all layers, uncompressed. */
  readonly size: number;
  /** Of the manifest. */
  readonly descriptor: Descriptor;
  /** What the name points at in its registry, an index or the manifest; undefined for an image that was never pulled. */
  readonly remoteDigest?: Digest;
}

/** Whether an image has this entry by a tag; one with a digest only, or no name, is dangling, as in Docker. */
export const isTagged = ({ name }: Entry): boolean => name !== undefined && !name.includes('@');

export interface IndexContent {
  readonly entries: readonly Entry[];
  /** Lines that do not decode, one sentence each; the rest of the index is good. */
  readonly damaged: readonly string[];
  /** The same lines as they are; kept by every writer, because another program or a later Skiff may understand them. */
  readonly foreign: readonly unknown[];
}

/** Where the blob with `digest` is, or will be. */
export const blobPath = (paths: Paths, digest: Digest): string => join(paths.images, 'blobs/sha256', digestHex(digest));

/** The directory that the layer with `diffId` is unpacked in, or will be. */
export const layerPath = (paths: Paths, diffId: Digest): string => join(paths.layers, digestHex(diffId), 'fs');

const indexPath = (paths: Paths): string => join(paths.images, 'index.json');

/** Reads a small file and refuses a large one; throws a `Corrupt` failure or an errno error. */
export const readDocument = (path: string): string => {
  const text = readFileSync(path, 'utf8');
  return text.length <= maximumDocument ? text : fail({ _tag: 'Corrupt', subject: path, reason: 'it is larger than 4 MiB' });
};

const readIfPresent = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

/** The blob `digest` decoded by `codec`; throws a `Corrupt` failure that names the file. */
export const readBlob = <A>(paths: Paths, digest: Digest, codec: t.Type<A, unknown, unknown>): A => {
  const path = blobPath(paths, digest);
  const text = readIfPresent(path);
  const decoded: Decoded<A> = text === undefined ? { left: 'the file is missing' } : decodeJson(codec, text);
  return 'right' in decoded ? decoded.right : fail({ _tag: 'Corrupt', subject: path, reason: decoded.left, hint: 'load the image again' });
};

const numberFrom = (text: string | undefined): number => {
  const value = Number(text);
  return Number.isSafeInteger(value) && value >= 0 ? value : 0;
};

const entryOf = (value: unknown): Decoded<Entry> => {
  const decoded = decode(Descriptor, value);
  if ('left' in decoded) return decoded;
  const notes = decoded.right.annotations ?? {};
  const id = notes[annotation.id];
  if (!isDigest(id)) return { left: `${decoded.right.digest} has no annotation ${annotation.id}` };
  const name = notes[annotation.name];
  const remote = notes[annotation.remote];
  return {
    right: {
      ...(name === undefined ? {} : { name }),
      id,
      created: numberFrom(notes[annotation.created]),
      size: numberFrom(notes[annotation.size]),
      descriptor: decoded.right,
      ...(isDigest(remote) ? { remoteDigest: remote } : {}),
    },
  };
};

/** The lines of an index, not yet decoded. Throws a `Corrupt` failure if it is no index at all. */
const linesOf = (paths: Paths, text: string): readonly unknown[] => {
  const index = decodeJson(Index, text);
  return 'right' in index ? index.right.manifests : fail({ _tag: 'Corrupt', subject: indexPath(paths), reason: index.left });
};

/** The index as it is now; an absent file is an empty store. Throws a `Corrupt` failure if the file is no index at all. */
export const readIndex = (paths: Paths): IndexContent => {
  const text = readIfPresent(indexPath(paths));
  const own = text === undefined ? [] : readOwnIndex(text);
  return text === undefined || own !== undefined ? { entries: own ?? [], damaged: [], foreign: [] } : decodeIndex(paths, text);
};

const decodeIndex = (paths: Paths, text: string): IndexContent => {
  const content = { entries: [] as Entry[], damaged: [] as string[], foreign: [] as unknown[] };
  for (const line of linesOf(paths, text)) {
    const entry = entryOf(line);
    if ('right' in entry) {
      content.entries.push(entry.right);
    } else {
      content.damaged.push(`${indexPath(paths)}: ${entry.left}`);
      content.foreign.push(line);
    }
  }
  return content;
};

const annotationOf = (line: unknown, key: string): unknown =>
  (line as { annotations?: Record<string, unknown> } | null)?.annotations?.[key];

/** The entry called `name`, without decoding the others: `run` asks for one of perhaps hundreds. Throws as `readIndex`. */
export const readEntry = (paths: Paths, name: string): Entry | undefined => {
  const text = readIfPresent(indexPath(paths));
  const line = text === undefined ? undefined : linesOf(paths, text).find((candidate) => annotationOf(candidate, annotation.name) === name);
  if (line === undefined) return undefined;
  const entry = entryOf(line);
  return 'right' in entry ? entry.right : fail({ _tag: 'Corrupt', subject: indexPath(paths), reason: entry.left, hint: 'load the image again' });
};

const lineOf = (entry: Entry): Descriptor => {
  const { platform, digest, size, mediaType } = entry.descriptor;
  const named = entry.name === undefined ? {} : { [annotation.name]: entry.name };
  return {
    mediaType,
    digest,
    size,
    ...(platform ? { platform } : {}),
    annotations: {
      ...named,
      [annotation.id]: entry.id,
      [annotation.created]: String(entry.created),
      [annotation.size]: String(entry.size),
      ...(entry.remoteDigest === undefined ? {} : { [annotation.remote]: entry.remoteDigest }),
    },
  };
};

/** Makes the layout's fixed parts. Idempotent. */
export const ensureLayout = (paths: Paths): void => {
  mkdirSync(join(paths.images, 'blobs/sha256'), { recursive: true, mode: 0o700 });
  const marker = join(paths.images, 'oci-layout');
  if (existsSync(marker)) return;
  // Only once in the life of a store; helpers/spread.c says what it is for.
  spawnSync(helperPath(paths, 'skiff-helper'), ['spread', paths.layers], { stdio: 'ignore' });
  writeFileAtomic(marker, '{"imageLayoutVersion":"1.0.0"}\n', { durable: true, temporary: temporaryPath(paths, paths.images) });
};

/**
 * Runs `body` with the index as it is under the exclusive lock; `write` replaces its entries, atomically and durably.
 * The lock is waited for, so `body` must not wait for a network or a person.
 */
export const withIndex = <A>(
  paths: Paths,
  body: (entries: readonly Entry[], write: (entries: readonly Entry[]) => void) => A,
): Promise<A> =>
  withLock(paths, join(paths.images, '.lock'), 'exclusive', async () => {
    const { entries, foreign } = readIndex(paths);
    return body(entries, (after) => {
      const index: Index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [...after.map(lineOf), ...foreign] };
      writeFileAtomic(indexPath(paths), `${JSON.stringify(index)}\n`, { durable: true, mode: 0o600, temporary: temporaryPath(paths, paths.images) });
    });
  });
