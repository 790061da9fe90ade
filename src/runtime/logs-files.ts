/**
 * The files of a container's log: `container-json.log` is written, `.1` was full last, the highest number is the oldest. Full ones may be
 * compressed and have `.gz` behind the number then, as in Docker. The monitor may rename and compress them at any moment
 * (helpers/logger-file.c, logger-gzip.c), so a file is known by its inode or by its last line, and an open one stays itself.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { countLines, readGzipHead } from './logs-gzip.ts';
import type { GzipHead } from './logs-gzip.ts';

export interface LogFile {
  readonly fd: number;
  readonly inode: number;
  /** Bytes when it was opened, as they are on the disk. */
  readonly size: number;
  /** Of a compressed one. */
  readonly gzip?: GzipHead;
}

/** The monitor keeps no more files than this. */
const maximumFiles = 1000;

/** Where a container's log is. */
export const logPath = (directory: string): string => join(directory, 'container-json.log');

/** Opens a file for reading, following no link; undefined when there is none. */
export const openLogFile = (path: string): LogFile | undefined => {
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

const openNumber = (directory: string, number: number): LogFile | undefined => {
  const path = number === 0 ? logPath(directory) : `${logPath(directory)}.${number}`;
  const plain = openLogFile(path);
  if (plain !== undefined || number === 0) return plain;
  const packed = openLogFile(`${path}.gz`);
  return packed === undefined ? undefined : { ...packed, gzip: readGzipHead(packed) };
};

const tailLength = 64;

/** The time of the last line of a plain file, without the Z; undefined when it has none. */
const lastTimeOf = (fd: number, size: number): string | undefined => {
  const buffer = Buffer.alloc(tailLength);
  if (size < tailLength) return undefined;
  readSync(fd, buffer, 0, tailLength, size - tailLength);
  return /"time":"([^"]+)Z"}\n$/.exec(buffer.toString('latin1'))?.[1];
};

/** Whether compressed `packed` was made of `plain`: it says when its last line was written, and how long it was. */
const isMadeOf = ({ gzip }: LogFile, plain: LogFile): boolean => {
  if (gzip?.lastTime === undefined || plain.gzip !== undefined) return false;
  const { size } = fstatSync(plain.fd);
  return size % 2 ** 32 === gzip.plainSize && lastTimeOf(plain.fd, size) === gzip.lastTime;
};

const isSame = (file: LogFile, other: LogFile): boolean => file.inode === other.inode || isMadeOf(file, other);

/**
 * Opens all files, the oldest first. While we go through the numbers a file can only get a higher one, so one may be met twice, which
 * shows, and none is missed but those that have been removed. One number at a time is free while the monitor renames.
 */
export const openFiles = (directory: string): readonly LogFile[] => {
  const files: LogFile[] = [];
  for (let number = 0, missing = 0; number <= maximumFiles && missing < 2; number++) {
    const file = openNumber(directory, number);
    missing = file === undefined ? missing + 1 : 0;
    if (file === undefined) continue;
    if (files.some((other) => isSame(file, other))) closeFile(file);
    else files.unshift(file);
  }
  return files;
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

/** Where a reader begins: the place in a list of files (oldest first), a position in that file, or of a compressed one the lines to leave out. */
export interface Start {
  readonly index: number;
  readonly position: number;
  readonly skip: number;
}

/** Where a reader of the last `lines` lines begins. Constant memory; compressed files are gone through from their beginning. */
export const tailOf = async (files: readonly LogFile[], lines: number): Promise<Start> => {
  let left = lines;
  for (let index = files.length - 1; index >= 0; index--) {
    const file = files[index];
    if (file === undefined) continue;
    if (file.gzip !== undefined) {
      if (left === 0) return { index: index + 1, position: 0, skip: 0 };
      const found = await countLines(file);
      if (found >= left) return { index, position: 0, skip: found - left };
      left -= found;
      continue;
    }
    const start = startOfLast(file, left);
    if ('position' in start) return { index, position: start.position, skip: 0 };
    left -= start.found;
  }
  return { index: 0, position: 0, skip: 0 };
};
