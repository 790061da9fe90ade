/** What an installed slirp4netns can do, told from its version. */
import * as E from 'fp-ts/Either';
import type { TaskEither } from 'fp-ts/TaskEither';
import { execFile } from 'node:child_process';
import type { SlirpError } from './errors.ts';

/** The version in which each feature appeared: slirp4netns(1), "since v…". */
export const introduced = {
  mtu: '0.2.0',
  ipv6: '0.2.0',
  apiSocket: '0.3.0',
  cidr: '0.3.0',
  disableHostLoopback: '0.3.0',
  netnsPath: '0.4.0',
  usernsPath: '0.4.0',
  sandbox: '0.4.0',
  seccomp: '0.4.0',
  outboundAddress: '1.1.0',
  disableDns: '1.1.0',
  macAddress: '1.1.9',
} as const;

export type Feature = keyof typeof introduced;

export interface Capabilities {
  /** As printed: `1.2.0`, `1.3.0-beta.0+dev`. */
  readonly version: string;
  readonly features: ReadonlySet<Feature>;
}

/** Decodes the output of `slirp4netns --version`. A build without libseccomp has no `seccomp`. */
export const parseVersion = (output: string): E.Either<SlirpError, Capabilities> => {
  const version = /^slirp4netns version v?(\d+\.\d+\.\d+\S*)/m.exec(output)?.[1];
  if (version === undefined) {
    return E.left({ _tag: 'Failed', program: 'slirp4netns', reason: `its version cannot be read from "${output.slice(0, 80)}"` });
  }
  const names = Object.keys(introduced) as Feature[];
  const linked = (name: Feature): boolean => name !== 'seccomp' || !isAtLeast(version, '1.0.0') || /^libseccomp: \d/m.test(output);
  return E.right({ version, features: new Set(names.filter((name) => isAtLeast(version, introduced[name]) && linked(name))) });
};

/** Compares the three leading numbers; a pre-release counts as its release, as distributions ship those patched. */
const isAtLeast = (version: string, wanted: string): boolean => {
  const numbers = (text: string): readonly number[] => text.split(/[.+-]/, 3).map(Number);
  const have = numbers(version);
  for (const [index, minimum] of numbers(wanted).entries()) {
    const difference = (have[index] ?? 0) - minimum;
    if (difference !== 0) return difference > 0;
  }
  return true;
};

/** Runs `program --version` (about 2 ms). The caller caches the result for as long as the program does not change. */
export const detect = (program = 'slirp4netns'): TaskEither<SlirpError, Capabilities> => () =>
  new Promise((resolve) => {
    execFile(program, ['--version'], { timeout: 5000 }, (error, stdout) => {
      if (error === null) return resolve(parseVersion(stdout));
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      resolve(E.left(missing ? { _tag: 'NotInstalled', program } : { _tag: 'Failed', program, reason: error.message }));
    });
  });
