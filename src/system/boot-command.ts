/** The command that starts this user's containers when the machine does, whatever the environment is that it is called in. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { unspeakable } from '../core/boot-command.ts';
import type { BootCommand } from '../core/boot-command.ts';
import { fail } from '../core/errors.ts';
import { ownCommand } from './own-command.ts';
import { resolvePaths } from './paths.ts';
import { findProgram } from './programs.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a start may call. */
const programs = ['newuidmap', 'newgidmap', 'slirp4netns', 'fuse-overlayfs'];

/** Where a program keeps its settings: XDG Base Directory Specification. */
export const configHome = (env: Environment): string => env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config');

const differing = (name: string, ours: string | undefined, theirs: string | undefined): readonly (readonly [string, string])[] =>
  ours === undefined || ours === theirs ? [] : [[name, ours]];

/**
 * The variables that make a skiff with `theirs` use what it uses with `ours` and `--root`: directories, settings, and PATH where that decides which
 * program is found.
 */
export const bootEnvironment = (ours: Environment, theirs: Environment, rootFlag?: string): BootCommand['environment'] => {
  const [here, there] = [resolvePaths(ours, rootFlag), resolvePaths(theirs)];
  const samePrograms = programs.every((name) => findProgram(ours, name) === findProgram(theirs, name));
  return [
    ...differing('SKIFF_ROOT', here.root, there.root),
    ...differing('XDG_CACHE_HOME', join(here.cache, '..'), join(there.cache, '..')),
    ...differing('XDG_CONFIG_HOME', configHome(ours), configHome(theirs)),
    ...differing('SKIFF_CONFIG', ours['SKIFF_CONFIG'] || undefined, theirs['SKIFF_CONFIG']),
    ...differing('SKIFF_HELPERS', ours['SKIFF_HELPERS'], theirs['SKIFF_HELPERS']),
    ...(samePrograms ? [] : differing('PATH', ours['PATH'], theirs['PATH'])),
  ];
};

/** The command for somebody with the environment `theirs`. Throws Refused where a path of it has a control character. */
export const bootCommand = (ours: Environment, theirs: Environment, rootFlag?: string): BootCommand => {
  const command = { ...ownCommand(ours), environment: bootEnvironment(ours, theirs, rootFlag) };
  const bad = unspeakable(command);
  if (bad !== undefined) fail({ _tag: 'Refused', message: `${bad} has a control character in its name, and neither systemd nor cron takes that`, hint: 'rename it' });
  return command;
};
