/** What the file of events says already: a monitor that was killed may have told of the end before. */
import { decodeEvent } from '../core/events.ts';
import { openEvents } from '../system/event-reader.ts';
import type { Paths } from '../system/paths.ts';

/** Whether `action` has been told of container `id` since then (milliseconds since 1970). Reads all that is stored; what cannot be read has not been told. */
export const isTold = (paths: Paths, id: string, action: string, since: number): boolean => {
  const from = BigInt(since) * 1_000_000n;
  let found = false;
  try {
    const reader = openEvents(paths, false);
    try {
      reader.read((line) => {
        if (found || !line.includes(id)) return;
        const event = decodeEvent(line);
        found = event !== undefined && event.id === id && event.action === action && event.nanoseconds >= from;
      });
    } finally {
      reader.close();
    }
  } catch {
    // An event never fails a command.
  }
  return found;
};
