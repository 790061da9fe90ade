/** The doing half: one slirp4netns process, from its start to its end. */
import * as E from 'fp-ts/Either';
import type { TaskEither } from 'fp-ts/TaskEither';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { addressesOf, defaultCidr } from './addresses.ts';
import type { Addresses } from './addresses.ts';
import { slirp4netnsArguments } from './arguments.ts';
import type { SlirpOptions } from './arguments.ts';
import type { Capabilities } from './capabilities.ts';
import type { SlirpError } from './errors.ts';

export interface StartOptions extends SlirpOptions {
  /** Default: slirp4netns, found on PATH. */
  readonly program?: string;
  readonly capabilities: Capabilities;
  /** How long the network may take to come up, in milliseconds; default 10000. */
  readonly timeout?: number;
}

export interface Running {
  readonly pid: number;
  readonly addresses: Addresses;
  /** Settles when the process ends, for whatever reason: its exit code, or null after a signal. */
  readonly exited: Promise<number | null>;
  /** Closes the exit-fd and waits for the end; kills what is still there after 2 s. Idempotent. */
  readonly stop: () => Promise<void>;
}

/** slirp4netns inherits stdio and these: fd 3 is ready-fd, fd 4 is exit-fd. */
const readyFd = 3;
const exitFd = 4;
const stopGrace = 2000;
const stderrLimit = 4096;

/**
 * Starts slirp4netns and waits until the network works. It ends with `stop`, with the caller's process (its exit-fd is then
 * closed), or with the target's namespace. Left with its own words on stderr when it ends before it is ready.
 */
export const start = (options: StartOptions): TaskEither<SlirpError, Running> => async () => {
  const network = addressesOf(options.cidr ?? defaultCidr);
  if (E.isLeft(network)) return network;
  const argv = slirp4netnsArguments({ ...options, readyFd, exitFd }, options.capabilities);
  if (E.isLeft(argv)) return argv;
  const program = options.program ?? 'slirp4netns';
  const child = spawn(program, [...argv.right], { stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'] });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const problem = await untilReady(child, program, options.timeout ?? 10_000);
  if (problem !== undefined) {
    child.kill('SIGKILL');
    closeDescriptors(child);
    return E.left(problem);
  }
  return E.right({ pid: child.pid ?? 0, addresses: network.right, exited, stop: stopper(child, exited) });
};

/** Undefined once "1" has been read from the ready-fd. */
const untilReady = (child: ChildProcess, program: string, timeout: number): Promise<SlirpError | undefined> =>
  new Promise((resolve) => {
    let words = '';
    const timer = setTimeout(() => resolve({ _tag: 'TimedOut', operation: `the start of ${program}`, milliseconds: timeout }), timeout);
    const settle = (problem: SlirpError | undefined): void => {
      clearTimeout(timer);
      resolve(problem);
    };
    child.stderr?.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-stderrLimit)));
    // Null in Bun when the program could not be started at all.
    (child.stdio[readyFd] as Readable | null)?.on('data', (chunk: Buffer) => {
      if (chunk.toString().startsWith('1')) settle(undefined);
    });
    child.once('error', (error: NodeJS.ErrnoException) =>
      settle(error.code === 'ENOENT' ? { _tag: 'NotInstalled', program } : { _tag: 'Failed', program, reason: error.message }),
    );
    child.once('close', (code, signal) =>
      settle({ _tag: 'Failed', program, reason: words.trim() || `it ended with ${signal ?? `exit code ${code}`} and no message` }),
    );
  });

const closeDescriptors = (child: ChildProcess): void => {
  (child.stdio[exitFd] as Writable | null)?.destroy();
  (child.stdio[readyFd] as Readable | null)?.destroy();
  child.stderr?.destroy();
};

const stopper = (child: ChildProcess, exited: Promise<number | null>) => async (): Promise<void> => {
  (child.stdio[exitFd] as Writable | null)?.destroy();
  const timer = setTimeout(() => child.kill('SIGKILL'), stopGrace);
  await exited;
  clearTimeout(timer);
  closeDescriptors(child);
};
