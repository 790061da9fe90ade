/** A step's changes become a layer: packed, unpacked, on the disk, leased, named and remembered. */
import { spawn } from 'node:child_process';
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { mediaTypes } from '../core/oci-image.ts';
import { adoptLayer, isAdoptable } from '../images/adopt.ts';
import { unpackLayers } from '../images/layers.ts';
import { blobPath, ensureLayout, layerPath } from '../images/layout.ts';
import { lease } from '../images/lease.ts';
import { checkOutcome, outcomeOf } from '../images/program.ts';
import { spool } from '../images/spool.ts';
import { cachedDigests, readCacheRecord, writeCacheRecord } from '../images/build-cache.ts';
import { pileDriver, pileLayerCommand } from '../runtime/step-files.ts';
import type { Digest } from '../core/digest.ts';
import type { CacheRecord } from '../images/build-cache.ts';
import type { SpooledFile } from '../images/spool.ts';
import type { LayerFile } from '../images/store.ts';
import type { Pile } from '../runtime/step-files.ts';
import type { ImportedCache } from './cache-transfer.ts';
import type { Workspace } from './workspace.ts';

/** A layer in the store. */
export interface BuiltLayer {
  readonly diffId: Digest;
  /** For the image's manifest. */
  readonly file: LayerFile;
}

export interface StepLayer extends BuiltLayer {
  /** ISO 8601: when the step was done, perhaps long ago. */
  readonly created: string;
}

/** The layers of one build: what it relies on is leased from the moment it is known. */
export interface LayerStore {
  /** Keeps `digests` from collection until the build ends. */
  readonly hold: (digests: readonly Digest[]) => Promise<void>;
  /** What an earlier build made of the step `key`, if it is whole. */
  readonly find: (key: string) => Promise<StepLayer | undefined>;
  /** Makes a layer of what has changed in `pile`, and remembers it for `key`. `hidden` paths are no change while they are empty. */
  readonly make: (pile: Pile, key: string, step: string, hidden: readonly string[]) => Promise<StepLayer>;
  /** The steps that were found or made so far, by key. */
  readonly used: () => ReadonlyMap<string, CacheRecord>;
}

/** Absolute directories of `layers`, in their order. */
export const directoriesOf = ({ surroundings }: Workspace, layers: readonly BuiltLayer[]): readonly string[] => layers.map(({ diffId }) => layerPath(surroundings.paths, diffId));

interface Packed {
  readonly file: SpooledFile;
  /** The upper directory holds nothing that the layer does not, and the other way round. */
  readonly isExact: boolean;
}

const packed = async (workspace: Workspace, pile: Pile, hidden: readonly string[], step: string, path: string, epoch: number | undefined): Promise<Packed> => {
  const [program = '', ...words] = await pileLayerCommand(workspace.surroundings, pile, hidden, epoch);
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = outcomeOf(child, false);
  ended.catch(() => undefined);
  const file = await spool(child.stdout, path);
  const outcome = await ended;
  checkOutcome(outcome, 'pack the changes of', step);
  return { file, isExact: outcome.stderr === '' && epoch === undefined };
};

/** The layer's files: the upper directory itself where it can be, else unpacked from the blob. fuse-overlayfs has marks of its own that the kernel's overlay does not read. */
const unpack = async ({ surroundings }: Workspace, file: SpooledFile, step: string): Promise<void> =>
  void (await unpackLayers(surroundings.paths, surroundings.host, [{ file: file.path, digest: file.digest, size: file.size, diffId: file.digest, subject: `the layer of ${step}` }], [file.path]));

const placeFiles = async (workspace: Workspace, pile: Pile, { file, isExact }: Packed, step: string): Promise<void> => {
  const { surroundings } = workspace;
  const { paths, host } = surroundings;
  const upper = join(pile.directory, 'upper');
  const isKernels = host.idMap.mode === 'ranges' && (await pileDriver(surroundings)) === 'overlay';
  if (isKernels && isExact && isAdoptable(upper)) return adoptLayer(paths, host, upper, file);
  await unpack(workspace, file, step);
};

/** The layer of a plain tar, whose digest and diff id are one. */
const builtLayer = (file: SpooledFile): BuiltLayer => ({ diffId: file.digest, file: { file, descriptor: { mediaType: mediaTypes.ociLayer, digest: file.digest, size: file.size } } });

/** The store of `workspace`. Not to be used by two builds. With `epoch` no file of a new layer is younger than that; steps are looked for in `imported` too. */
export const layerStore = (workspace: Workspace, epoch?: number, imported: readonly ImportedCache[] = []): LayerStore => {
  const { paths } = workspace.surroundings;
  // All that builds remember is held at once: a lease costs more than looking a step up.
  const held = new Set<Digest>(cachedDigests(paths));
  let isLeased = held.size === 0;
  const used = new Map<string, CacheRecord>();
  let serial = 0;
  let leasing: Promise<void> = Promise.resolve();
  ensureLayout(paths);
  /** One lease file, written by one step at a time: each writes all that is held by then. */
  const hold = (digests: readonly Digest[]): Promise<void> => {
    const fresh = digests.filter((digest) => !held.has(digest));
    for (const digest of fresh) held.add(digest);
    if (fresh.length > 0 || !isLeased) leasing = leasing.then(() => lease(paths, workspace.spool, [...held]));
    isLeased = true;
    return leasing;
  };
  const stored = async (key: string): Promise<StepLayer | undefined> => {
    const record = readCacheRecord(paths, key);
    if (record === undefined) return undefined;
    const { diffId, size, created } = record;
    await hold([diffId]);
    const path = blobPath(paths, diffId);
    if (!existsSync(path) || !existsSync(layerPath(paths, diffId))) return undefined;
    used.set(key, record);
    return { ...builtLayer({ path, digest: diffId, size }), created };
  };
  const remember = (key: string, file: SpooledFile, { created, step }: Pick<CacheRecord, 'created' | 'step'>): StepLayer => {
    const path = blobPath(paths, file.digest);
    if (!existsSync(path)) renameSync(file.path, path);
    const record = { diffId: file.digest, size: file.size, created, step };
    writeCacheRecord(paths, key, record);
    used.set(key, record);
    return { ...builtLayer({ ...file, path }), created };
  };
  const spoolPath = (): string => {
    serial += 1;
    return join(workspace.spool, `layer-${serial}`);
  };
  /** A layer that is elsewhere comes into the store first, as one of a registry does. */
  const find = async (key: string): Promise<StepLayer | undefined> => {
    const found = await stored(key);
    const source = imported.find((cache) => cache.find(key) !== undefined);
    const record = source?.find(key);
    if (found !== undefined || source === undefined || record === undefined) return found;
    await hold([record.diffId]);
    const file = await source.take(record, spoolPath());
    await unpack(workspace, file, record.step);
    return remember(key, file, record);
  };
  const make = async (pile: Pile, key: string, step: string, hidden: readonly string[]): Promise<StepLayer> => {
    const result = await packed(workspace, pile, hidden, step, spoolPath(), epoch);
    const { file } = result;
    await hold([file.digest]);
    await placeFiles(workspace, pile, result, step);
    workspace.discard(pile.directory);
    return remember(key, file, { created: new Date().toISOString(), step });
  };
  return { hold, find, make, used: () => used };
};
