/** What must be on the disk before a name may point at it. */
import { closeSync, constants, fsyncSync, lstatSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkOutcome, runProgram } from './program.ts';

/** Up to so many files are written out one by one; beyond that one syncfs(2) is cheaper, although it waits for other people's data too. */
const fewFiles = 40;

const unreadable = new Set(['EACCES', 'EPERM']);

/** Adds `path` and everything below it to `found`; false as soon as that is too much, or hidden from us by its mode. */
const collect = (path: string, found: string[]): boolean => {
  if (found.length >= fewFiles) return false;
  const stat = lstatSync(path);
  if (!stat.isDirectory() && !stat.isFile()) return true;
  found.push(path);
  if (!stat.isDirectory()) return true;
  try {
    return readdirSync(path).every((name) => collect(join(path, name), found));
  } catch (error) {
    if (unreadable.has((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
};

/** fsync(2) of each of `paths`; false if one belongs to another id and may not be opened. */
const syncEach = (paths: readonly string[]): boolean => {
  for (const path of paths) {
    let fd = -1;
    try {
      fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
      fsyncSync(fd);
    } catch (error) {
      if (unreadable.has((error as NodeJS.ErrnoException).code ?? '')) return false;
      throw error;
    } finally {
      if (fd >= 0) closeSync(fd);
    }
  }
  return true;
};

/** sync(1) -f is syncfs(2), which Node does not have. */
const syncFileSystemOf = async (path: string): Promise<void> =>
  checkOutcome(await runProgram(['sync', '-f', path], 'ignore'), 'write to disk', path);

/** Writes out the file systems that `paths` are on, each once, with all that anybody has written there. */
export const syncFileSystems = async (paths: readonly string[]): Promise<void> => {
  const perFileSystem = new Map(paths.map((path) => [lstatSync(path).dev, path]));
  for (const path of perFileSystem.values()) await syncFileSystemOf(path);
};

/**
 * Makes the trees and files at `paths` survive a power cut: all of them or an errno error.
 * Files of other mapped ids are reached through syncfs(2).
 */
export const makeDurable = async (paths: readonly string[]): Promise<void> => {
  const found: string[] = [];
  if (paths.every((path) => collect(path, found)) && syncEach(found)) return;
  await syncFileSystems(paths);
};
