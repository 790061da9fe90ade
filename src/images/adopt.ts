/** A tree that is a layer already, because it is the upper directory that the layer was packed from: it is moved into place rather than unpacked once more. */
import { existsSync, lstatSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { syncDirectory } from '../system/files.ts';
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';
import { makeDurable } from './durable.ts';
import { layerRecordOf, nameLayer, removeTrees } from './layer-files.ts';
import type { SpooledFile } from './spool.ts';
import { makeTemporary } from './temporary.ts';

/** Whether `tree` can be moved, and its top is as that of an unpacked layer: a layer says nothing of its own root. */
export const isAdoptable = (tree: string): boolean => {
  const { uid, mode } = lstatSync(tree);
  return uid === process.getuid?.() && (mode & 0o7777) === 0o755;
};

/**
 * Makes `tree`, an overlay's upper directory in the kernel's form that nobody writes to any more, the unpacked layer of the plain tar `file`, which was
 * packed from it. Both are on the disk when this returns. Throws errno errors; the tree may be gone then.
 */
export const adoptLayer = async (paths: Paths, host: Host, tree: string, file: SpooledFile): Promise<void> => {
  const temporary = makeTemporary(paths, paths.layers);
  try {
    renameSync(tree, join(temporary, 'fs'));
    writeFileSync(join(temporary, 'layer.json'), layerRecordOf({ size: file.size, entries: 0, blobs: [file.digest] }), { mode: 0o600 });
    await makeDurable([temporary, file.path]);
    nameLayer(paths, file.digest, temporary);
    syncDirectory(paths.layers);
  } finally {
    if (existsSync(temporary)) await removeTrees(paths, host, [temporary]);
  }
};
