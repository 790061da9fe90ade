/** Looking at a container's root file system from outside, whether it runs or not. */
import { join } from 'node:path';
import { helperPath, keeperArguments } from '../system/helper.ts';
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';
import { hasProcess } from './container-state.ts';
import type { Container } from './records.ts';

const command = (role: 'view' | 'visit', paths: Paths, host: Host, { directory, state }: Container, words: readonly string[]): readonly string[] => {
  const target = hasProcess(state) ? [String(state.pid), state.pidStart] : ['0', '0'];
  return [helperPath(paths, 'skiff-helper'), role, ...keeperArguments(paths, host), join(directory, 'plan'), ...target, ...words];
};

/**
 * The argv that runs `words` (a command, absolute path first) as root of the container's user namespace, its working directory the container's
 * root file system as it is now, without volumes, /proc and whatever else is mounted in it. Of a container that does not run that
 * is a read-only mount which ends with the command. Starts the keeper when none lives.
 */
export const viewCommand = (paths: Paths, host: Host, container: Container, words: readonly string[]): readonly string[] => command('view', paths, host, container, words);

/**
 * The same for a command that may change files: with volumes, and while the container runs all else that is mounted there. Who visits a
 * container that does not run must hold its marker (`claimStart`), for it is written where a start would.
 */
export const visitCommand = (paths: Paths, host: Host, container: Container, words: readonly string[]): readonly string[] => command('visit', paths, host, container, words);
