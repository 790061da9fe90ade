/** What builds remember, as `system df` shows it. */
import type { Digest } from '../core/digest.ts';
import { humanSize } from '../core/sizes.ts';
import { timeAgo } from '../core/times.ts';
import type { CacheItem } from '../images/build-cache-prune.ts';
import type { ListView, Row } from './format.ts';

/** By `StoreUsage.cached`. */
type Cached = ReadonlyMap<Digest, number>;

/** On disk, and free without it: nothing of layers that an image has, and of those that several steps have once. */
export const cacheBytes = (items: readonly CacheItem[], cached: Cached): number =>
  [...cached.values(), ...items.filter(({ kind }) => kind === 'mount').map(({ bytes }) => bytes)].reduce((sum, bytes) => sum + bytes, 0);

/** Docker's columns. */
export const cacheView: ListView = {
  headings: { ID: 'CACHE ID', CacheType: 'CACHE TYPE', Size: 'SIZE', CreatedSince: 'CREATED', LastUsedSince: 'LAST USED', UsageCount: 'USAGE', Shared: 'SHARED' },
  columns: ['ID', 'CacheType', 'Size', 'CreatedSince', 'LastUsedSince', 'UsageCount', 'Shared'],
};

/** With the members that Docker has of it; when and how often it was used is not written down. */
export const cacheItemRow = ({ id, kind, text, bytes, created, diffId, isShared }: CacheItem, cached: Cached, now: number, whole: boolean): Row => ({
  CacheType: kind === 'mount' ? 'exec.cachemount' : 'regular',
  CreatedSince: created === 0 ? 'N/A' : timeAgo(created, now),
  Description: text,
  ID: whole ? id : id.slice(0, 12),
  InUse: 'false',
  LastUsedSince: 'N/A',
  Shared: String(isShared),
  Size: humanSize((diffId === undefined ? undefined : cached.get(diffId)) ?? bytes),
  UsageCount: 'N/A',
});
