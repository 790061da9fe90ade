/** What the store takes on the disk, and who of its images takes how much: `skiff system df`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as TE from 'fp-ts/TaskEither';
import type { Digest } from '../core/digest.ts';
import { toSkiffError } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import { cachedDigests } from './build-cache.ts';
import type { Store } from './collect.ts';
import { usageIn } from './disk-usage.ts';
import { garbageOf, layerDirectories, takeInventory } from './inventory.ts';
import type { Inventory } from './inventory.ts';
import { readIndex } from './layout.ts';
import type { Entry, IndexContent } from './layout.ts';
import { heldDigests } from './lease.ts';
import { needsOf, partsOf } from './needs.ts';
import type { Needs } from './needs.ts';
import { imagesOf } from './users.ts';
import type { ImageUsers } from './users.ts';

/** All figures in bytes on disk. */
export interface ImageUsage {
  readonly id: Digest;
  /** References in full. */
  readonly names: readonly string[];
  /** Milliseconds since 1970; 0 where the image does not say. */
  readonly created: number;
  /** Of blobs and layers that another image has too. */
  readonly shared: number;
  /** Of those that it alone has. */
  readonly unique: number;
  /** How many containers were made from it. */
  readonly containers: number;
}

export interface StoreUsage {
  /** Newest first. */
  readonly images: readonly ImageUsage[];
  /** All of the store but for leftovers and what only builds remember, in bytes. */
  readonly total: number;
  /** Bytes that only images without containers take. */
  readonly reclaimable: number;
  /** Layers that builds remember and neither an image nor a container has, with the bytes of each, packed and unpacked. */
  readonly cached: ReadonlyMap<Digest, number>;
  /** What `image prune` would delete though it is no image: how many things, and their bytes. */
  readonly leftovers: { readonly count: number; readonly bytes: number };
  readonly warnings: readonly string[];
}

/** Bytes by path, of everything that is directly in `directories`; and all of them together. */
const measure = async (store: Store, directories: readonly string[]): Promise<ReadonlyMap<string, number>> => {
  const sizes = new Map<string, number>();
  for (const directory of directories.filter((path) => existsSync(path))) {
    for (const [name, bytes] of await usageIn(store, directory)) sizes.set(join(directory, name), bytes);
  }
  return sizes;
};

/** The sizes of blobs and layers by the digest of each; a layer that is there in both forms counts with both. */
const byDigest = ({ blobs, layers }: Inventory, sizes: ReadonlyMap<string, number>): ReadonlyMap<string, number> => {
  const found = new Map<string, number>();
  const add = (key: string, path: string): void => void found.set(key, (found.get(key) ?? 0) + (sizes.get(path) ?? 0));
  for (const { digest, path } of blobs) add(`blob ${digest}`, path);
  for (const { diffId, directory, name, fresh } of layers) if (!fresh) add(`layer ${diffId}`, join(directory, name));
  return found;
};

interface Piece {
  readonly entry: Entry;
  readonly names: readonly string[];
  /** Keys of `byDigest`. */
  readonly keys: ReadonlySet<string>;
}

/** One for each image. */
const piecesOf = ({ paths }: Store, entries: readonly Entry[]): readonly Piece[] =>
  [...new Set(entries.map(({ id }) => id))].flatMap((id): Piece[] => {
    const own = entries.filter((entry) => entry.id === id);
    const [entry] = own;
    const parts = own.map((each) => partsOf(paths, each));
    const keys = parts.flatMap(({ blobs, layers }) => [...blobs.map((digest) => `blob ${digest}`), ...layers.map((digest) => `layer ${digest}`)]);
    return entry === undefined ? [] : [{ entry, names: own.flatMap(({ name }) => name ?? []), keys: new Set(keys) }];
  });

const sumOf = (keys: Iterable<string>, sizes: ReadonlyMap<string, number>): number => [...keys].reduce((sum, key) => sum + (sizes.get(key) ?? 0), 0);

