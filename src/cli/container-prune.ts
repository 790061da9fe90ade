import { humanSize } from '../core/sizes.ts';
import { readFilter } from '../runtime/list-filters.ts';
import { pruneContainers } from '../runtime/prune.ts';
import { confirm } from './confirm.ts';
import type { Context } from './context.ts';
import { exitOneForAll } from './exit-one.ts';
import { table } from './options/container-prune.ts';
import type { FlagsOf } from './options/table.ts';
import { deletedList } from './pruned.ts';
import type { Pruned } from './pruned.ts';
import { surroundingsOf } from './surroundings.ts';
import { warn } from './warn.ts';

export { table };

const question = 'WARNING! This will remove all stopped containers.\nAre you sure you want to continue?';

/** Removes the containers that do not run, and reports it as Docker does. */
export const prune = async (context: Context, filter: readonly string[]): Promise<Pruned> => {
  const { ids, bytes, warnings } = await pruneContainers(surroundingsOf(context), filter, Date.now());
  return { list: deletedList('Deleted Containers', ids), bytes, warnings };
};

/** `skiff container prune`; 0 where the answer is no, 1 for a filter that there is not. */
export const run = async (context: Context, { filter, force }: FlagsOf<typeof table>): Promise<number> => {
  for (const text of filter) readFilter(text, '--filter');
  if (!force && !confirm(context, question)) return 0;
  return await exitOneForAll(context, async () => {
    const { list, bytes, warnings } = await prune(context, filter);
    context.stdout.write(`${list}Total reclaimed space: ${humanSize(bytes)}\n`);
    for (const sentence of warnings) warn(context, sentence);
  });
};
