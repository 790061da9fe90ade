/**
 * The files of a container's log: `container-json.log` is written, `.1` was full last, the highest number is the oldest. The monitor may
 * rename them at any moment (helpers/logger-file.c), so a file is known by its inode, and an open one stays itself.
 */
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface LogFile {
  readonly fd: number;
  readonly inode: number;
  /** Bytes when it was opened. */
  readonly size: number;
}

/** The monitor keeps no more files than this. */
const maximumFiles = 1000;

/** Where a container's log is. */
export const logPath = (directory: string): string => join(directory, 'container-json.log');

const openFile = (path: string): LogFile | undefined => {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    const { ino, size } = fstatSync(fd);
    return { fd, inode: ino, size };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
};

export const closeFile = ({ fd }: LogFile): void => closeSync(fd);

/**
 * Opens the files that are newer than `known`, or all without one; the oldest first. While we go through the numbers a file can only
 * get a higher one, so one may be met twice, which shows, and none is missed but those that have been removed. One number at a time is
 * free while the monitor renames.
 */
export const openNewer = (directory: string, known: LogFile | undefined): readonly LogFile[] => {
  const files: LogFile[] = [];
  for (let number = 0, missing = 0; number <= maximumFiles && missing < 2; number++) {
    const file = openFile(number === 0 ? logPath(directory) : `${logPath(directory)}.${number}`);
    missing = file === undefined ? missing + 1 : 0;
    if (file === undefined) continue;
    const { inode } = file;
    if (inode === known?.inode || files.some((other) => other.inode === inode)) closeFile(file);
    else files.unshift(file);
    if (inode === known?.inode) break;
  }
  return files;
};

/** Whether another file has taken the place of `known`; false while there is none. */
export const isReplaced = (directory: string, known: LogFile | undefined): boolean => {
  const status = statSync(logPath(directory), { throwIfNoEntry: false });
  return status !== undefined && status.ino !== known?.inode;
};

const newline = 0x0a;
const block = 65536;

/** Where the last `lines` lines of a file begin, or how many there are where it has fewer. A line without an end counts for nothing. */
const startOfLast = ({ fd, size }: LogFile, lines: number): { readonly position: number } | { readonly found: number } => {
  const buffer = Buffer.allocUnsafe(block);
  let found = 0;
  for (let end = size; end > 0; ) {
    const begin = Math.max(0, end - block);
    const length = readSync(fd, buffer, 0, end - begin, begin);
    for (let at = buffer.subarray(0, length).lastIndexOf(newline); at >= 0; at = at === 0 ? -1 : buffer.lastIndexOf(newline, at - 1)) {
      if (found === lines) return { position: begin + at + 1 };
      found += 1;
    }
    end = begin;
  }
  return { found };
};

/** Where a reader of the last `lines` lines begins: the place in `files` (oldest first) and in that file. Constant memory. */
export const tailOf = (files: readonly LogFile[], lines: number): { readonly index: number; readonly position: number } => {
  let left = lines;
  for (let index = files.length - 1; index >= 0; index--) {
    const file = files[index];
    const start = file === undefined ? { found: 0 } : startOfLast(file, left);
    if ('position' in start) return { index, position: start.position };
    left -= start.found;
  }
  return { index: 0, position: 0 };
};
