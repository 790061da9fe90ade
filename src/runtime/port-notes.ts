/** Files that say who has which published port (helpers/port-listen.c): `PROTO ADDRESS PORT` with `ID NAME`, for the sentence of somebody who wants it too. */
import { readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { removeIfPresent } from '../system/files.ts';
import { readOptional } from '../system/read-optional.ts';
import type { Paths } from '../system/paths.ts';

/** Where they are. Helpers make the directory with the first and remove it with the last. */
export const portNotes = (paths: Paths): string => join(paths.runtime, 'ports');

const namesIn = (directory: string): readonly string[] => {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return [];
  }
};

/** Removes those of containers that do not run, whose monitor has been killed. Idempotent. */
export const forgetPorts = (paths: Paths, ids: readonly string[]): void => {
  const directory = portNotes(paths);
  const names = namesIn(directory);
  for (const name of names) {
    const path = join(directory, name);
    if (ids.includes(readOptional(path).slice(0, 64))) removeIfPresent(path);
  }
  if (names.length === 0) return;
  try {
    rmdirSync(directory);
  } catch {
    // Others have ports.
  }
};
