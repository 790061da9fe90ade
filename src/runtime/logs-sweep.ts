/** Directories of those who follow a log (`logs-readers.ts`), when they are not needed any more. */
import { readdirSync, rmSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from '../system/process-identity.ts';
import type { ProcessIdentity } from '../system/process-identity.ts';

const namesIn = (directory: string): readonly string[] => {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return [];
  }
};

/** The process whose directory is called so. */
export const readerOf = (name: string): ProcessIdentity => {
  const [pid = '0', start = ''] = name.split('.');
  return { pid: Number(pid), start };
};

/** Removes a directory, but not while others read as well. */
export const removeIfEmpty = (directory: string): void => {
  try {
    rmdirSync(directory);
  } catch {
    // There is somebody, or it is not there.
  }
};

/** Removes what readers of a container left behind that were killed. `directory` is `readersPath`. Idempotent. */
export const sweepReaders = (directory: string): void => {
  for (const name of namesIn(directory)) if (!isAlive(readerOf(name))) rmSync(join(directory, name), { recursive: true, force: true });
  removeIfEmpty(directory);
};

