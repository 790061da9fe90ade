import { isLeft } from 'fp-ts/Either';
import { fail } from '../core/errors.ts';
import { humanSize } from '../core/sizes.ts';
import { buildCache } from '../images/build-cache-prune.ts';
import type { CacheItem } from '../images/build-cache-prune.ts';
import { storeUsage } from '../images/usage.ts';
import type { StoreUsage } from '../images/usage.ts';
import { containerUsage } from '../runtime/container-usage.ts';
import type { ContainerUsage } from '../runtime/container-usage.ts';
import { volumeUsage } from '../runtime/volume-usage.ts';
import type { VolumeUsage } from '../runtime/volume-usage.ts';
import type { Context } from './context.ts';
import { exitOne } from './exit-one.ts';
import { renderList } from './format.ts';
import type { ListView, Row } from './format.ts';
import { imageStore } from './image-store.ts';
import { table } from './options/system-df.ts';
import { cacheBytes } from './system-df-cache.ts';
import type { FlagsOf } from './options/table.ts';
import { warn } from './warn.ts';

export { table };

const view: ListView = {
  headings: { Type: 'TYPE', TotalCount: 'TOTAL', Active: 'ACTIVE', Size: 'SIZE', Reclaimable: 'RECLAIMABLE' },
  columns: ['Type', 'TotalCount', 'Active', 'Size', 'Reclaimable'],
};

/** Docker's rounding: down to whole per cent, and none of nothing. */
const share = (part: number, whole: number): string => (whole > 0 ? `${humanSize(part)} (${Math.floor((part * 100) / whole)}%)` : humanSize(part));

const rowOf = (type: string, total: number, active: number, size: number, reclaimable: string): Row => ({
  Type: type,
  TotalCount: String(total),
  Active: String(active),
  Size: humanSize(size),
  Reclaimable: reclaimable,
});

const sum = (usages: readonly ContainerUsage[]): number => usages.reduce((total, { bytes }) => total + bytes, 0);

/** Volumes whose data are elsewhere count, and have no size here. */
const volumesRow = (volumes: readonly VolumeUsage[]): Row => {
  const bytesOf = (some: readonly VolumeUsage[]): number => some.reduce((total, { bytes = 0 }) => total + bytes, 0);
  const unused = volumes.filter(({ links }) => links === 0);
  return rowOf('Local Volumes', volumes.length, volumes.length - unused.length, bytesOf(volumes), share(bytesOf(unused), bytesOf(volumes)));
};

/** Steps whose layers images have are active, and take nothing beyond those. */
const cacheRow = (items: readonly CacheItem[], { cached }: StoreUsage): Row => {
  const bytes = cacheBytes(items, cached);
  return rowOf('Build Cache', items.length, items.filter(({ isShared }) => isShared).length, bytes, humanSize(bytes));
};

/** Docker's four lines. Leftovers have one of their own when there are any. */
const rowsOf = (store: StoreUsage, containers: readonly ContainerUsage[], volumes: readonly VolumeUsage[], cache: readonly CacheItem[]): readonly Row[] => {
  const { images, total, reclaimable, leftovers } = store;
  const ended = containers.filter(({ container }) => container.state.status !== 'running');
  return [
    rowOf('Images', images.length, images.filter((image) => image.containers > 0).length, total, share(reclaimable, total)),
    rowOf('Containers', containers.length, containers.length - ended.length, sum(containers), share(sum(ended), sum(containers))),
    volumesRow(volumes),
    cacheRow(cache, store),
    ...(leftovers.count === 0 ? [] : [rowOf('Leftovers', leftovers.count, 0, leftovers.bytes, share(leftovers.bytes, leftovers.bytes))]),
  ];
};

const show = async (context: Context, { format, verbose }: FlagsOf<typeof table>): Promise<void> => {
  const store = imageStore(context);
  const images = await storeUsage(store)();
  if (isLeft(images)) return fail(images.left);
  const containers = await containerUsage(store.paths, store.host)();
  if (isLeft(containers)) return fail(containers.left);
  const volumes = await volumeUsage(store.paths, store.host)();
  if (isLeft(volumes)) return fail(volumes.left);
  const cache = await buildCache(store)();
  if (isLeft(cache)) return fail(cache.left);
  if (verbose) {
    const { renderDetails } = await import('./system-df-details.ts');
    context.stdout.write(await renderDetails({ store: images.right, containers: containers.right, volumes: volumes.right.volumes, cache: cache.right }, format, context.stdout));
  } else {
    context.stdout.write(await renderList(view, rowsOf(images.right, containers.right, volumes.right.volumes, cache.right), { format }, context.stdout));
  }
  for (const sentence of new Set([...images.right.warnings, ...volumes.right.warnings])) warn(context, sentence);
};

/** `skiff system df`. */
export const run = (context: Context, flags: FlagsOf<typeof table>): Promise<number> => exitOne(context, () => show(context, flags));
