/** What an installed fuse-overlayfs can do, told from its version, and whether this machine lets it. */
import * as E from 'fp-ts/Either';
import type { TaskEither } from 'fp-ts/TaskEither';
import { execFile } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { FuseOverlayError } from './errors.ts';

/** The version in which each feature appeared: fuse-overlayfs' NEWS. Unknown mount options are ignored by it, so this matters. */
export const introduced = {
  /** Mounts without an upper directory, read-only. */
  readOnly: '0.7.0',
  xattrPermissions: '1.2.0',
  squashToRoot: '1.3.0',
  volatile: '1.3.0',
  squashToId: '1.4.0',
  /** At the latest: NEWS does not mention it. */
  staticNlink: '1.8.0',
  noacl: '1.8.0',
  /** Understands `user.overlay.opaque`, which the kernel's overlay writes when mounted with userxattr. */
  userOverlayXattrs: '1.8.0',
} as const;

export type Feature = keyof typeof introduced;

export interface Capabilities {
  /** As printed: `1.10`. */
  readonly version: string;
  readonly features: ReadonlySet<Feature>;
}

/** Decodes the output of `fuse-overlayfs --version`, in which fusermount's own version may come first. */
export const parseVersion = (output: string): E.Either<FuseOverlayError, Capabilities> => {
  const version = /^fuse-overlayfs: version (\d+\.\d+\S*)/m.exec(output)?.[1];
  if (version === undefined) {
    return E.left({ _tag: 'Failed', operation: 'read the version of', path: 'fuse-overlayfs', reason: `it printed "${output.slice(0, 80)}"` });
  }
  const names = Object.keys(introduced) as Feature[];
  return E.right({ version, features: new Set(names.filter((name) => isAtLeast(version, introduced[name]))) });
};

const isAtLeast = (version: string, wanted: string): boolean => {
  const numbers = (text: string): readonly number[] => text.split(/[.+-]/, 3).map((part) => Number.parseInt(part, 10) || 0);
  const have = numbers(version);
  for (const [index, minimum] of numbers(wanted).entries()) {
    const difference = (have[index] ?? 0) - minimum;
    if (difference !== 0) return difference > 0;
  }
  return true;
};

/** Runs `program --version` (about 5 ms). The caller caches the result for as long as the program does not change. */
export const detect = (program = 'fuse-overlayfs'): TaskEither<FuseOverlayError, Capabilities> => () =>
  new Promise((resolve) => {
    execFile(program, ['--version'], { timeout: 5000 }, (error, stdout) => {
      if (error === null) return resolve(parseVersion(stdout));
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      resolve(E.left(missing ? { _tag: 'NotInstalled', program } : { _tag: 'Failed', operation: 'run', path: program, reason: error.message }));
    });
  });

/** Opens /dev/fuse and closes it again: the only sure sign that this process may use it. The right side is its path. */
export const openableDevice = (path = '/dev/fuse'): E.Either<FuseOverlayError, string> => {
  try {
    closeSync(openSync(path, 'r+'));
    return E.right(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: 'it does not exist (the kernel module fuse is not loaded)',
      ENODEV: 'the kernel module fuse is not loaded',
      EACCES: 'permission denied (it should have mode 0666)',
    };
    return E.left({ _tag: 'NoDevice', reason: reasons[code ?? ''] ?? code ?? String(error) });
  }
};
