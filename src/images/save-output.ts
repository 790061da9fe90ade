/** Where an archive goes: a file that is there as a whole or not at all, or somebody's function. */
import { closeSync, constants, fsyncSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fail } from '../core/errors.ts';
import { removeIfPresent } from '../system/files.ts';

/** Takes bytes, all of them before it returns. */
export type Write = (chunk: Uint8Array) => void;

const writeTo =
  (fd: number): Write =>
  (chunk) => {
    for (let offset = 0; offset < chunk.length; ) offset += writeSync(fd, chunk, offset);
  };

const fillFile = async (path: string, flags: number, body: (write: Write) => Promise<void>): Promise<void> => {
  const fd = openSync(path, flags, 0o600);
  try {
    await body(writeTo(fd));
    if ((flags & constants.O_EXCL) !== 0) fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
};

const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Removes `path` when `body` fails, or when a signal ends this process meanwhile; signals keep their effect. */
const orRemoved = async (path: string, body: () => Promise<void>): Promise<void> => {
  const interrupted = (signal: NodeJS.Signals): void => {
    removeIfPresent(path);
    for (const name of endings) process.removeListener(name, interrupted);
    process.kill(process.pid, signal);
  };
  for (const name of endings) process.on(name, interrupted);
  try {
    await body();
  } catch (error) {
    removeIfPresent(path);
    throw error;
  } finally {
    for (const name of endings) process.removeListener(name, interrupted);
  }
};

/** A new file beside `path`, mode 0600, that takes its name when it is complete and on the disk. */
const replaceFile = (path: string, body: (write: Write) => Promise<void>): Promise<void> => {
  const temporary = join(dirname(path), `.tmp-${process.pid}-${basename(path)}`.slice(0, 255));
  return orRemoved(temporary, async () => {
    await fillFile(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, body);
    renameSync(temporary, path);
  });
};

/**
 * Runs `body` with a function that writes to `target`. A regular file, or one that is not there yet, is replaced atomically; a device or a
 * pipe is written to. Throws `NotFound`, `Usage` and errno errors; nothing is left of a file then.
 */
export const withOutput = async (target: string | Write, body: (write: Write) => Promise<void>): Promise<void> => {
  if (typeof target !== 'string') return body(target);
  if (!statSync(dirname(target), { throwIfNoEntry: false })?.isDirectory()) fail({ _tag: 'NotFound', kind: 'directory', name: dirname(target) });
  const there = statSync(target, { throwIfNoEntry: false });
  if (there?.isDirectory()) fail({ _tag: 'Usage', message: `${target} is a directory`, hint: 'name the file that the archive shall be' });
  if (there === undefined || there.isFile()) return replaceFile(target, body);
  return fillFile(target, constants.O_WRONLY, body);
};
