/** The record of a container that comes back with the machine must be found then, also after a power cut. */
import { closeSync, constants, fsyncSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { syncDirectory } from '../system/files.ts';
import type { Paths } from '../system/paths.ts';

/** A running monitor renames files; what is gone needs no writing. */
const syncFile = (path: string): void => {
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    fsyncSync(fd);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
};

/** Writes the files of a container's record, its directory and its name to the disk, but not what the container has written; about 20 ms. Throws errno errors. */
export const makeRecordDurable = (paths: Paths, directory: string): void => {
  for (const entry of readdirSync(directory, { withFileTypes: true })) if (entry.isFile()) syncFile(join(directory, entry.name));
  for (const path of [directory, paths.containers, paths.names]) syncDirectory(path);
};
