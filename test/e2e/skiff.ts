/** What the end-to-end tests share: starting the `skiff` under test, its images, and a look at what it left behind. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { busyboxTar, ociArchive } from '../make-image.ts';
import type { ImageParts } from '../make-image.ts';

/** Says what the runner must have set. */
const need = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run this file with npm test -- e2e/…`);
  return value;
};

/** Where `busybox/`, `busybox.tar` and `debian.tar` are. */
export const testImages = need('SKIFF_TEST_IMAGES');

/** Program and first words that start the `skiff` under test. */
export const skiffCommand: readonly [string, ...string[]] = need('SKIFF_BIN').endsWith('.cjs') ? [process.execPath, '--', need('SKIFF_BIN')] : [need('SKIFF_BIN')];

export interface Options {
  /** Standard input; closed and empty without it. */
  readonly input?: string | Buffer;
  /** Added to the environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds before it is killed, which fails the test; 60000 without it. */
  readonly timeout?: number;
  readonly cwd?: string;
}

/** How a program ended: `status` as a shell has it, 128 and the number of a signal included. */
export interface Result {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as it came. */
  readonly bytes: Buffer;
}

const signalNumbers: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGPIPE: 13, SIGTERM: 15 };

/** Runs a program of the host to its end. Throws when it takes longer than the time given. */
export const execute = (command: readonly string[], { input = '', env = {}, timeout = 60000, cwd }: Options = {}): Result => {
  const [program = '', ...args] = command;
  const done = spawnSync(program, args, { input, env: { ...process.env, ...env }, timeout, cwd, maxBuffer: 256 << 20 });
  // A program need not read all of its input.
  if (done.error !== undefined && (done.error as NodeJS.ErrnoException).code !== 'EPIPE') throw done.error;
  const status = done.status ?? 128 + (signalNumbers[done.signal ?? ''] ?? 0);
  return { status, stdout: done.stdout.toString(), stderr: done.stderr.toString(), bytes: done.stdout };
};

/** Runs `skiff` with these words to its end. */
export const skiff = (args: readonly string[], options: Options = {}): Result => execute([...skiffCommand, ...args], options);

/** Standard output of `skiff`, which must succeed and say nothing on standard error. */
export const output = (args: readonly string[], options: Options = {}): string => {
  const { status, stdout, stderr } = skiff(args, options);
  assert.equal({ status, stderr }, { status: 0, stderr: '' }, `skiff ${args.join(' ')}`);
  return stdout;
};

/** Stores the busybox image under this name; costs 0.1 s. */
export const importBusybox = (name = 'busybox'): void => void output(['import', join(testImages, 'busybox.tar'), name]);

/** Stores the Debian image under this name; costs about 3 s. */
export const importDebian = (name = 'debian'): void => void output(['import', join(testImages, 'debian.tar'), name]);

/** A new directory for a test's own files; gone with the runner's. */
export const scratch = (): string => mkdtempSync(join(tmpdir(), 'e2e-'));

let busyboxLayer: Buffer | undefined;

/** Stores an OCI image of busybox and further layers, with this configuration. */
export const loadImage = (name: string, config: ImageParts['config'], ...layers: readonly Buffer[]): void => {
  busyboxLayer ??= busyboxTar();
  const archive = join(scratch(), 'image.tar');
  writeFileSync(archive, ociArchive({ layers: [busyboxLayer, ...layers], names: [`${name}:latest`], ...(config === undefined ? {} : { config }) }));
  output(['load', '--quiet', '--input', archive]);
};

/** The first subordinate id of the caller, and how many there are. */
const subordinateIds = (path: string): readonly [start: string, count: string] => {
  const line = readFileSync(path, 'utf8').split('\n').map((text) => text.split(':')).find(([owner]) => owner === userInfo().username);
  return [line?.[1] ?? '', line?.[2] ?? ''];
};

/** The words before a command that shall run as the caller, with the caller's ids, where it may mount. */
export const unshared = (): readonly string[] => {
  const [uid, uids] = subordinateIds('/etc/subuid');
  const [gid, gids] = subordinateIds('/etc/subgid');
  return ['unshare', '--user', '--mount', '--propagation', 'shared', '--keep-caps', '--map-current-user', `--map-users=${uid},${uid},${uids}`, `--map-groups=${gid},${gid},${gids}`];
};

/**
 * Runs a shell script as the caller, with the caller's ids, in a mount namespace where it may mount (and which shares its mounts as a
 * system under systemd does), so that `skiff` can be tried on file systems that the host does not have. `"$@"` is `skiff`.
 */
export const inMountNamespace = (script: string, options: Options = {}): Result => execute([...unshared(), 'sh', '-c', script, 'sh', ...skiffCommand], options);

/** The words before the command of a short-lived busybox container without a network. */
export const bare = ['run', '--rm', '--network', 'none'] as const;

/** `flags`, and no network where they do not say which. */
const orNone = (flags: readonly string[]): readonly string[] => (flags.includes('--network') ? flags : ['--network', 'none', ...flags]);

/** Standard output of a shell script in a busybox container with these flags, without a network unless they say otherwise. */
export const inBusybox = (flags: readonly string[], script: string, options: Options = {}): string => output(['run', '--rm', ...orNone(flags), 'busybox', 'sh', '-c', script], options);

/** Starts a detached container that is removed at `body`'s end, whatever happens; `body` gets its id. */
export function withContainer(flags: readonly string[], command: readonly string[], body: (id: string) => Promise<void>): Promise<void>;
export function withContainer<A>(flags: readonly string[], command: readonly string[], body: (id: string) => A): A;
export function withContainer(flags: readonly string[], command: readonly string[], body: (id: string) => unknown): unknown {
  const id = output(['run', '-d', ...orNone(flags), ...command]).trim();
  const remove = (): void => void skiff(['rm', '--force', id]);
  let result: unknown;
  try {
    result = body(id);
  } catch (error) {
    remove();
    throw error;
  }
  if (result instanceof Promise) return result.finally(remove);
  remove();
  return result;
}

const namesIn = (directory: string): readonly string[] => (existsSync(directory) ? readdirSync(directory) : []);

const home = need('HOME');

/** Skiff's state on disk, where no variable says otherwise. */
export const root = join(home, '.local/share/skiff');

/** Every container's record directory. */
export const containerDirectories = (at = root): readonly string[] =>
  namesIn(join(at, 'hosts')).flatMap((host) => namesIn(join(at, 'hosts', host, 'containers')).map((id) => join(at, 'hosts', host, 'containers', id)));

/** Records, names and markers of containers that exist now. */
export const leftovers = (at = root): readonly string[] => [
  ...containerDirectories(at),
  ...namesIn(join(at, 'hosts')).flatMap((host) => namesIn(join(at, 'hosts', host, 'names')).map((name) => `name ${name}`)),
  ...namesIn(join(need('XDG_RUNTIME_DIR'), 'skiff/c')).map((name) => `marker ${name}`),
];

/** Removes every container, so that what one test leaves does not fail the next; the runner sees to it that none is left. */
export const removeAll = (): void => {
  const ids = skiff(['ps', '-aq']).stdout.split('\n').filter((id) => id !== '');
  if (ids.length > 0) skiff(['rm', '-f', ...ids]);
};

/** Waits until `condition` holds, looking every 20 ms. Throws after `timeout` ms. */
export const eventually = async (what: string, condition: () => boolean | Promise<boolean>, timeout = 10000): Promise<void> => {
  for (const end = Date.now() + timeout; !(await condition()); ) {
    if (Date.now() > end) throw new Error(`waited ${timeout} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
