import { renderError } from '../core/errors.ts';
import { removeContainers } from '../runtime/remove.ts';
import { table } from './options/rm.ts';
import { surroundingsOf } from './surroundings.ts';
import type { Context } from './context.ts';
import type { FlagsOf } from './options/table.ts';

export { table };

/** `skiff rm`: prints each name that is gone; 1 when one of them could not be removed, as in Docker. */
export const run = async (context: Context, flags: FlagsOf<typeof table>, positionals: readonly string[]): Promise<number> => {
  const removals = await removeContainers(surroundingsOf(context), positionals, flags.force, flags.volumes);
  for (const { word, error } of removals) {
    if (error === undefined) context.stdout.write(`${word}\n`);
    // What is not there is as removed as it can be: with --force no failure, as in Docker.
    else context.stderr.write(`skiff: ${renderError(error)}\n`);
  }
  return removals.some(({ error }) => error !== undefined && !(flags.force && error._tag === 'NotFound')) ? 1 : 0;
};
