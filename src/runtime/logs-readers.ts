/**
 * Following a log whose files become full. Whoever follows has a directory of his own, PID.START.RANDOM, below one of the container's, and
 * the monitor puts a hard link to each full file into it before that is renamed or removed (helpers/logger-readers.c). However fast files
 * become full, the next one is there when the reader comes to it.
 */
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { removeIfPresent } from '../system/files.ts';
import { ownIdentity } from '../system/process-identity.ts';
import { closeFile, logPath, openFiles, openLogFile } from './logs-files.ts';
import { removeIfEmpty, sweepReaders } from './logs-sweep.ts';
import type { LogFile } from './logs-files.ts';

/** How the monitor says that it has left files out, because the reader was too far behind. */
const lostMark = '-lost';

/** Tries to open the newest file without a rotation in between. */
const attempts = 1000;

const namesIn = (directory: string): readonly string[] => {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return [];
  }
};

const inodeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.ino;

export interface LogQueue {
  /** Opens all files there are, the oldest first; from the newest of them on, `next` goes on without a gap. */
  readonly open: () => readonly LogFile[];
  /** Opens the file behind `current`; undefined while that is the one that is written. */
  readonly next: (current: LogFile) => LogFile | undefined;
  /** Gives everything back. Idempotent. */
  readonly close: () => void;
}

/** The last reader who goes takes the container's directory with him, perhaps while we make ours. */
const makeDirectory = (path: string): string => {
  for (let attempt = 0; ; attempt++) {
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === attempts) throw error;
    }
  }
};

/** Begins to follow the log in the container's `directory`; `lost` is called where lines are missing. Throws errno errors. */
export const joinReaders = (readers: string, directory: string, lost: () => void): LogQueue => {
  sweepReaders(readers);
  const { pid, start } = ownIdentity();
  const own = makeDirectory(join(readers, `${pid}.${start}.${Math.random().toString(36).slice(2)}`));

  const live = logPath(directory);
  /** Links that have been seen and not been opened, the oldest first. */
  let seen: string[] = [];
  /** Those of the file that is read; nobody needs them once it is read. */
  let passed: string[] = [];

  const drop = (names: readonly string[]): void => names.forEach((name) => removeIfPresent(join(own, name)));

  /** Thousands of links may wait, so they are listed only when the known ones are used up. */
  const look = (): void => {
    seen = namesIn(own).filter((name) => !passed.includes(name));
  };

  const moveOn = (names: string[]): void => {
    drop(passed);
    passed = names;
  };

  /** The next file that is known by its link. A link of `current` itself says that it is full, or that its monitor was killed at that moment. */
  const openSeen = (current: LogFile | undefined): LogFile | undefined => {
    for (let name = seen.shift(); name !== undefined; name = seen.shift()) {
      if (name.endsWith(lostMark)) lost();
      const file = name.endsWith(lostMark) ? undefined : openLogFile(join(own, name));
      if (file !== undefined && file.inode !== current?.inode) {
        moveOn([name]);
        return file;
      }
      if (file !== undefined) closeFile(file);
      passed.push(name);
    }
    return undefined;
  };

  /** The container has been removed before we could open anything: what was linked since we came is all there is. */
  const openFirstLink = (): readonly LogFile[] => {
    look();
    const file = openSeen(undefined);
    return file === undefined ? [] : [file];
  };

  /** What is in our directory before the newest file is opened, and still is afterwards, is older than that. */
  const open = (): readonly LogFile[] => {
    for (let attempt = 0; ; attempt++) {
      const before = namesIn(own);
      const files = openFiles(directory);
      const after = namesIn(own);
      // Files that became full meanwhile are in the list; the newest has a link behind theirs, or none yet.
      if (before.length === after.length || attempt === attempts) {
        if (files.length === 0) return openFirstLink();
        drop(before);
        return files;
      }
      const newest = files.at(-1);
      const known = after.findIndex((name) => inodeOf(join(own, name)) === newest?.inode);
      if (known >= 0) {
        drop(after.slice(0, known));
        return files;
      }
      files.forEach(closeFile);
    }
  };

  /** The file that is written now, unless another became full while it was opened. */
  const openWritten = (current: LogFile): LogFile | undefined => {
    const file = openLogFile(live);
    look();
    const earlier = openSeen(current);
    if (earlier === undefined && file?.inode !== current.inode) {
      moveOn([]);
      return file;
    }
    if (file !== undefined) closeFile(file);
    return earlier;
  };

  const next = (current: LogFile): LogFile | undefined => {
    const known = openSeen(current);
    if (known !== undefined) return known;
    // In this order: a file is linked before another is written, so what is not written any more is in the list.
    const isWritten = inodeOf(live) === current.inode;
    look();
    return openSeen(current) ?? (isWritten ? undefined : openWritten(current));
  };

  return {
    open,
    next,
    close: () => {
      rmSync(own, { recursive: true, force: true });
      removeIfEmpty(readers);
      removeIfEmpty(dirname(readers));
    },
  };
};
