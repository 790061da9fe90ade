/** Looking at a container's root file system from outside, whether it runs or not. */
import { join } from 'node:path';
import { helperPath, keeperArguments } from '../system/helper.ts';
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';
import type { Container } from './records.ts';

/**
 * The argv that runs `command` (absolute path first) as root of the container's user namespace, its working directory the container's
 * root file system as it is now, without volumes, /proc and whatever else is mounted in it. Of a container that does not run that
 * is a read-only mount which ends with the command. Starts the keeper when none lives.
 */
export const viewCommand = (paths: Paths, host: Host, { directory, state }: Container, command: readonly string[]): readonly string[] => {
  const target = state.status === 'running' ? [String(state.pid), state.pidStart] : ['0', '0'];
  return [helperPath(paths, 'skiff-helper'), 'view', ...keeperArguments(paths, host), join(directory, 'plan'), ...target, ...command];
};
