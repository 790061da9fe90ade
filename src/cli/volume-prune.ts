import { fail } from '../core/errors.ts';
import { humanSize } from '../core/sizes.ts';
import { readPruneFilters } from '../images/prune-filters.ts';
import { heal } from '../runtime/heal.ts';
import { readFilter } from '../runtime/list-filters.ts';
import { volumeUsage } from '../runtime/volume-usage.ts';
import { tellVolumesPruned } from '../volumes/events.ts';
import { pruneVolumes } from '../volumes/remove.ts';
import { confirm } from './confirm.ts';
import { exitOneForAll } from './exit-one.ts';
import { table } from './options/volume-prune.ts';
import { deletedList } from './pruned.ts';
import { surroundingsOf } from './surroundings.ts';
import { warn } from './warn.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import type { Context } from './context.ts';
import type { FlagsOf } from './options/table.ts';
import type { Pruned } from './pruned.ts';

export { table };

const questionFor = (all: boolean): string =>
  `WARNING! This will remove ${all ? 'all local volumes' : 'anonymous local volumes'} not used by at least one container.\nAre you sure you want to continue?`;

/** `all` may be said as a filter too (moby API 1.42). The others are label and label!. */
const readFilters = (filter: readonly string[]): { readonly all: boolean; readonly rest: readonly string[] } => {
  const parsed = filter.map((text) => readFilter(text, '--filter'));
  const alls = parsed.filter(({ key }) => key === 'all');
  const wrong = alls.find(({ value }) => !['0', '1', 'true', 'false'].includes(value));
  if (wrong !== undefined) fail({ _tag: 'Usage', message: `invalid filter 'all=${wrong.value}'`, hint: 'use true or false' });
  const until = parsed.find(({ key }) => key === 'until');
  if (until !== undefined) fail({ _tag: 'Usage', message: `invalid filter 'until'`, hint: 'the filters are all, label and label!' });
  return { all: alls.some(({ value }) => value === '1' || value === 'true'), rest: filter.filter((_, at) => parsed[at]?.key !== 'all') };
};

const sizesOf = async ({ paths, host }: Surroundings): Promise<ReadonlyMap<string, number>> => {
  const usage = await volumeUsage(paths, host)();
  return usage._tag === 'Left' ? fail(usage.left) : new Map(usage.right.volumes.map(({ volume, bytes = 0 }) => [volume.name, bytes]));
};

/** Removes the volumes that no container names, anonymous ones only unless `all`, and reports it as Docker does. */
export const prune = async (context: Context, all: boolean, filter: readonly string[]): Promise<Pruned> => {
  const surroundings = surroundingsOf(context);
  heal(surroundings.paths, surroundings.host);
  const { all: allToo, rest } = readFilters(filter);
  const { passes } = readPruneFilters(rest, Date.now());
  const sizes = await sizesOf(surroundings);
  const { names, warnings } = await pruneVolumes(surroundings, all || allToo, ({ labels }) => passes(labels));
  const bytes = names.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
  tellVolumesPruned(surroundings.paths, bytes);
  return { list: deletedList('Deleted Volumes', names), bytes, warnings };
};

/** `skiff volume prune`; 0 where the answer is no, 1 for a filter that there is not. */
export const run = async (context: Context, { all, filter, force }: FlagsOf<typeof table>): Promise<number> => {
  for (const text of filter) readFilter(text, '--filter');
  if (!force && !confirm(context, questionFor(all))) return 0;
  return await exitOneForAll(context, async () => {
    const { list, bytes, warnings } = await prune(context, all, filter);
    context.stdout.write(`${list}Total reclaimed space: ${humanSize(bytes)}\n`);
    for (const sentence of warnings) warn(context, sentence);
  });
};
