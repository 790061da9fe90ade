/** The grammar of /etc/subuid and /etc/subgid, subuid(5): `name-or-uid:start:count` per line. */

/** One line of an id map, user_namespaces(7). */
export interface IdRange {
  readonly containerId: number;
  readonly hostId: number;
  readonly size: number;
}

const maximumId = 4294967294;
/** The kernel takes at most 340 extents in one map (user_namespaces(7), since 4.15); one is the caller's own id. */
const maximumRanges = 339;

/**
 * The ranges of `user` (by name or by number), in file order, without empty, overlapping or overflowing ones.
 * Lines that do not parse are skipped, as newuidmap skips them.
 */
export const parseSubordinateIds = (text: string, user: string, uid: number): readonly { readonly start: number; readonly count: number }[] => {
  const out: { start: number; count: number }[] = [];
  for (const line of text.split('\n')) {
    const [owner, first, size, ...rest] = line.trim().split(':');
    if ((owner !== user && owner !== String(uid)) || rest.length > 0 || first === undefined || size === undefined) continue;
    if (!/^\d{1,10}$/.test(first) || !/^\d{1,10}$/.test(size)) continue;
    const range = { start: Number(first), count: Number(size) };
    if (range.count === 0 || range.start + range.count - 1 > maximumId) continue;
    if (out.some((other) => range.start < other.start + other.count && other.start < range.start + range.count)) continue;
    if (out.length < maximumRanges) out.push(range);
  }
  return out;
};
