/** Id maps of a container's user namespace, which is a child of the keeper's (user_namespaces(7)). */

/** `size` ids from `containerID` inside stand for those from `hostID` in the parent namespace; named as in OCI's config.json. */
export interface IdMapping {
  readonly containerID: number;
  readonly hostID: number;
  readonly size: number;
}

/** A run of container ids and where it begins on the host, which is how the keeper's namespace calls it too. */
export interface Extent {
  readonly containerId: number;
  readonly hostId: number;
  readonly size: number;
}

/** The ids as they are by default. Extents are repeated one by one: the kernel wants each line within one of the parent's. */
export const defaultMap = (extents: readonly Extent[]): readonly IdMapping[] =>
  extents.map(({ containerId, hostId, size }) => ({ containerID: containerId, hostID: hostId, size }));

/** A map as the kernel reads it, /proc/PID/uid_map in user_namespaces(7). */
export const mapText = (map: readonly IdMapping[]): string => map.map(({ containerID, hostID, size }) => `${containerID} ${hostID} ${size}\n`).join('');

/** Where the ids of one extent go when id 0, the caller, is shown as `self` and 1 to `self` move down by one. */
const shifted = ({ containerId: first, hostId, size: length }: Extent, self: number): readonly IdMapping[] => {
  const pieces = [
    { from: 0, to: 1, by: self },
    { from: 1, to: self + 1, by: -1 },
    { from: self + 1, to: Infinity, by: 0 },
  ];
  return pieces.flatMap(({ from, to, by }) => {
    const start = Math.max(first, from);
    const size = Math.min(first + length, to) - start;
    return size > 0 ? [{ containerID: start + by, hostID: hostId + start - first, size }] : [];
  });
};

/** The map in which the caller is `self` inside, and everybody else fills the other ids from 0. */
export const keepIdMap = (extents: readonly Extent[], self: number): readonly IdMapping[] =>
  extents.flatMap((extent) => shifted(extent, self)).toSorted((a, b) => a.containerID - b.containerID);

/** `length` ids that are `host` and up on disk appear as `mapped` and up. */
export interface IdShift {
  readonly host: number;
  readonly mapped: number;
  readonly length: number;
}

/** How ids written on disk by the map `stored` must appear, so that a container with the map `shown` sees the same ids inside. */
export const shiftBetween = (stored: readonly IdMapping[], shown: readonly IdMapping[]): readonly IdShift[] =>
  stored.flatMap((from) =>
    shown.flatMap((to) => {
      const start = Math.max(from.containerID, to.containerID);
      const length = Math.min(from.containerID + from.size, to.containerID + to.size) - start;
      return length > 0 ? [{ host: from.hostID + start - from.containerID, mapped: to.hostID + start - to.containerID, length }] : [];
    }),
  );

/** Whether `id` exists inside. */
export const isMapped = (map: readonly IdMapping[], id: number): boolean =>
  map.some(({ containerID, size }) => id >= containerID && id < containerID + size);

/** One past the highest id of the run that begins at 0; 0 if 0 is not mapped. */
export const contiguousIds = (map: readonly IdMapping[]): number => {
  let next = 0;
  for (const { containerID, size } of map.toSorted((a, b) => a.containerID - b.containerID)) {
    if (containerID === next) next += size;
  }
  return next;
};
