/** Reads a log file line by line through a window of its own, forward only. */
import { readSync } from 'node:fs';

const newline = 0x0a;
const firstSize = 1 << 20;
/** The longest line that is kept whole: the monitor's have 100 kB, and attributes of a few megabytes at most. */
const maximumSize = 16 << 20;

/** Gets a line's bytes, `from` to `to` without the newline; they are only good for the time of the call. False ends the reading. */
export type TakeLine = (bytes: Buffer, from: number, to: number) => boolean;

export interface LineReader {
  /** Hands on the lines up to the file's end, `limit` (a position in it) or after so many bytes as one window has; tells which. */
  readonly read: (limit: number, take: TakeLine) => 'more' | 'end' | 'stopped';
  /** Hands on the lines of bytes that come from elsewhere, behind those that came before; false when that is not wanted. */
  readonly feed: (bytes: Uint8Array, take: TakeLine) => boolean;
  /** Goes to another file, or to another place; fd -1 where bytes are fed. */
  readonly go: (fd: number, position: number) => void;
  /** Whether bytes are left behind the last newline. */
  readonly hasRest: () => boolean;
}

export const lineReader = (): LineReader => {
  let buffer = Buffer.allocUnsafe(firstSize);
  let fd = -1;
  let position = 0;
  let length = 0;
  let overlong = false;

  /** Makes room behind what is left of the last line; a line that fits no window is dropped, and its end says so. */
  const makeRoom = (): void => {
    if (length < buffer.length) return;
    if (buffer.length < maximumSize) {
      const larger = Buffer.allocUnsafe(2 * buffer.length);
      buffer.copy(larger, 0, 0, length);
      buffer = larger;
    } else {
      overlong = true;
      length = 1;
    }
  };

  const handOn = (from: number, take: TakeLine): boolean => {
    const bytes = buffer.subarray(0, length);
    let start = 0;
    for (let at = bytes.indexOf(newline, from); at >= 0; at = bytes.indexOf(newline, start)) {
      // The beginning of an overlong line is gone: what is handed on for it is empty, which is no line of a log.
      const keep = take(buffer, overlong ? at : start, at);
      overlong = false;
      start = at + 1;
      if (!keep) return false;
    }
    buffer.copyWithin(0, start, length);
    length -= start;
    return true;
  };

  return {
    read: (limit, take) => {
      makeRoom();
      const wanted = Math.min(buffer.length - length, limit - position);
      const count = wanted <= 0 ? 0 : readSync(fd, buffer, length, wanted, position);
      if (count === 0) return 'end';
      const from = length;
      position += count;
      length += count;
      return handOn(from, take) ? 'more' : 'stopped';
    },
    feed: (bytes, take) => {
      for (let at = 0; at < bytes.length; ) {
        makeRoom();
        const from = length;
        const piece = bytes.subarray(at, at + buffer.length - length);
        buffer.set(piece, length);
        length += piece.length;
        at += piece.length;
        if (!handOn(from, take)) return false;
      }
      return true;
    },
    go: (to, at) => {
      fd = to;
      position = at;
      length = 0;
      overlong = false;
    },
    hasRest: () => length > 0,
  };
};
