/** What builds remember, as a list, and how it is forgotten. */
import { existsSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import * as TE from 'fp-ts/TaskEither';
import type { Digest } from '../core/digest.ts';
import type { SkiffError } from '../core/errors.ts';
import { toSkiffError } from '../core/errors.ts';
import { usageOf } from './disk-usage.ts';
import type { Place } from './disk-usage.ts';
import { cacheRecords, forget, mountsDirectory } from './build-cache.ts';
import { collectAfter } from './collect.ts';
import type { Store } from './collect.ts';
import { removeTrees } from './layer-files.ts';
import { readIndex } from './layout.ts';
import { partsOf } from './needs.ts';
import { temporaryPath } from './temporary.ts';

/** One thing that builds remember. */
export interface CacheItem {
  /** The step's key, 64 hexadecimal digits; of a cache of RUN the hash of its id. */
  readonly id: string;
  readonly kind: 'step' | 'mount';
  /** The step in words. */
  readonly text: string;
  /** Bytes: of a layer's tar, of a cache's files on the disk. */
  readonly bytes: number;
  /** Milliseconds since 1970; 0 where it is not known. */
  readonly created: number;
  /** The layer of a step. */
  readonly diffId?: Digest;
  /** Some image has the layer, so that forgetting it frees nothing. */
  readonly isShared: boolean;
}

const layersOfImages = ({ paths }: Place): ReadonlySet<Digest> => new Set(readIndex(paths).entries.flatMap((entry) => partsOf(paths, entry).layers));

const mountItems = async (place: Place): Promise<readonly CacheItem[]> => {
  const directory = mountsDirectory(place.paths);
  const ids = existsSync(directory) ? readdirSync(directory).filter((name) => /^[0-9a-f]{64}$/.test(name)) : [];
  const items: CacheItem[] = [];
  for (const id of ids) items.push({ id, kind: 'mount', text: 'cache of RUN --mount', bytes: await usageOf(place, [join(directory, id)]), created: 0, isShared: false });
  return items;
};

const list = async (place: Place): Promise<readonly CacheItem[]> => {
  const used = layersOfImages(place);
  const steps = [...cacheRecords(place.paths)].map(([id, { step, size, created, diffId }]): CacheItem => ({ id, kind: 'step', text: step, bytes: size, created: Date.parse(created) || 0, diffId, isShared: used.has(diffId) }));
  return [...steps.toSorted((a, b) => a.created - b.created), ...(await mountItems(place))];
};

/** Everything that builds remember, the oldest step first. */
export const buildCache = (place: Place): TE.TaskEither<SkiffError, readonly CacheItem[]> => TE.tryCatch(() => list(place), toSkiffError('read', 'what builds remember'));

export interface CachePruning {
  /** All of it, caches of RUN too; without it, steps whose layers no image has. */
  readonly all: boolean;
  /** Only what is older: milliseconds since 1970. */
  readonly until?: number;
  /** Keep the newest steps up to so many bytes. */
  readonly keep?: number;
}

/** The items that `pruning` asks for. Pure. */
export const prunable = (items: readonly CacheItem[], { all, until, keep }: CachePruning): readonly CacheItem[] => {
  const candidates = items.filter(({ kind, created, isShared }) => (all || (kind === 'step' && !isShared)) && (until === undefined || (kind === 'step' && created < until)));
  if (keep === undefined) return candidates;
  let kept = 0;
  const isKept = new Set(items.filter(({ kind }) => kind === 'step').toReversed().filter(({ bytes }) => (kept += bytes) <= keep));
  return candidates.filter((item) => !isKept.has(item));
};

const prune = async (store: Store, pruning: CachePruning): Promise<{ readonly items: readonly CacheItem[]; readonly bytes: number; readonly warnings: readonly string[] }> => {
  const { paths, host } = store;
  const items = prunable(await list(store), pruning);
  for (const { id, kind } of items) if (kind === 'step') forget(paths, id);
  const mounts = items.filter(({ kind }) => kind === 'mount');
  // Out of the way first: a build that begins meanwhile makes a new one.
  const doomed = mounts.map(({ id }) => {
    const target = temporaryPath(paths, paths.layers);
    renameSync(join(mountsDirectory(paths), id), target);
    return target;
  });
  await removeTrees(paths, host, doomed);
  const { bytes, warnings } = await collectAfter(store, () => ({ result: undefined }));
  return { items, bytes: bytes + mounts.reduce((sum, item) => sum + item.bytes, 0), warnings };
};

/** Forgets what `pruning` says, and frees what nothing else needs then; garbage of other kinds goes with it. Steps of a build that runs are kept until it ends. */
export const pruneBuildCache = (store: Store, pruning: CachePruning): TE.TaskEither<SkiffError, { readonly items: readonly CacheItem[]; readonly bytes: number; readonly warnings: readonly string[] }> =>
  TE.tryCatch(() => prune(store, pruning), toSkiffError('prune', 'what builds remember'));
