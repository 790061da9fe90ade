/** `skiff pause` and `unpause`: every process of a container stands still. */
import { fail } from '../core/errors.ts';
import { shortId } from '../core/names.ts';
import type { Paths } from '../system/paths.ts';
import { orderPause } from './monitor-client.ts';
import type { OrderResult } from './monitor-client.ts';
import { requireProcess } from './records.ts';
import type { Container } from './records.ts';
import { askWhileRunning, forEachContainer } from './stop.ts';
import type { Outcome } from './stop.ts';

const refuse = (result: OrderResult | undefined, id: string, word: string, pause: boolean): never => {
  if (result === 'already') return fail({ _tag: 'Conflict', message: `container ${shortId(id)} is ${pause ? 'already' : 'not'} paused` });
  if (result === 'failed') return fail({ _tag: 'Refused', message: `cannot pause container ${word}: one of its processes cannot be stopped now`, hint: 'try again' });
  return fail({ _tag: 'Conflict', message: `container ${word} is not running`, hint: "see 'skiff ps -a'" });
};

/**
 * Stops all processes of a running container (`pause`), or lets them go on; when it returns they stand still, and the record says so.
 * Throws Conflict where it does not run or is as wanted already, Refused where a process cannot be stopped within 2 s.
 */
export const setPaused = async (paths: Paths, container: Container, pause: boolean, word = container.spec.name): Promise<void> => {
  const { id } = requireProcess(word, container);
  const result = await askWhileRunning(paths, id, () => orderPause(paths, id, pause));
  if (result !== 'done') refuse(result, id, word, pause);
};

/** `setPaused` for the container behind each word, all at once. */
export const setAllPaused = (paths: Paths, words: readonly string[], pause: boolean): Promise<readonly Outcome[]> =>
  forEachContainer(paths, words, (container, word) => setPaused(paths, container, pause, word));
