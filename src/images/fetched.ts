/** What becomes of fetched layers: their names, or, where the image turned out to be bad, nothing. */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { syncDirectory } from '../system/files.ts';
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';
import type { FetchedLayer, WantedLayer } from './fetch.ts';
import { freshPath, nameLayer, removeTrees } from './layer-files.ts';
import { endLease } from './lease.ts';
import { partialPaths } from './partial.ts';
import { makeTemporary } from './temporary.ts';

/** Gives durable trees their names and makes the names durable. Idempotent: another pull of the same layers may have been faster. */
export const nameFetched = (paths: Paths, layers: readonly FetchedLayer[]): void => {
  for (const { diffId, tree } of layers) {
    if (tree !== undefined && existsSync(tree)) nameLayer(paths, diffId, tree);
  }
  syncDirectory(paths.layers);
};

/**
 * Takes back what a pull has fetched for an image that is not what it promised to be, as far as no other work relies on it. Ends the lease of
 * `directory`.
 */
export const discardPulled = async (paths: Paths, host: Host, directory: string, layers: readonly WantedLayer[]): Promise<void> => {
  const trash = makeTemporary(paths, paths.layers);
  await endLease(paths, directory, (isHeld) => {
    for (const { digest, diffId } of layers) {
      const tree = freshPath(paths, diffId);
      if (!isHeld(diffId) && existsSync(tree)) renameSync(tree, join(trash, diffId));
      if (!isHeld(digest)) for (const path of partialPaths(paths, digest)) rmSync(path, { force: true });
    }
  });
  await removeTrees(paths, host, [trash]);
};
