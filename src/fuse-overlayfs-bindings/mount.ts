/** The doing half: mounts and unmounts in the mount namespace of this process. */
import * as E from 'fp-ts/Either';
import type { TaskEither } from 'fp-ts/TaskEither';
import { spawn } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, realpathSync } from 'node:fs';
import { openableDevice } from './capabilities.ts';
import type { Capabilities } from './capabilities.ts';
import type { FuseOverlayError } from './errors.ts';
import { fuseOverlayfsArguments } from './options.ts';
import type { OverlayOptions } from './options.ts';

export interface MountOptions extends Omit<OverlayOptions, 'foreground'> {
  /** Default: fuse-overlayfs, found on PATH. */
  readonly program?: string;
  readonly capabilities: Capabilities;
}

type Result<A> = E.Either<FuseOverlayError, A>;

/**
 * Mounts and answers with the target's real path once it is there. Lower directories are passed as open fds, so their
 * names may hold anything and there may be hundreds. The fuse-overlayfs process stays until the unmount.
 */
export const mount = (options: MountOptions): TaskEither<FuseOverlayError, string> => async () => {
  const device = openableDevice();
  if (E.isLeft(device)) return device;
  const descriptors: number[] = [];
  try {
    for (const lower of options.lowers) descriptors.push(openSync(lower, constants.O_RDONLY | constants.O_DIRECTORY));
    return await mountWith(options, descriptors);
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return E.left({ _tag: 'Failed', operation: 'open', path: path ?? options.target, reason: code });
  } finally {
    for (const fd of descriptors) closeSync(fd);
  }
};

const firstLowerFd = 3;

const mountWith = async (options: MountOptions, descriptors: readonly number[]): Promise<Result<string>> => {
  const target = realpathSync(options.target);
  const lowers = descriptors.map((_, index) => `/proc/self/fd/${firstLowerFd + index}`);
  const argv = fuseOverlayfsArguments({ ...options, target, lowers }, options.capabilities);
  if (E.isLeft(argv)) return argv;
  const outcome = await run(options.program ?? 'fuse-overlayfs', argv.right, descriptors);
  if (outcome.missing) return E.left({ _tag: 'NotInstalled', program: options.program ?? 'fuse-overlayfs' });
  if (outcome.code === 0 && isMounted(target)) return E.right(target);
  return E.left({ _tag: 'Failed', operation: 'mount an overlay on', path: target, reason: outcome.words || `fuse-overlayfs ended with ${outcome.code}` });
};

/**
 * Unmounts. `lazy` also takes away a mount whose fuse-overlayfs was killed or whose files are open. Inside a user namespace as its root
 * this is umount(2); otherwise fusermount3 does it.
 */
export const unmount = (path: string, options: { readonly lazy?: boolean } = {}): TaskEither<FuseOverlayError, void> => async () => {
  const lazy = options.lazy === true;
  const root = process.geteuid?.() === 0;
  const outcome = root ? await run('umount', [...(lazy ? ['-l'] : []), '--', path], []) : await run('fusermount3', ['-u', ...(lazy ? ['-z'] : []), '--', path], []);
  if (outcome.missing) return E.left({ _tag: 'NotInstalled', program: root ? 'umount' : 'fusermount3' });
  return outcome.code === 0 ? E.right(undefined) : E.left({ _tag: 'Failed', operation: 'unmount', path, reason: outcome.words });
};

/** Whether a fuse-overlayfs is the topmost mount on `path` (a real path); proc_pid_mountinfo(5). */
const isMounted = (path: string): boolean => {
  const escaped = path.replace(/[ \t\n\\]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`);
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter((line) => line.split(' ')[4] === escaped);
  return lines.at(-1)?.includes(' - fuse.fuse-overlayfs ') === true;
};

interface Outcome {
  readonly code: number | null;
  readonly words: string;
  readonly missing: boolean;
}

/** Chatter that every successful mount by root of a user namespace prints. */
const chatter = /^unknown argument ignored: lazytime\n/gm;

/** Ends at the program's exit, not at the end of its stderr: the daemon that is left behind may hold that open. */
const run = (program: string, argv: readonly string[], descriptors: readonly number[]): Promise<Outcome> =>
  new Promise((resolve) => {
    const child = spawn(program, [...argv], { stdio: ['ignore', 'ignore', 'pipe', ...descriptors] });
    let words = '';
    child.stderr?.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-4096)));
    child.once('error', (error: NodeJS.ErrnoException) => resolve({ code: null, words: error.message, missing: error.code === 'ENOENT' }));
    child.once('exit', (code) =>
      setImmediate(() => {
        child.stderr?.destroy();
        resolve({ code, words: words.replace(chatter, '').trim(), missing: false });
      }),
    );
  });
