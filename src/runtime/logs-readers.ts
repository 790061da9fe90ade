/**
 * Following a log whose files become full. Whoever follows has a directory of his own, PID.START.RANDOM, below one of the container's, and
 * the monitor puts a hard link to each full file into it before that is renamed or removed (helpers/logger-readers.c). However fast files
 * become full, the next one is there when the reader comes to it.
 */
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
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

  const drop = (names: readonly string[]): void => names.forEach((name) => rmSync(join(own, name), { force: true }));

  /** What is in our directory before the newest file is opened, and still is afterwards, is older than that. */
  const open = (): readonly LogFile[] => {
    for (let attempt = 0; ; attempt++) {
      const before = namesIn(own);
      const files = openFiles(directory);
      const after = namesIn(own);
      // Files that became full meanwhile are in the list; the newest has a link behind theirs, or none yet.
      if (before.length === after.length || attempt === attempts) {
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

  /** The file that is written now, unless others became full while it was opened. */
  const openWritten = (names: readonly string[]): LogFile | undefined => {
    const file = openLogFile(logPath(directory));
    const now = namesIn(own);
    if (file === undefined || now.length === names.length) return file;
    const [first = ''] = now.slice(names.length);
    if (inodeOf(join(own, first)) === file.inode) return file;
    closeFile(file);
    return openLogFile(join(own, first));
  };

  const openEntry = (names: readonly string[]): LogFile | undefined => {
    const [name] = names;
    if (name === undefined) return undefined;
    if (!name.endsWith(lostMark)) return openLogFile(join(own, name));
    lost();
    drop([name]);
    return openEntry(names.slice(1));
  };

  const next = (current: LogFile): LogFile | undefined => {
    // In this order: a file is linked before another is written, so what is not written any more is in the list.
    const isWritten = inodeOf(logPath(directory)) === current.inode;
    const names = namesIn(own);
    const at = names.findIndex((name) => inodeOf(join(own, name)) === current.inode);
    const seen = names.slice(0, at + 1);
    // Either it has become full this moment, or the monitor was killed before it made another: both show at the next look.
    if (isWritten) {
      drop(seen);
      return undefined;
    }
    const file = openEntry(names.slice(at + 1)) ?? openWritten(names);
    if (file !== undefined) drop(seen);
    return file;
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
