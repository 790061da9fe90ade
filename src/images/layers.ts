/**
 * The layers of archives: all of them are unpacked under temporary names, checked against the digests that their images promise, made
 * durable together, and only then renamed into place.
 */
import { closeSync, existsSync, openSync } from 'node:fs';
import { limiter } from '../core/limit.ts';
import { syncDirectory } from '../system/files.ts';
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';
import { makeDurable } from './durable.ts';
import { nameLayer, namedLayer, removeTrees, sweepLayers } from './layer-files.ts';
import type { Layer } from './layer-files.ts';
import { makeTemporary } from './temporary.ts';
import { unpackLayer } from './unpack.ts';
import type { LayerPromise } from './unpack.ts';

/** A layer as it came: a tar file, plain or compressed. */
export interface LayerSource extends LayerPromise {
  /** Absolute path of the tar file. */
  readonly file: string;
}

interface Unpacked extends Layer {
  /** Not yet renamed into place; undefined where the layer was there already. */
  readonly temporary?: string;
}

/** Two at a time: one waits for the disk while the other inflates. */
export const parallelUnpacking = 2;

const unpackFile = async (paths: Paths, host: Host, source: LayerSource, temporary: string): Promise<Unpacked> => {
  const fd = openSync(source.file, 'r');
  try {
    return { ...(await unpackLayer(paths, host, source, { fd }, temporary)), temporary };
  } finally {
    closeSync(fd);
  }
};

/** Names the new layers once they and `files` are on the disk: a name must never be there before its content. */
const publish = async (paths: Paths, layers: readonly Unpacked[], files: readonly string[]): Promise<void> => {
  const made = layers.flatMap(({ diffId, temporary }) => (temporary === undefined ? [] : [{ diffId, temporary }]));
  await makeDurable([...made.map(({ temporary }) => temporary), ...files]);
  for (const { diffId, temporary } of made) nameLayer(paths, diffId, temporary);
  if (made.length > 0) syncDirectory(paths.layers);
};

/** Waits for all that have begun before it throws, so that clean-up finds them; what has not begun when one fails is left out. */
const allOrNone = async <A, B>(items: readonly A[], work: (item: A) => Promise<B>): Promise<readonly B[]> => {
  const limit = limiter(parallelUnpacking);
  let failed = false;
  const ends = await Promise.allSettled(
    items.map((item) =>
      limit(async () => {
        if (failed) return undefined;
        try {
          return await work(item);
        } catch (error) {
          failed = true;
          throw error;
        }
      }),
    ),
  );
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return ends.map((end) => (end as PromiseFulfilledResult<B>).value);
};

/** Called after each distinct layer is unpacked or found, with how many are done of how many there are. */
export type LayerProgress = (done: number, total: number) => void;

/** One source for each blob and promise: images of one archive share layers. */
const keyOf = (source: LayerSource): string => `${source.digest} ${String(source.diffId)}`;

/**
 * Unpacks and verifies every layer, then names all of them at once. Layers that are there from the same blob are not unpacked again; that two
 * processes unpack one layer at once is harmless.
 * @param files spooled files that must be on the disk when this returns, with the layers.
 * @returns the layers in the order of `sources`; throws `Hostile`, `Corrupt` or `System` failures and leaves no temporary tree.
 */
export const unpackLayers = async (
  paths: Paths,
  host: Host,
  sources: readonly LayerSource[],
  files: readonly string[],
  progress?: LayerProgress,
): Promise<readonly Layer[]> => {
  await sweepLayers(paths, host);
  const temporaries: string[] = [];
  let done = 0;
  const distinct = [...new Map(sources.map((source) => [keyOf(source), source])).values()];
  const unpackAnew = (source: LayerSource): Promise<Unpacked> => {
    const temporary = makeTemporary(paths, paths.layers);
    temporaries.push(temporary);
    return unpackFile(paths, host, source, temporary);
  };
  const unpack = async (source: LayerSource): Promise<Unpacked> => {
    const there = source.diffId === undefined ? undefined : namedLayer(paths, source.diffId, source.digest);
    const layer = there ?? (await unpackAnew(source));
    done += 1;
    progress?.(done, distinct.length);
    return layer;
  };
  try {
    const unpacked = await allOrNone(distinct, unpack);
    await publish(paths, unpacked, files);
    const byKey = new Map(distinct.map((source, position) => [keyOf(source), unpacked[position]]));
    return sources.flatMap((source) => {
      const layer = byKey.get(keyOf(source));
      return layer === undefined ? [] : [{ diffId: layer.diffId, size: layer.size }];
    });
  } finally {
    await removeTrees(paths, host, temporaries.filter((temporary) => existsSync(temporary)));
  }
};
