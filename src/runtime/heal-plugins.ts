/** Volumes of plugins that are still mounted for containers which were killed with everybody who answered for them. */
import { spawn } from 'node:child_process';
import { ownCommand } from '../system/own-command.ts';
import { isLookedAfter } from '../volumes/held.ts';
import { isDue, mountedContainers, mountsOf } from '../volumes/plugins/mounts.ts';
import { makerIsAlive } from './markers.ts';
import { isAttended, readRawState } from './records.ts';
import type { Paths } from '../system/paths.ts';

const isInUse = (paths: Paths, id: string): boolean => {
  try {
    return makerIsAlive(paths, id) || isAttended(readRawState(paths, id));
  } catch {
    return false;
  }
};

/** Starts a command that has the plugins unmount, and does not wait for it: they may be slow. Those that have a process to see to it are left to that. */
export const unmountForgotten = (paths: Paths): void => {
  const { env } = process;
  for (const id of mountedContainers(paths)) {
    const left = isInUse(paths, id) ? [] : mountsOf(paths, id).filter((mount) => !isLookedAfter(paths, id, mount.volume) && isDue({ paths, env }, mount));
    if (left.length === 0) continue;
    const { program, args } = ownCommand(env);
    spawn(program, [...args, '--root', paths.root, '__unmount', id], { detached: true, stdio: 'ignore' }).unref();
  }
};
