import { readPruneFilters } from '../images/prune-filters.ts';
import { pruneNetworks } from '../network/remove.ts';
import { heal } from '../runtime/heal.ts';
import { readFilter } from '../runtime/list-filters.ts';
import { confirm } from './confirm.ts';
import { exitOneForAll } from './exit-one.ts';
import { table } from './options/network-prune.ts';
import { deletedList } from './pruned.ts';
import { surroundingsOf } from './surroundings.ts';
import { warn } from './warn.ts';
import type { Context } from './context.ts';
import type { FlagsOf } from './options/table.ts';
import type { Pruned } from './pruned.ts';

export { table };

const question = 'WARNING! This will remove all custom networks not used by at least one container.\nAre you sure you want to continue?';

/** Removes the networks that nobody is in, and reports it as Docker does. */
export const prune = async (context: Context, filter: readonly string[]): Promise<Pruned> => {
  const { paths, host } = surroundingsOf(context);
  heal(paths, host);
  const { limit, passes } = readPruneFilters(filter, Date.now());
  const { names, warnings } = await pruneNetworks(paths, ({ created, labels }) => Date.parse(created) <= limit && passes(labels));
  return { list: deletedList('Deleted Networks', names), bytes: 0, warnings };
};

/** `skiff network prune`; 0 where the answer is no, 1 for a filter that there is not. */
export const run = async (context: Context, { filter, force }: FlagsOf<typeof table>): Promise<number> => {
  for (const text of filter) readFilter(text, '--filter');
  if (!force && !confirm(context, question)) return 0;
  return await exitOneForAll(context, async () => {
    const { list, warnings } = await prune(context, filter);
    context.stdout.write(list);
    for (const sentence of warnings) warn(context, sentence);
  });
};
