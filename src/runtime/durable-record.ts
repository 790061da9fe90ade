/** The record of a container that comes back with the machine must be found then, also after a power cut. */
import { makeDurable } from '../images/durable.ts';
import { syncDirectory } from '../system/files.ts';
import type { Paths } from '../system/paths.ts';

/** Writes the files of a container that does not run yet, its directory and its name to the disk; about 20 ms. Throws errno errors. */
export const makeRecordDurable = async (paths: Paths, directory: string): Promise<void> => {
  await makeDurable([directory]);
  for (const parent of [paths.containers, paths.names]) syncDirectory(parent);
};
