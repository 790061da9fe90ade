import { isLeft } from 'fp-ts/Either';
import { tryCatch } from 'fp-ts/TaskEither';
import { renderError, toSkiffError } from '../core/errors.ts';
import { removeContainers } from '../runtime/remove.ts';
import { table } from './options/rm.ts';
import { surroundingsOf } from './surroundings.ts';
import type { SkiffError } from '../core/errors.ts';
import type { Paths } from '../system/paths.ts';
import type { Context } from './context.ts';
import type { FlagsOf } from './options/table.ts';

export { table };

const removeLinks = async (paths: Paths, words: readonly string[]): Promise<readonly { readonly word: string; readonly error?: SkiffError }[]> => {
  const { removeLink } = await import('../runtime/remove-link.ts');
  const removals: { word: string; error?: SkiffError }[] = [];
  for (const word of words) {
    const outcome = await tryCatch(() => removeLink(paths, word), toSkiffError('remove the link', word))();
    removals.push(isLeft(outcome) ? { word, error: outcome.left } : { word });
  }
  return removals;
};

/** `skiff rm`: prints each name that is gone; 1 when one of them could not be removed, as in Docker. */
export const run = async (context: Context, flags: FlagsOf<typeof table>, positionals: readonly string[]): Promise<number> => {
  const surroundings = surroundingsOf(context);
  const removals = flags.link ? await removeLinks(surroundings.paths, positionals) : await removeContainers(surroundings, positionals, flags.force, flags.volumes);
  for (const { word, error } of removals) {
    if (error === undefined) context.stdout.write(`${word}\n`);
    // What is not there is as removed as it can be: with --force no failure, as in Docker.
    else context.stderr.write(`skiff: ${renderError(error)}\n`);
  }
  return removals.some(({ error }) => error !== undefined && !(flags.force && error._tag === 'NotFound')) ? 1 : 0;
};
