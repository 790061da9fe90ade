/** Files that say who has which published ports (helpers/port-listen.c), for the sentence of somebody who wants one too. */
import { rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { removeIfPresent } from '../system/files.ts';
import type { Paths } from '../system/paths.ts';

/** Where they are, named by containers' ids. Helpers make the directory with the first and remove it with the last. */
export const portNotes = (paths: Paths): string => join(paths.runtime, 'ports');

/** Removes those of containers that do not run, whose monitor has been killed. Idempotent. */
export const forgetPorts = (paths: Paths, ids: readonly string[]): void => {
  for (const id of ids) removeIfPresent(join(portNotes(paths), id));
  try {
    rmdirSync(portNotes(paths));
  } catch {
    // It is not there, or others have ports.
  }
};
