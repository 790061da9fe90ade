/** Leases that are nobody's any more, for `skiff doctor`; healing takes them away as it meets them (`leases.ts`). */
import { readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { allLeases } from './leases.ts';
import { leasesDirectory, leasesOfAllBoots } from './places.ts';
import type { LeaseText } from './lease-file.ts';
import type { Paths } from '../system/paths.ts';

const namesIn = (directory: string): readonly string[] => {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return [];
  }
};

/** Absolute paths of what was leased before the machine was last started. */
export const leasesOfEarlierBoots = (paths: Paths): readonly string[] =>
  namesIn(leasesOfAllBoots(paths)).filter((boot) => boot !== basename(leasesDirectory(paths))).map((boot) => join(leasesOfAllBoots(paths), boot));

/** Removes these. Idempotent. */
export const forgetEarlierBoots = (paths: Paths): void => {
  for (const path of leasesOfEarlierBoots(paths)) rmSync(path, { recursive: true, force: true });
};

/** The leases of containers for which nobody answers. */
export const idleLeases = (paths: Paths, isAnsweredFor: (container: string) => boolean): readonly (LeaseText & { readonly address: string })[] =>
  namesIn(leasesDirectory(paths)).filter((name) => /^[0-9a-f]{64}$/.test(name)).flatMap((network) =>
    allLeases(paths, network).filter(({ container }) => !isAnsweredFor(container)),
  );
