/** `skiff rm`. */
import { fail, SkiffFailure } from '../core/errors.ts';
import { discard, heal } from './heal.ts';
import { orderStop } from './monitor-client.ts';
import { readContainer, resolveId, statusWord } from './records.ts';
import { askWhileRunning } from './stop.ts';
import type { SkiffError } from '../core/errors.ts';
import type { Surroundings } from './surroundings.ts';

const sigkill = 9;

export interface Removal {
  /** As typed. */
  readonly word: string;
  readonly error?: SkiffError;
}

const prepare = async ({ paths }: Surroundings, word: string, force: boolean): Promise<string> => {
  const id = resolveId(paths, word);
  const { state } = readContainer(paths, id);
  if (state.status !== 'running') return id;
  if (!force) {
    return fail({ _tag: 'Conflict', message: `cannot remove container "${word}": it is ${statusWord(state)}`, hint: `stop it before, or use 'skiff rm -f ${word}'` });
  }
  await askWhileRunning(paths, id, () => orderStop(paths, id, sigkill, 0, 'force'));
  return id;
};

/** A damaged record cannot say whether it runs, but its monitor can be asked; with force it goes all the same. */
const prepareDamaged = async ({ paths }: Surroundings, word: string, force: boolean, error: SkiffError): Promise<string> => {
  if (!force || error._tag !== 'Corrupt') return fail(error);
  const id = resolveId(paths, word);
  await orderStop(paths, id, sigkill, 0, 'force');
  return id;
};

const attempt = async (surroundings: Surroundings, word: string, force: boolean): Promise<{ readonly word: string; readonly id?: string; readonly error?: SkiffError }> => {
  try {
    return { word, id: await prepare(surroundings, word, force) };
  } catch (caught) {
    if (!(caught instanceof SkiffFailure)) throw caught;
    try {
      return { word, id: await prepareDamaged(surroundings, word, force, caught.error) };
    } catch {
      return { word, error: caught.error };
    }
  }
};

/**
 * Removes containers, given by name or id; with `force` those that run are killed first, all at once; with `volumes` their anonymous volumes go with them, unless
 * another container names them. One result for each word, in
 * order. Idempotent but for the error about what is not there.
 */
export const removeContainers = async (surroundings: Surroundings, words: readonly string[], force: boolean, volumes: boolean): Promise<readonly Removal[]> => {
  const { paths, host } = surroundings;
  heal(paths, host);
  const results = await Promise.all(words.map((word) => attempt(surroundings, word, force)));
  discard(paths, host, [...new Set(results.flatMap(({ id }) => (id === undefined ? [] : [id])))], volumes);
  return results.map(({ word, error }) => (error === undefined ? { word } : { word, error }));
};
