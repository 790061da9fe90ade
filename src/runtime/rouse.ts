/** Monitors whose control sockets have gone, as when the runtime directory is removed at a logout and what was started goes on. */
import { spawnSync } from 'node:child_process';
import { lstatSync } from 'node:fs';
import { helperPath } from '../system/helper.ts';
import { socketPath } from './container-places.ts';
import type { Container } from './records.ts';
import type { Paths } from '../system/paths.ts';

/**
 * Has the monitor of a container that runs make its control socket anew, if that is not there, and waits for that, a second at most. A process that has
 * got the monitor's pid gets no signal. Idempotent.
 */
export const rouse = (paths: Paths, { id, state }: Container): void => {
  const socket = socketPath(paths, id);
  if (state.status !== 'running' || lstatSync(socket, { throwIfNoEntry: false }) !== undefined) return;
  spawnSync(helperPath(paths, 'skiff-helper'), ['rouse', `${state.monitorPid}`, state.monitorStart, socket], { stdio: 'ignore' });
};
