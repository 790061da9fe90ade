/**
 * Reads the file of events line by line, and goes on with what is appended, across rotation. A file is moved away only when the one before
 * has been there for a while (helpers/events.h), so that a reader has time to find each; and whoever had it open may still write to it, so
 * the file that was moved away last stays open too.
 */
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { eventsPath, fullEventsPath } from './events.ts';
import type { Paths } from './paths.ts';

interface OpenFile {
  readonly fd: number;
  readonly inode: number;
  position: number;
  /** The beginning of a line whose end is not there yet. */
  rest: Buffer;
}

/** Gets a line without its newline. */
export type TakeEventLine = (line: string) => void;

export interface EventReader {
  /** Hands on every whole line that is there by now and was not yet. */
  readonly read: (take: TakeEventLine) => void;
  readonly close: () => void;
}

const newline = 0x0a;
const chunkSize = 1 << 18;
/** A line that is longer is none of ours. */
const maximumLine = 16 << 20;

const openFile = (path: string): OpenFile | undefined => {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    return { fd, inode: fstatSync(fd).ino, position: 0, rest: Buffer.alloc(0) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
};

const inodeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.ino;

/** Hands on the lines of `bytes` and keeps what is behind the last of them. */
const split = (file: OpenFile, bytes: Buffer, take: TakeEventLine): void => {
  let from = 0;
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, from)) {
    const head = file.rest.length === 0 ? bytes.subarray(from, at) : Buffer.concat([file.rest, bytes.subarray(from, at)]);
    file.rest = Buffer.alloc(0);
    if (head.length > 0) take(head.toString('utf8'));
    from = at + 1;
  }
  if (from < bytes.length) file.rest = Buffer.concat([file.rest, bytes.subarray(from)]);
  if (file.rest.length > maximumLine) file.rest = file.rest.subarray(0, 1);
};

const readFile = (file: OpenFile, take: TakeEventLine): boolean => {
  const buffer = Buffer.allocUnsafe(chunkSize);
  // Somebody has emptied it.
  if (fstatSync(file.fd).size < file.position) Object.assign(file, { position: 0, rest: Buffer.alloc(0) });
  let any = false;
  for (;;) {
    const length = readSync(file.fd, buffer, 0, chunkSize, file.position);
    if (length === 0) return any;
    any = true;
    file.position += length;
    split(file, buffer.subarray(0, length), take);
  }
};

/** The files that are there now, the older first. While they are opened one may be moved to the other's place. */
const openBoth = (paths: Pick<Paths, 'host'>): readonly OpenFile[] => {
  for (;;) {
    const [current, full] = [openFile(eventsPath(paths)), openFile(fullEventsPath(paths))];
    if (current === undefined || full === undefined) return [full, current].filter((file) => file !== undefined);
    if (current.inode !== full.inode) return [full, current];
    closeSync(current.fd);
    closeSync(full.fd);
  }
};

/** Begins before the oldest event that is kept, or with `fresh` behind the newest. Errors: errno errors of files that cannot be read. */
export const openEvents = (paths: Pick<Paths, 'host'>, fresh: boolean): EventReader => {
  const files = [...openBoth(paths)];
  if (fresh) for (const file of files) file.position = fstatSync(file.fd).size;

  const openNew = (): boolean => {
    const [inode, fullInode] = [inodeOf(eventsPath(paths)), inodeOf(fullEventsPath(paths))];
    const isKnown = (wanted: number | undefined): boolean => wanted === undefined || files.some((file) => file.inode === wanted);
    if (isKnown(inode) && isKnown(fullInode)) return false;
    for (const file of openBoth(paths)) {
      if (isKnown(file.inode)) closeSync(file.fd);
      else files.push(file);
    }
    return true;
  };

  /** Nobody can find the others any more; who had them open has had time to write. */
  const closeOld = (): void => files.splice(0, Math.max(0, files.length - 2)).forEach(({ fd }) => closeSync(fd));

  return {
    read: (take) => {
      for (let again = true; again; ) {
        again = openNew();
        for (const file of files) again = readFile(file, take) || again;
      }
      closeOld();
    },
    close: () => files.splice(0).forEach(({ fd }) => closeSync(fd)),
  };
};
