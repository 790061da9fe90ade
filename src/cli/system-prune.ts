import { fail, printable } from '../core/errors.ts';
import { humanSize } from '../core/sizes.ts';
import { readPruneFilters } from '../images/prune-filters.ts';
import { readFilter } from '../runtime/list-filters.ts';
import { confirm } from './confirm.ts';
import { prune as pruneBuildCache } from './builder-prune.ts';
import { prune as pruneContainers } from './container-prune.ts';
import type { Context } from './context.ts';
import { exitOneForAll } from './exit-one.ts';
import { prune as pruneImages } from './image-prune.ts';
import { prune as pruneNetworks } from './network-prune.ts';
import { table } from './options/system-prune.ts';
import type { FlagsOf } from './options/table.ts';
import type { Pruned } from './pruned.ts';
import { prune as pruneVolumes } from './volume-prune.ts';
import { warn } from './warn.ts';

export { table };

type Flags = FlagsOf<typeof table>;

/** What builds remember has no labels, so it stays where somebody asks for one. */
const isOfAge = (filter: readonly string[]): boolean => filter.every((text) => text.startsWith('until='));

/** Docker's question (docker/cli, cli/command/system/prune.go), which names what will go, in the order in which it goes. */
export const questionFor = ({ all, volumes, filter }: Pick<Flags, 'all' | 'volumes' | 'filter'>): string => {
  const kinds = [
    'all stopped containers',
    'all networks not used by at least one container',
    ...(volumes ? ['all anonymous volumes not used by at least one container'] : []),
    all ? 'all images without at least one container associated to them' : 'all dangling images',
    ...(isOfAge(filter) ? [all ? 'all build cache' : 'unused build cache'] : []),
  ];
  const list = (items: readonly string[]): string => items.map((item) => `  - ${item}\n`).join('');
  const filters = filter.length === 0 ? '' : `  Items to be pruned will be filtered with:\n${list(filter.map(printable).sort())}\n`;
  return `WARNING! This will remove:\n${list(kinds)}\n${filters}Are you sure you want to continue?`;
};

type Step = () => Promise<Pruned>;

/** Containers first: what only they held is free then. */
const stepsFor = (context: Context, { all, volumes, filter }: Flags): readonly Step[] => [
  () => pruneContainers(context, filter),
  () => pruneNetworks(context, filter),
  ...(volumes ? [() => pruneVolumes(context, false, filter)] : []),
  () => pruneImages(context, all, filter),
  ...(isOfAge(filter) ? [() => pruneBuildCache(context, all, filter)] : []),
];

/** `skiff system prune`; 0 where the answer is no, 1 for a filter that there is not. What went before a failure has been said. */
export const run = async (context: Context, flags: Flags): Promise<number> => {
  for (const text of flags.filter) readFilter(text, '--filter');
  return await exitOneForAll(context, async () => {
    readPruneFilters(flags.filter, Date.now());
    if (flags.volumes && flags.filter.some((text) => readFilter(text, '--filter').key === 'until')) fail({ _tag: 'Usage', message: 'the "until" filter is not supported with "--volumes"', hint: 'leave one of them out' });
    if (!flags.force && !confirm(context, questionFor(flags))) return;
    let bytes = 0;
    for (const step of stepsFor(context, flags)) {
      const pruned = await step();
      bytes += pruned.bytes;
      context.stdout.write(pruned.list);
      for (const sentence of pruned.warnings) warn(context, sentence);
    }
    context.stdout.write(`Total reclaimed space: ${humanSize(bytes)}\n`);
  });
};
