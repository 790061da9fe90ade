/** What lies in the store, and, given what is needed of it, what is garbage. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { digestOfHex } from '../core/digest.ts';
import type { Digest } from '../core/digest.ts';
import { forSingleUid } from '../system/paths.ts';
import type { Paths } from '../system/paths.ts';
import type { Needs } from './needs.ts';
import { abandonedIn } from './temporary.ts';

/** An unpacked layer; `fresh` where it waits for its name (`layer-files.ts`). */
export interface LayerItem {
  /** `layers` or `layers-single-uid`, absolute. */
  readonly directory: string;
  readonly name: string;
  readonly diffId: Digest;
  readonly fresh: boolean;
}

/** A file of the store that is called after a digest. */
export interface FileItem {
  readonly path: string;
  readonly digest: Digest;
}

export interface Inventory {
  readonly blobs: readonly FileItem[];
  readonly layers: readonly LayerItem[];
  readonly partial: readonly FileItem[];
  /** What dead processes left: absolute paths of trees. */
  readonly abandoned: readonly string[];
}

/** The directories of unpacked layers. In single-uid mode the others' files could not be removed, so they are none of our business. */
export const layerDirectories = (paths: Paths): readonly string[] =>
  [...new Set([paths.layers, forSingleUid(paths).layers])].filter((directory) => existsSync(directory));

const hex = /^[0-9a-f]{64}$/;
/** A download that is whole has the boot's id behind its digest (`partial.ts`). */
const partialForm = /^[0-9a-f]{64}(?:\..+)?$/;
const freshForm = /^\.fresh-.*~([0-9a-f]{64})$/;

const namesIn = (directory: string): readonly string[] => (existsSync(directory) ? readdirSync(directory) : []);

const filesIn = (directory: string, form: RegExp): readonly FileItem[] =>
  namesIn(directory).flatMap((name) => (form.test(name) ? [{ path: join(directory, name), digest: digestOfHex(name.slice(0, 64)) }] : []));

const layersIn = (directory: string): readonly LayerItem[] =>
  namesIn(directory).flatMap((name): LayerItem[] => {
    if (hex.test(name)) return [{ directory, name, diffId: digestOfHex(name), fresh: false }];
    const [, digits] = freshForm.exec(name) ?? [];
    return digits === undefined ? [] : [{ directory, name, diffId: digestOfHex(digits), fresh: true }];
  });

/** Everything that is called after a digest, and what dead processes left. Two directory listings for blobs and layers each. */
export const takeInventory = (paths: Paths): Inventory => {
  const directories = layerDirectories(paths);
  return {
    blobs: filesIn(join(paths.images, 'blobs/sha256'), hex),
    layers: directories.flatMap(layersIn),
    partial: filesIn(join(paths.images, '.partial'), partialForm),
    abandoned: [paths.images, ...directories].flatMap((directory) => (existsSync(directory) ? abandonedIn(paths, directory) : [])),
  };
};

/** The part of `inventory` that nothing needs; with `scope` only what is in it. Pure. */
export const garbageOf = (inventory: Inventory, needs: Needs, scope?: ReadonlySet<Digest>): Inventory => {
  const inScope = (digest: Digest): boolean => scope === undefined || scope.has(digest);
  const layerIsNeeded = ({ diffId, fresh }: LayerItem): boolean => (fresh ? needs.held.has(diffId) : needs.everyLayer || needs.layers.has(diffId));
  return {
    blobs: inventory.blobs.filter(({ digest }) => inScope(digest) && !needs.everyBlob && !needs.blobs.has(digest)),
    layers: inventory.layers.filter((layer) => inScope(layer.diffId) && !layerIsNeeded(layer)),
    partial: inventory.partial.filter(({ digest }) => inScope(digest) && !needs.held.has(digest)),
    abandoned: scope === undefined ? inventory.abandoned : [],
  };
};
