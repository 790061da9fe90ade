/** Keeper and network holder, as far as commands look at them: they are told from their FIFOs (helpers/lifeline.h). */
import { spawnSync } from 'node:child_process';
import { closeSync, constants, existsSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { helperPath, keeperArguments } from '../system/helper.ts';
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';

const isRead = (paths: Paths, fifo: 'keeper' | 'network'): boolean => {
  try {
    // A FIFO opens for writing without waiting only when somebody reads it, fifo(7).
    closeSync(openSync(join(paths.runtime, fifo), constants.O_WRONLY | constants.O_NONBLOCK));
    return true;
  } catch {
    return false;
  }
};

/** Whether a keeper holds the namespace: then some container lives, and looking at them all would be work for nothing. */
export const keeperIsAlive = (paths: Paths): boolean => isRead(paths, 'keeper');

/** Whether a killed keeper, or one that was killed while it was made, has left its files. */
export const keeperIsLeft = (paths: Paths): boolean => readdirSync(paths.runtime).some((name) => name.startsWith('keeper')) && !keeperIsAlive(paths);

/** The same of the network holder. */
export const holderIsLeft = (paths: Paths): boolean => existsSync(join(paths.runtime, 'network')) && !isRead(paths, 'network');

/**
 * Puts right that keeper or network holder were killed, for the containers that live, in the namespaces that they are in; where none does, their files go. What cannot be
 * put right is said on standard error. Idempotent; of several commands one does it.
 */
export const mend = (paths: Paths, host: Host): void => {
  spawnSync(helperPath(paths, 'skiff-helper'), ['mend', ...keeperArguments(paths, host)], { stdio: ['ignore', 'ignore', 'inherit'] });
};
