/**
 * Garbage collection. Under the store's lock it is decided what nothing needs, the index is written, layers are renamed out of the way and
 * blobs unlinked; the trees themselves, which take long, are removed after the lock is free. Killed at any point it leaves garbage, which
 * the next collection takes.
 */
import { existsSync, lstatSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../core/digest.ts';
import { removeIfPresent } from '../system/files.ts';
import { cachedDigests } from './build-cache.ts';
import type { Place } from './disk-usage.ts';
import { usageOf } from './disk-usage.ts';
import { garbageOf, layerDirectories, takeInventory } from './inventory.ts';
import type { FileItem, LayerItem } from './inventory.ts';
import { removeTrees } from './layer-files.ts';
import { ensureLayout, readIndex, withIndex } from './layout.ts';
import type { Entry } from './layout.ts';
import { heldDigests } from './lease.ts';
import { needsOf } from './needs.ts';
import type { Needs } from './needs.ts';
import { temporaryPath } from './temporary.ts';
import type { ImageUsers, ReadImageUsers } from './users.ts';

export interface Store extends Place {
  readonly readUsers: ReadImageUsers;
}

/** What a command does to the index before garbage is looked for. */
export interface Edit<A> {
  readonly result: A;
  /** The new index; absent to leave it as it is. */
  readonly entries?: readonly Entry[];
  /** Collect only these blobs and layers; absent for all garbage there is, partial downloads and remains of killed commands too. */
  readonly scope?: ReadonlySet<Digest>;
}

export interface Collected<A> {
  readonly result: A;
  /** Unpacked layers that are gone, by diff id. */
  readonly layers: readonly Digest[];
  /** Bytes on disk that are free now; counted only without a scope. */
  readonly bytes: number;
  /** Why something was kept that may be garbage, one sentence each. */
  readonly warnings: readonly string[];
}

/**
 * A layer whose fate is being decided. `run` takes no lock: a container may have been made while we looked, and then its layers get their
 * names back. The name is there only under the lock; found later, its owner was killed, and nothing in the tree has been touched.
 */
const doomedPrefix = '.doomed-';

const putBackInterrupted = (directory: string): void => {
  for (const name of readdirSync(directory).filter((entry) => entry.startsWith(doomedPrefix))) {
    const target = join(directory, name.slice(doomedPrefix.length));
    // A layer that has been made anew since is the same; the old one is moved to where the garbage of killed commands is.
    if (!existsSync(target)) renameSync(join(directory, name), target);
  }
};

/** The doomed trees that lost their name to a newer one. */
const supersededIn = (directory: string): readonly string[] => readdirSync(directory).filter((name) => name.startsWith(doomedPrefix));

/** Renames `layers` to trash, which takes no room on a full disk, and says where that is; those that a container needs after all stay. */
const discardLayers = (store: Store, layers: readonly LayerItem[]): { readonly trash: readonly string[]; readonly gone: readonly LayerItem[] } => {
  const doomedName = ({ name, fresh }: LayerItem): string => (fresh ? name : `${doomedPrefix}${name}`);
  for (const layer of layers) if (!layer.fresh) renameSync(join(layer.directory, layer.name), join(layer.directory, doomedName(layer)));
  const { users, doubts } = store.readUsers();
  const used = new Set(users.flatMap((user) => user.layers));
  const isUsed = (layer: LayerItem): boolean => !layer.fresh && (doubts.length > 0 || used.has(layer.diffId));
  for (const layer of layers.filter(isUsed)) renameSync(join(layer.directory, doomedName(layer)), join(layer.directory, layer.name));
  const gone = layers.filter((layer) => !isUsed(layer));
  const trash = layerDirectories(store.paths).flatMap((directory) => {
    const names = [...gone.filter((layer) => layer.directory === directory).map(doomedName), ...supersededIn(directory)];
    return [...new Set(names)].map((name) => {
      const target = temporaryPath(store.paths, directory);
      renameSync(join(directory, name), target);
      return target;
    });
  });
  return { trash, gone };
};

/** Bytes on disk of `files`, which are unlinked. */
const unlinkAll = (files: readonly FileItem[]): number =>
  files.reduce((sum, { path }) => {
    const blocks = lstatSync(path, { throwIfNoEntry: false })?.blocks ?? 0;
    removeIfPresent(path);
    return sum + blocks * 512;
  }, 0);

interface Decided<A> {
  readonly edit: Edit<A>;
  readonly gone: readonly LayerItem[];
  readonly trees: readonly string[];
  readonly bytes: number;
  readonly warnings: readonly string[];
}

const isDiskFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');

/**
 * Deletes what `needs` does not name and what is no loss should the index stay as it is: parts of downloads, and unpacked layers, which
 * `run` makes again from their blobs.
 */
const makeRoom = async (store: Store, needs: Needs, scope: Edit<unknown>['scope']): Promise<Pick<Decided<unknown>, 'gone' | 'bytes'>> => {
  const garbage = garbageOf(takeInventory(store.paths), needs, scope);
  const unlinked = unlinkAll(garbage.partial);
  const { trash, gone } = discardLayers(store, garbage.layers);
  const bytes = unlinked + (await usageOf(store, trash));
  await removeTrees(store.paths, store.host, trash);
  return { gone, bytes };
};

/** All that happens under the lock. Where a full disk has no room for the new index, some is made first: removing must always be possible. */
const decide = async <A>(store: Store, plan: (entries: readonly Entry[], users: ImageUsers) => Edit<A>): Promise<Decided<A>> => {
  const { paths } = store;
  return withIndex(paths, async (before, write) => {
    for (const directory of layerDirectories(paths)) putBackInterrupted(directory);
    const users = store.readUsers();
    const edit = plan(before, users);
    const needsAfter = (entries: readonly Entry[]): Needs => needsOf(paths, { ...readIndex(paths), entries }, users, new Set([...heldDigests(paths), ...cachedDigests(paths)]));
    let early: Pick<Decided<A>, 'gone' | 'bytes'> = { gone: [], bytes: 0 };
    try {
      if (edit.entries !== undefined) write(edit.entries);
    } catch (error) {
      if (edit.entries === undefined || !isDiskFull(error)) throw error;
      early = await makeRoom(store, needsAfter(edit.entries), edit.scope);
      write(edit.entries);
    }
    const needs = needsAfter(readIndex(paths).entries);
    const garbage = garbageOf(takeInventory(paths), needs, edit.scope);
    const { trash, gone } = discardLayers(store, garbage.layers);
    const bytes = early.bytes + unlinkAll([...garbage.blobs, ...garbage.partial]);
    return { edit, gone: [...early.gone, ...gone], trees: [...trash, ...garbage.abandoned], bytes, warnings: needs.doubts };
  });
};

/**
 * Applies `plan` to the index and deletes what nothing needs then: blobs, unpacked layers and, without a scope, partial downloads and what
 * killed commands left. What living work has leased and what any container of any host uses is kept; so is everything that a record
 * that cannot be read might use, which the warnings tell, and what builds remember. `plan` runs under the lock and must not wait. Idempotent.
 */
export const collectAfter = async <A>(store: Store, plan: (entries: readonly Entry[], users: ImageUsers) => Edit<A>): Promise<Collected<A>> => {
  ensureLayout(store.paths);
  const { edit, gone, trees, bytes, warnings } = await decide(store, plan);
  const freed = edit.scope === undefined ? await usageOf(store, trees) : 0;
  await removeTrees(store.paths, store.host, trees);
  return { result: edit.result, layers: gone.filter(({ fresh }) => !fresh).map(({ diffId }) => diffId), bytes: bytes + freed, warnings };
};
