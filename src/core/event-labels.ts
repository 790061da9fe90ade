/** Labels among the attributes of events. Pure. */

/** Bytes of labels that an event carries: a hostile image may bring megabytes, and each event would repeat them. */
const maximumBytes = 65536;

/** `labels` by name, as far as they fit; one that does not is left out whole, for half of it would be untrue. */
export const eventLabels = (labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> => {
  let left = maximumBytes;
  const kept = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)).filter(([name, value]) => {
    const size = Buffer.byteLength(name) + Buffer.byteLength(value);
    if (size > left) return false;
    left -= size;
    return true;
  });
  return Object.fromEntries(kept);
};