const rowsOf = (pieces: readonly Piece[], sizes: ReadonlyMap<string, number>, counts: ReadonlyMap<Digest, number>): readonly ImageUsage[] => {
  const owners = new Map<string, number>();
  for (const { keys } of pieces) for (const key of keys) owners.set(key, (owners.get(key) ?? 0) + 1);
  return pieces
    .map(({ entry: { id, created }, names, keys }): ImageUsage => {
      const shared = sumOf([...keys].filter((key) => (owners.get(key) ?? 0) > 1), sizes);
      return { id, names, created, shared, unique: sumOf(keys, sizes) - shared, containers: counts.get(id) ?? 0 };
    })
    .sort((a, b) => b.created - a.created || (a.names[0] ?? '').localeCompare(b.names[0] ?? ''));
};

const pathsOf = ({ blobs, layers, partial, abandoned }: Inventory): readonly string[] => [
  ...[...blobs, ...partial].map(({ path }) => path),
  ...layers.map(({ directory, name }) => join(directory, name)),
  ...abandoned,
];

/** Without the lock, a document may vanish because its image is removed: a line of the index that is still there the third time is damaged. */
const readNeeds = (store: Store, users: ImageUsers, attempts = 3): { readonly index: IndexContent; readonly needs: Needs } => {
  const { paths } = store;
  const index = readIndex(paths);
  const held = existsSync(paths.images) ? [...heldDigests(paths), ...cachedDigests(paths)] : [];
  const needs = needsOf(paths, index, users, new Set(held));
  return needs.doubts.length === 0 || attempts === 1 ? { index, needs } : readNeeds(store, users, attempts - 1);
};

const usage = async (store: Store): Promise<StoreUsage> => {
  const { paths } = store;
  const directories = layerDirectories(paths);
  const blobs = join(paths.images, 'blobs/sha256');
  const partial = join(paths.images, '.partial');
  const sizes = await measure(store, [paths.images, blobs, partial, ...directories]);
  const users = store.readUsers();
  const inventory = takeInventory(paths);
  const { index, needs } = readNeeds(store, users);
  const garbage = pathsOf(garbageOf(inventory, needs));
  const leftovers = { count: garbage.length, bytes: sumOf(garbage, sizes) };
  const digests = byDigest(inventory, sizes);
  const pieces = piecesOf(store, index.entries);
  const counts = new Map<Digest, number>();
  for (const { image } of users.users) if (image !== undefined) counts.set(image, (counts.get(image) ?? 0) + 1);
  const needed = new Set(users.users.flatMap(imagesOf));
  const isUsed = ({ entry }: Piece): boolean => needed.has(entry.id);
  const used = new Set([...pieces.filter(isUsed).flatMap(({ keys }) => [...keys]), ...users.users.flatMap(({ layers }) => layers.map((digest) => `layer ${digest}`))]);
  const known = new Set([...used, ...pieces.flatMap(({ keys }) => [...keys])]);
  const isOnlyCached = (digest: Digest): boolean => [`blob ${digest}`, `layer ${digest}`].every((key) => !known.has(key));
  const cached = new Map([...new Set(cachedDigests(paths))].filter(isOnlyCached).map((digest) => [digest, sumOf([`blob ${digest}`, `layer ${digest}`], digests)]));
  const unused = new Set(pieces.flatMap(({ keys }) => [...keys]).filter((key) => !used.has(key)));
  return {
    images: rowsOf(pieces, digests, counts),
    total: sumOf([paths.images, ...directories], sizes) - leftovers.bytes - [...cached.values()].reduce((sum, bytes) => sum + bytes, 0),
    reclaimable: sumOf(unused, digests),
    cached,
    leftovers,
    warnings: [...index.damaged, ...needs.doubts],
  };
};

/**
 * Bytes on disk of the store's images, as du(1) has them; takes no lock, so that work in progress may count or not.
 * Errors: `Corrupt` (index), `Missing` (du), `System`.
 */
export const storeUsage = (store: Store): TE.TaskEither<SkiffError, StoreUsage> =>
  TE.tryCatch(() => usage(store), toSkiffError('count the bytes of', store.paths.images));
