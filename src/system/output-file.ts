/** The file of a `--output` flag: there whole or not at all. */
import { closeSync, constants, openSync, realpathSync, renameSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { explainErrno, fail } from '../core/errors.ts';
import { removeIfPresent } from './files.ts';

const refuse = (path: string, error: unknown): never => {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === undefined) throw error;
  if (code === 'ENOENT') return fail({ _tag: 'NotFound', kind: 'directory', name: dirname(path) });
  return fail({ _tag: 'System', operation: 'write', subject: path, reason: explainErrno(code) });
};

const openOrRefuse = (path: string, opened: string, flags: number): number => {
  try {
    return openSync(opened, constants.O_WRONLY | flags, 0o600);
  } catch (error) {
    return refuse(path, error);
  }
};

const endings: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Runs `body`; a signal that ends the process meanwhile removes `temporary` first. */
const sparingSignals = async <A>(temporary: string, body: () => Promise<A>): Promise<A> => {
  const end = (signal: NodeJS.Signals): void => {
    removeIfPresent(temporary);
    for (const each of endings) process.removeListener(each, end);
    process.kill(process.pid, signal);
  };
  for (const each of endings) process.on(each, end);
  try {
    return await body();
  } finally {
    for (const each of endings) process.removeListener(each, end);
  }
};

const withFd = async <A>(fd: number, body: (fd: number) => Promise<A>): Promise<A> => {
  try {
    return await body(fd);
  } finally {
    closeSync(fd);
  }
};

/**
 * Calls `body` with a file open for writing, and puts it at `path` when that succeeds (mode 0600, renamed over what is there; a
 * symbolic link stays and its target is replaced). On failure what was there stays, and nothing else. A device or FIFO is
 * written to as it is. Throws NotFound for a missing directory, Refused for a directory, System.
 */
export const withOutputFile = async <A>(path: string, body: (fd: number) => Promise<A>): Promise<A> => {
  const present = statSync(path, { throwIfNoEntry: false });
  if (present?.isDirectory() === true) fail({ _tag: 'Refused', message: `cannot write ${path}: it is a directory`, hint: 'name a file in it' });
  if (present !== undefined && !present.isFile()) return withFd(openOrRefuse(path, path, 0), body);
  const target = present === undefined ? path : realpathSync(path);
  const temporary = join(dirname(target), `.tmp-${process.pid}-${basename(target)}`.slice(0, 200));
  const fd = openOrRefuse(path, temporary, constants.O_CREAT | constants.O_EXCL);
  return sparingSignals(temporary, async () => {
    try {
      const result = await withFd(fd, body);
      renameSync(temporary, target);
      return result;
    } finally {
      removeIfPresent(temporary);
    }
  });
};
