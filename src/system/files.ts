/** Atomic files and advisory locks. */
import { openSync, writeSync, closeSync, fsyncSync, renameSync, unlinkSync, constants } from 'node:fs';
import { dirname, basename, join } from 'node:path';
import { spawn } from 'node:child_process';
import { fail } from '../core/errors.ts';
import { helperPath } from './helper.ts';
import type { Paths } from './paths.ts';

let serial = 0;

/**
 * Writes `data` to `path` so that readers see the old or the new content and never a part: a new file in the same
 * directory is renamed over it. `durable` also survives a power cut (fsync of file and directory). Throws errno errors
 * and leaves no temporary file.
 * @param options.temporary the new file's path, where somebody looks for what killed processes leave.
 */
export const writeFileAtomic = (path: string, data: string | Uint8Array, options: { durable?: boolean; mode?: number; temporary?: string } = {}): void => {
  const temporary = options.temporary ?? join(dirname(path), `.tmp-${process.pid}-${serial++}-${basename(path)}`);
  try {
    const fd = openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, options.mode ?? 0o600);
    try {
      writeAll(fd, typeof data === 'string' ? Buffer.from(data) : data);
      if (options.durable === true) fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    removeIfPresent(temporary);
    throw error;
  }
  if (options.durable === true) syncDirectory(dirname(path));
};

const writeAll = (fd: number, data: Uint8Array): void => {
  for (let offset = 0; offset < data.length; ) offset += writeSync(fd, data, offset);
};

/** Makes renames in `directory` survive a power cut, fsync(2). */
export const syncDirectory = (directory: string): void => {
  const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
};

/** Unlinks `path`; that it is not there is not an error. */
export const removeIfPresent = (path: string): void => {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
};

/**
 * Runs `body` while holding flock(2) on `path`, waiting for it as long as it takes. The lock belongs to an open file
 * description of this process, so it goes with the process however that ends. Never hold it while waiting for a
 * network or a person.
 */
export const withLock = async <A>(paths: Paths, path: string, mode: 'shared' | 'exclusive', body: () => Promise<A>): Promise<A> => {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    await lockDescriptor(paths, fd, mode);
    return await body();
  } finally {
    closeSync(fd);
  }
};

/** A lock that is free is taken within this time, in milliseconds. */
const patience = 100;

/**
 * Takes flock(2) for the open file `fd`, waiting as long as it takes; it ends when `fd` is closed. Neither Node nor Bun has the call: a helper
 * that shares the file description takes the lock for us and leaves.
 * @param waiting called once if somebody else has it. Throws a `System` failure where the file system has no locks.
 */
export const lockDescriptor = (paths: Paths, fd: number, mode: 'shared' | 'exclusive', waiting?: () => void): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = waiting === undefined ? undefined : setTimeout(waiting, patience);
    const child = spawn(helperPath(paths, 'skiff-helper'), ['lock', mode], { stdio: [fd, 'ignore', 'pipe'] });
    let words = '';
    child.stderr?.on('data', (chunk: Buffer) => (words += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      if (code === 0) return resolve();
      try {
        fail({ _tag: 'System', operation: 'take the lock', subject: `fd ${fd}`, reason: words.trim() });
      } catch (error) {
        reject(error);
      }
    });
  });
