import { isLeft } from 'fp-ts/Either';
import { fail, printable } from '../core/errors.ts';
import { humanSize } from '../core/sizes.ts';
import { pruneImages } from '../images/prune.ts';
import type { Pruned } from '../images/prune.ts';
import { confirm } from './confirm.ts';
import type { Context } from './context.ts';
import { exitOne } from './exit-one.ts';
import { imageStore } from './image-store.ts';
import { table } from './options/image-prune.ts';
import type { FlagsOf } from './options/table.ts';
import { warn } from './warn.ts';

export { table };

const questionFor = (all: boolean): string =>
  `WARNING! This will remove all ${all ? 'images without at least one container associated to them' : 'dangling images'}.\nAre you sure you want to continue?`;

/** Docker's report: a list where an image has gone, and always the space. */
const reportOf = ({ untagged, deleted, bytes }: Pruned): string => {
  const lines = [...untagged.map((name) => `untagged: ${name}`), ...deleted.map((digest) => `deleted: ${digest}`)];
  const list = lines.length === 0 ? '' : `Deleted Images:\n${lines.map((line) => `${printable(line)}\n`).join('')}\n`;
  return `${list}Total reclaimed space: ${humanSize(bytes)}\n`;
};

/** `skiff image prune`; 0 where the answer is no. */
export const run = async (context: Context, { all, filter, force }: FlagsOf<typeof table>): Promise<number> => {
  if (!force && !confirm(context, questionFor(all))) return 0;
  return await exitOne(context, async () => {
    const result = await pruneImages(imageStore(context), { all, filters: filter, now: Date.now() })();
    if (isLeft(result)) return fail(result.left);
    context.stdout.write(reportOf(result.right));
    for (const sentence of result.right.warnings) warn(context, sentence);
  });
};
