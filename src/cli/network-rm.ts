import { renderError } from '../core/errors.ts';
import { removeNetworks } from '../network/remove.ts';
import { heal } from '../runtime/heal.ts';
import { table } from './options/network-rm.ts';
import { surroundingsOf } from './surroundings.ts';
import type { Context } from './context.ts';
import type { FlagsOf } from './options/table.ts';

export { table };

/** `skiff network rm`: prints each name that is gone; 1 when one of them could not be removed, as in Docker. */
export const run = async (context: Context, { force }: FlagsOf<typeof table>, words: readonly string[]): Promise<number> => {
  const surroundings = surroundingsOf(context);
  heal(surroundings.paths, surroundings.host);
  const removals = await removeNetworks(surroundings.paths, words);
  const failures = removals.flatMap(({ error }) => (error === undefined || (force && error._tag === 'NotFound') ? [] : [error]));
  for (const { word, error } of removals) {
    if (error === undefined) context.stdout.write(`${word}\n`);
    else if (failures.includes(error)) context.stderr.write(`skiff: ${renderError(error)}\n`);
  }
  return failures.length > 0 ? 1 : 0;
};
