/**
 * Work in progress inside the store: `.tmp-<host>~<pid>~<start time>~<serial>`. The name says whose it is, so that the next
 * writer can remove what a killed process left, and never what a living one needs. A home directory may be shared by
 * many nodes; only the node that made an entry can tell whether its owner lives.
 */
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Paths } from '../system/paths.ts';

const form = /^\.tmp-(.+)~(\d+)~(\d+)~\d+$/;
const dayInMilliseconds = 24 * 3600 * 1000;

/** Start time of `pid` in clock ticks since boot (field 22 of proc_pid_stat(5)); undefined if there is no such process. */
const startTime = (pid: number | 'self'): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
};

let serial = 0;

/** A new name for work in progress in `parent`, which says that it is this process's. */
export const temporaryPath = (paths: Paths, parent: string): string => {
  const owner = `${basename(paths.host)}~${process.pid}~${startTime('self') ?? '0'}`;
  const path = join(parent, `.tmp-${owner}~${serial}`);
  serial += 1;
  return path;
};

/** Makes a new empty directory for work in progress in `parent` (mode 0700), named for this process. */
export const makeTemporary = (paths: Paths, parent: string): string => {
  const directory = temporaryPath(paths, parent);
  mkdirSync(directory, { mode: 0o700 });
  return directory;
};

/** A name of some other form has no known owner; a day is longer than any work lasts. */
const isOld = (path: string): boolean => {
  try {
    return Date.now() - statSync(path).mtimeMs > dayInMilliseconds;
  } catch {
    return false;
  }
};

const isAbandoned = (paths: Paths, parent: string, name: string): boolean => {
  const [, host, pid, start] = form.exec(name) ?? [];
  if (host === undefined) return isOld(join(parent, name));
  return host === basename(paths.host) && startTime(Number(pid)) !== start;
};

/** What dead processes of this node left in `parent`, as absolute paths. */
export const abandonedIn = (paths: Paths, parent: string): readonly string[] =>
  readdirSync(parent)
    .filter((name) => name.startsWith('.tmp-') && isAbandoned(paths, parent, name))
    .map((name) => join(parent, name));

/** Removes what dead processes left in `images/`; that another writer is removing it too is no failure. */
const sweep = (paths: Paths): void => {
  for (const left of abandonedIn(paths, paths.images)) {
    try {
      rmSync(left, { recursive: true, force: true });
    } catch {
      // The other writer finishes it, or the next one does.
    }
  }
};

/** Runs `body` with a new directory in `images/` that is removed afterwards, however `body` ends. */
export const withSpool = async <A>(paths: Paths, body: (directory: string) => Promise<A>): Promise<A> => {
  sweep(paths);
  const directory = makeTemporary(paths, paths.images);
  try {
    return await body(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};
