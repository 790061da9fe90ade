/**
 * Leases: what a running pull, build or load relies on although no name points at it yet. A lease is a file in the owner's work
 * directory (`temporary.ts`), so it ends with its owner, however that ends. It is written under the store's lock: once it is there,
 * whoever collects garbage afterwards sees it, and whoever was collecting has finished. So: lease first, look for blobs after.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isDigest } from '../core/digest.ts';
import type { Digest } from '../core/digest.ts';
import { removeIfPresent, withLock, writeFileAtomic } from '../system/files.ts';
import type { Paths } from '../system/paths.ts';
import { abandonedIn } from './temporary.ts';

const leaseName = 'lease';

const locked = (paths: Paths, body: () => void): Promise<void> => withLock(paths, join(paths.images, '.lock'), 'exclusive', async () => body());

/**
 * Keeps `digests` (blobs and diff ids) from collection for as long as `directory` (of `withSpool`) is there; replaces an earlier lease
 * in the same directory. Waits for the store's lock, never for a network.
 */
export const lease = (paths: Paths, directory: string, digests: readonly Digest[]): Promise<void> =>
  locked(paths, () => writeFileAtomic(join(directory, leaseName), `${digests.join('\n')}\n`));

const leaseIn = (directory: string): readonly Digest[] => {
  try {
    return readFileSync(join(directory, leaseName), 'latin1').split('\n').filter(isDigest);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Work without a lease, or work that has just ended.
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
};

/**
 * Every digest that living work on this store needs, of this node or another, but for the work in the directory `own`. Call it under the
 * store's exclusive lock.
 */
export const heldDigests = (paths: Paths, own?: string): ReadonlySet<Digest> => {
  const passedOver = new Set([...abandonedIn(paths, paths.images), own]);
  const living = readdirSync(paths.images)
    .filter((name) => name.startsWith('.tmp-'))
    .map((name) => join(paths.images, name))
    .filter((path) => !passedOver.has(path));
  return new Set(living.flatMap(leaseIn));
};

/** Ends the lease of `directory` and runs `body` before anybody can take another; `isHeld` says what others rely on. */
export const endLease = (paths: Paths, directory: string, body: (isHeld: (digest: Digest) => boolean) => void): Promise<void> =>
  locked(paths, () => {
    removeIfPresent(join(directory, leaseName));
    const held = heldDigests(paths);
    body((digest) => held.has(digest));
  });
