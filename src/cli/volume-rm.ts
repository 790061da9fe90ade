import { renderError } from '../core/errors.ts';
import { heal } from '../runtime/heal.ts';
import { removeVolumes } from '../volumes/remove.ts';
import { table } from './options/volume-rm.ts';
import { surroundingsOf } from './surroundings.ts';
import type { Context } from './context.ts';
import type { FlagsOf } from './options/table.ts';

export { table };

/** `skiff volume rm`: prints each name that is gone; 1 when one of them could not be removed, as in Docker. */
export const run = async (context: Context, { force }: FlagsOf<typeof table>, words: readonly string[]): Promise<number> => {
  const surroundings = surroundingsOf(context);
  heal(surroundings.paths, surroundings.host);
  const removals = await removeVolumes(surroundings, words, force);
  for (const { word, error } of removals) {
    if (error === undefined) context.stdout.write(`${word}\n`);
    else context.stderr.write(`skiff: ${renderError(error)}\n`);
  }
  return removals.some(({ error }) => error !== undefined) ? 1 : 0;
};
