/** The keeper, as far as commands look at it: it is told from its FIFO (helpers/keeper.c). */
import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Paths } from '../system/paths.ts';

/** Whether a keeper holds the namespace: then some container lives, and looking at them all would be work for nothing. */
export const keeperIsAlive = (paths: Paths): boolean => {
  try {
    // A FIFO opens for writing without waiting only when somebody reads it, fifo(7).
    closeSync(openSync(join(paths.runtime, 'keeper'), constants.O_WRONLY | constants.O_NONBLOCK));
    return true;
  } catch {
    return false;
  }
};
