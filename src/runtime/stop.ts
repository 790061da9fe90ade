/** `skiff stop`: a signal, some time, SIGKILL. The monitor does all of it, and nobody else ever signals. */
import { SkiffFailure } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import type { Paths } from '../system/paths.ts';
import { noDeadline, orderStop } from './monitor-client.ts';
import type { StopReason } from './monitor-client.ts';
import { findContainer, readContainer } from './records.ts';
import type { Container } from './records.ts';

export interface StopOptions {
  /** Number; without it the container's own stop signal. */
  readonly signal?: number;
  /** Until SIGKILL; negative waits for ever. Without it the container's own time. */
  readonly seconds?: number;
  /** A person's wish without it. */
  readonly reason?: StopReason;
}

/** What became of one word of a command line. */
export interface Outcome {
  /** As typed. */
  readonly word: string;
  readonly error?: SkiffError;
}

const retryMs = 50;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The container as its record has it now, as long as it runs; one that is gone does not. */
const running = (paths: Paths, id: string): Container | undefined => {
  try {
    const container = readContainer(paths, id);
    return container.state.status === 'running' ? container : undefined;
  } catch (error) {
    if (error instanceof SkiffFailure && error.error._tag === 'NotFound') return undefined;
    throw error;
  }
};

/** Calls `ask` until a monitor answers, which has 32 places and may have lost its socket, or the container runs no more: then undefined. */
export const askWhileRunning = async <A>(paths: Paths, id: string, ask: () => Promise<A | undefined>): Promise<A | undefined> => {
  for (;;) {
    const answer = await ask();
    const container = answer === undefined ? running(paths, id) : undefined;
    if (container === undefined) return answer;
    (await import('./rouse.ts')).rouse(paths, container);
    await pause(retryMs);
  }
};

const graceOf = (seconds: number): number => (seconds < 0 ? noDeadline : Math.min(seconds * 1000, noDeadline));

/**
 * Ends a container and waits until it is cleared up: its stop signal, and SIGKILL when the time is over. A paused one goes on first.
 * One that does not run is left alone. The record's state is that of before: read it again.
 */
export const stopContainer = async (paths: Paths, { id, spec, state }: Container, { signal, seconds, reason = 'user' }: StopOptions = {}): Promise<void> => {
  if (state.status === 'exited') return;
  await askWhileRunning(paths, id, () => orderStop(paths, id, signal ?? spec.stopSignal.number, graceOf(seconds ?? spec.stopTimeout), reason));
};

/** Does `body` for the container behind each word, all at once. One outcome for each word, in order; what fails for one stops no other. */
export const forEachContainer = (paths: Paths, words: readonly string[], body: (container: Container, word: string) => Promise<void>): Promise<readonly Outcome[]> =>
  Promise.all(
    words.map(async (word): Promise<Outcome> => {
      try {
        await body(findContainer(paths, word), word);
        return { word };
      } catch (error) {
        if (!(error instanceof SkiffFailure)) throw error;
        return { word, error: error.error };
      }
    }),
  );

/** Stops containers, all at once: fifty take as long as the slowest. */
export const stopContainers = (paths: Paths, words: readonly string[], options: StopOptions): Promise<readonly Outcome[]> =>
  forEachContainer(paths, words, (container) => stopContainer(paths, container, options));
