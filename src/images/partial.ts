/**
 * A blob on its way in: `images/.partial/<digest>`, written by whoever holds its lock and kept when a download is interrupted, so that the
 * next one goes on where it ended.
 */
import { closeSync, constants, fstatSync, ftruncateSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../core/digest.ts';
import { digestHex } from '../core/digest.ts';
import { fail } from '../core/errors.ts';
import { lockDescriptor } from '../system/files.ts';
import { bootId } from '../system/kernel.ts';
import type { Paths } from '../system/paths.ts';

const directoryOf = (paths: Paths): string => join(paths.images, '.partial');

/** Where the bytes of the blob `digest` gather. */
const partialPath = (paths: Paths, digest: Digest): string => join(directoryOf(paths), digestHex(digest));

/** Where the blob `digest` waits for its place in the store: whole and verified on this boot, perhaps not yet on the disk. */
export const verifiedPath = (paths: Paths, digest: Digest): string => join(directoryOf(paths), `${digestHex(digest)}.${bootId()}`);

/** All that there may be of the blob `digest` on its way in. */
export const partialPaths = (paths: Paths, digest: Digest): readonly string[] => [partialPath(paths, digest), verifiedPath(paths, digest)];

/** A blob's file under the lock of this process. */
export interface Partial {
  /** Bytes there now. */
  readonly size: () => number;
  readonly append: (chunk: Uint8Array) => void;
  /** Throws all of it away, for another beginning: it turned out to be something else. */
  readonly restart: () => void;
  /** Runs `body` with the file open for reading at its start. */
  readonly open: <A>(body: (fd: number) => Promise<A>) => Promise<A>;
  /** Gives the file its name as a verified blob, while the lock is held. */
  readonly verified: () => void;
}

const partialOf = (paths: Paths, digest: Digest, fd: number): Partial => {
  const path = partialPath(paths, digest);
  let size = fstatSync(fd).size;
  return {
    size: () => size,
    append: (chunk) => {
      for (let offset = 0; offset < chunk.length; ) offset += writeSync(fd, chunk, offset, chunk.length - offset, size + offset);
      size += chunk.length;
    },
    restart: () => {
      ftruncateSync(fd, 0);
      size = 0;
    },
    open: async (body) => {
      const own = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
      try {
        return await body(own);
      } finally {
        closeSync(own);
      }
    },
    verified: () => renameSync(path, verifiedPath(paths, digest)),
  };
};

/** Whether `path` is still the file that `fd` is: the one who had the lock before may have moved it away. */
const isCurrent = (path: string, fd: number): boolean => {
  const named = statSync(path, { throwIfNoEntry: false });
  const open = fstatSync(fd);
  return named?.ino === open.ino && named.dev === open.dev;
};

/**
 * Runs `body` with the blob's file under an exclusive lock, waiting as long as another pull has it. `again` is asked once the lock is held:
 * undefined lets `body` run; anything else is the result, because whoever was first has done the work.
 * @param waiting called before it waits. Throws errno errors and what `body` throws; the file stays, unless it is empty.
 */
export const withPartial = async <A>(paths: Paths, digest: Digest, waiting: () => void, again: () => A | undefined, body: (partial: Partial) => Promise<A>): Promise<A> => {
  const path = partialPath(paths, digest);
  mkdirSync(directoryOf(paths), { recursive: true, mode: 0o700 });
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
    try {
      await lockDescriptor(paths, fd, 'exclusive', waiting);
      if (!isCurrent(path, fd)) continue;
      const known = again();
      if (known !== undefined) return known;
      return await body(partialOf(paths, digest, fd));
    } finally {
      if (isCurrent(path, fd) && fstatSync(fd).size === 0) rmSync(path, { force: true });
      closeSync(fd);
    }
  }
  return fail({ _tag: 'System', operation: 'take the lock of', subject: path, reason: 'it is replaced again and again' });
};
