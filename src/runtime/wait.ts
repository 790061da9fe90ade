/** `skiff wait`: the exit code of a container that has ended, or will. */
import { SkiffFailure } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import type { Paths } from '../system/paths.ts';
import { awaitExit } from './monitor-client.ts';
import { findContainer, readContainer } from './records.ts';
import { askWhileRunning } from './stop.ts';

export type Ending = { readonly code: number } | { readonly error: SkiffError };

const endingOf = async (paths: Paths, word: string): Promise<number> => {
  const { id, state } = findContainer(paths, word);
  if (state.status !== 'running') return state.exitCode;
  return (await askWhileRunning(paths, id, () => awaitExit(paths, id))) ?? readContainer(paths, id).state.exitCode;
};

/**
 * The exit code of the container behind `word` as soon as it does not run: at once for one that has ended, or has not been started.
 * An error is a result, so that waiting can begin for several and be looked at one after the other.
 */
export const waitForContainer = async (paths: Paths, word: string): Promise<Ending> => {
  try {
    return { code: await endingOf(paths, word) };
  } catch (error) {
    if (!(error instanceof SkiffFailure)) throw error;
    return { error: error.error };
  }
};
