import { isLeft } from 'fp-ts/Either';
import { fail, printable } from '../core/errors.ts';
import { humanSize } from '../core/sizes.ts';
import { pruneImages } from '../images/prune.ts';
import { confirm } from './confirm.ts';
import type { Context } from './context.ts';
import { exitOne } from './exit-one.ts';
import { imageStore } from './image-store.ts';
import { table } from './options/image-prune.ts';
import type { FlagsOf } from './options/table.ts';
import { deletedList } from './pruned.ts';
import type { Pruned } from './pruned.ts';
import { warn } from './warn.ts';

export { table };

const questionFor = (all: boolean): string =>
  `WARNING! This will remove all ${all ? 'images without at least one container associated to them' : 'dangling images'}.\nAre you sure you want to continue?`;

/** Removes images that are not used, with `all` those with names too, and reports it as Docker does. */
export const prune = async (context: Context, all: boolean, filters: readonly string[]): Promise<Pruned> => {
  const result = await pruneImages(imageStore(context), { all, filters, now: Date.now() })();
  if (isLeft(result)) return fail(result.left);
  const { untagged, deleted, bytes, warnings } = result.right;
  const lines = [...untagged.map((name) => `untagged: ${name}`), ...deleted.map((digest) => `deleted: ${digest}`)];
  return { list: deletedList('Deleted Images', lines.map(printable)), bytes, warnings };
};

/** `skiff image prune`; 0 where the answer is no. */
export const run = async (context: Context, { all, filter, force }: FlagsOf<typeof table>): Promise<number> => {
  if (!force && !confirm(context, questionFor(all))) return 0;
  return await exitOne(context, async () => {
    const { list, bytes, warnings } = await prune(context, all, filter);
    context.stdout.write(`${list}Total reclaimed space: ${humanSize(bytes)}\n`);
    for (const sentence of warnings) warn(context, sentence);
  });
};
