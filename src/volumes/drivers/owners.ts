/** Owners in the options of volumes that are mounted: ids of containers, which the mount, in the keeper's namespace, has as the host's. Pure. */
import { usage } from '../../core/invalid.ts';
import type { IdRange } from '../../system/host.ts';

export type OwnerIds = Readonly<Record<'uid' | 'gid', readonly IdRange[]>>;

const hostIdOf = (ranges: readonly IdRange[], id: number): number | undefined => {
  const range = ranges.find(({ containerId, size }) => id >= containerId && id < containerId + size);
  return range === undefined ? undefined : range.hostId + (id - range.containerId);
};

const ownerKeys = ['uid', 'gid'] as const;

/** The mount option `word`, where it is `uid=` or `gid=` with the host's id in place of the containers'. Throws Usage for an id that no container has. */
export const withHostOwner = (word: string, ids: OwnerIds): string => {
  const [key = '', value = ''] = word.split(/=(.*)/s);
  const owner = ownerKeys.find((name) => name === key);
  if (owner === undefined) return word;
  const id = /^\d{1,10}$/.test(value) ? hostIdOf(ids[owner], Number(value)) : undefined;
  return id === undefined ? usage(`invalid option o=${word}: containers have no such ${owner === 'uid' ? 'user' : 'group'} id here`) : `${owner}=${id}`;
};
