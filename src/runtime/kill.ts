/** `skiff kill`: one signal for a container's command. */
import { fail } from '../core/errors.ts';
import { shortId } from '../core/names.ts';
import type { Paths } from '../system/paths.ts';
import { orderKill, orderStop } from './monitor-client.ts';
import { askWhileRunning, forEachContainer } from './stop.ts';
import type { Outcome } from './stop.ts';

const sigkill = 9;

/** SIGKILL is waited for, as in Docker: when the command has ended, so has the container. */
const send = async (paths: Paths, id: string, signal: number): Promise<boolean> => {
  if (signal === sigkill) return (await orderStop(paths, id, sigkill, 0, 'force')) !== undefined;
  return (await orderKill(paths, id, signal)) === 'done';
};

/** Sends `signal` (a number) to the command of each container, through its monitor. One that does not run is an error. */
export const killContainers = (paths: Paths, words: readonly string[], signal: number): Promise<readonly Outcome[]> =>
  forEachContainer(paths, words, async ({ id, state }, word) => {
    const sent = state.status === 'running' && (await askWhileRunning(paths, id, async () => ((await send(paths, id, signal)) ? true : undefined)));
    if (sent !== true) fail({ _tag: 'Conflict', message: `cannot kill container: ${word}: container ${shortId(id)} is not running` });
  });
