import { isLeft } from 'fp-ts/Either';
import { fail } from '../core/errors.ts';
import { humanSize } from '../core/sizes.ts';
import { timeAgo } from '../core/times.ts';
import { buildCache } from '../images/build-cache-prune.ts';
import type { CacheItem } from '../images/build-cache-prune.ts';
import type { Context } from './context.ts';
import { exitOne } from './exit-one.ts';
import { renderList } from './format.ts';
import type { ListView, Row } from './format.ts';
import { imageStore } from './image-store.ts';
import { table } from './options/buildx-du.ts';
import type { FlagsOf } from './options/table.ts';

export { table };

const view: ListView = {
  headings: { ID: 'ID', Reclaimable: 'RECLAIMABLE', Size: 'SIZE', CreatedSince: 'CREATED', Description: 'DESCRIPTION' },
  columns: ['ID', 'Reclaimable', 'Size', 'CreatedSince', 'Description'],
};

const rowOf = ({ id, isShared, bytes, created, text }: CacheItem): Row => ({
  ID: id.slice(0, 25),
  Reclaimable: String(!isShared),
  Size: humanSize(bytes),
  CreatedSince: created === 0 ? '' : timeAgo(created, Date.now()),
  Description: text.length > 60 ? `${text.slice(0, 59)}…` : text,
});

const total = (items: readonly CacheItem[]): string => humanSize(items.reduce((sum, { bytes }) => sum + bytes, 0));

/** `skiff buildx du`. */
export const run = (context: Context, { format }: FlagsOf<typeof table>): Promise<number> =>
  exitOne(context, async () => {
    const items = await buildCache(imageStore(context))();
    if (isLeft(items)) return fail(items.left);
    const list = await renderList(view, items.right.map(rowOf), { format }, context.stdout);
    context.stdout.write(list);
    if (format !== undefined) return;
    const own = items.right.filter(({ isShared }) => !isShared);
    context.stdout.write(`Shared:\t\t${total(items.right.filter(({ isShared }) => isShared))}\nReclaimable:\t${total(own)}\nTotal:\t\t${total(items.right)}\n`);
  });
