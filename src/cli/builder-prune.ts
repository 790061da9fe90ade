import { isLeft } from 'fp-ts/Either';
import { fail } from '../core/errors.ts';
import { usage } from '../core/invalid.ts';
import { humanSize, parseSize } from '../core/sizes.ts';
import { pruneBuildCache } from '../images/build-cache-prune.ts';
import { parseUntil } from '../images/prune-filters.ts';
import { confirm } from './confirm.ts';
import type { Context } from './context.ts';
import { exitOne } from './exit-one.ts';
import { imageStore } from './image-store.ts';
import { table } from './options/builder-prune.ts';
import type { FlagsOf } from './options/table.ts';
import { deletedList } from './pruned.ts';
import type { Pruned } from './pruned.ts';
import { warn } from './warn.ts';

export { table };

/** Docker's question. */
const questionFor = (all: boolean): string => `WARNING! This will remove all ${all ? 'build cache' : 'dangling build cache'}.\nAre you sure you want to continue?`;

const untilOf = (filters: readonly string[]): { readonly until?: number } => {
  const times = filters.map((filter) => {
    const [, time] = /^(?:until|unused-for)=(.+)$/.exec(filter) ?? [];
    return time === undefined ? usage(`invalid filter '${filter}'`, 'give until=TIME') : parseUntil(time, Date.now());
  });
  return times.length === 0 ? {} : { until: Math.min(...times) };
};

/** Forgets what builds remember, and reports it as Docker does. */
export const prune = async (context: Context, all: boolean, filters: readonly string[], keep?: number): Promise<Pruned> => {
  const result = await pruneBuildCache(imageStore(context), { all, ...untilOf(filters), ...(keep === undefined ? {} : { keep }) })();
  if (isLeft(result)) return fail(result.left);
  const { items, bytes, warnings } = result.right;
  return { list: deletedList('Deleted build cache objects', items.map(({ id }) => id)), bytes, warnings };
};

/** `skiff builder prune`; 0 where the answer is no. */
export const run = async (context: Context, { all, filter, force, keepStorage }: FlagsOf<typeof table>): Promise<number> => {
  const keep = keepStorage === undefined ? undefined : (parseSize(keepStorage) ?? usage(`invalid --keep-storage '${keepStorage}'`, 'write a size such as 10g'));
  if (!force && !confirm(context, questionFor(all))) return 0;
  return await exitOne(context, async () => {
    const { list, bytes, warnings } = await prune(context, all, filter, keep);
    context.stdout.write(`${list}Total reclaimed space: ${humanSize(bytes)}\n`);
    for (const sentence of warnings) warn(context, sentence);
  });
};
