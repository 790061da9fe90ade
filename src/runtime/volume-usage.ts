/** What volumes take on the disk, and who names them. */
import * as TE from 'fp-ts/TaskEither';
import { toSkiffError } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import { usageIn } from '../images/disk-usage.ts';
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';
import { dataDirectory, volumesDirectory } from '../volumes/places.ts';
import { listVolumes } from '../volumes/store.ts';
import { readVolumeUsers, usersOf } from '../volumes/users.ts';
import type { Volume } from '../volumes/types.ts';

export interface VolumeUsage {
  readonly volume: Volume;
  /** Absolute path of its data. */
  readonly mountpoint: string;
  /** On the disk, as du(1) has them, with its record; undefined where its data are elsewhere: in memory, on another file system, with a plugin. */
  readonly bytes: number | undefined;
  /** Containers that name it, running or not, of all hosts. */
  readonly links: number;
}

export interface VolumesUsage {
  /** By name. */
  readonly volumes: readonly VolumeUsage[];
  /** A sentence for each record that could not be read. */
  readonly warnings: readonly string[];
}

/** Whether all that it holds is below our directories. */
const isHere = ({ driver, options }: Volume): boolean => driver === 'local' && options['type'] === undefined && options['device'] === undefined;

/** Every volume there is; takes no lock. Errors: `Missing` (du), `System`. */
export const volumeUsage = (paths: Paths, host: Host): TE.TaskEither<SkiffError, VolumesUsage> =>
  TE.tryCatch(async () => {
    const { volumes, warnings } = listVolumes(paths);
    const users = readVolumeUsers(paths);
    const sizes = volumes.length === 0 ? new Map<string, number>() : await usageIn({ paths, host }, volumesDirectory(paths));
    const found = volumes.map((volume): VolumeUsage => ({
      volume,
      mountpoint: dataDirectory(paths, volume.name),
      bytes: isHere(volume) ? (sizes.get(volume.name) ?? 0) : undefined,
      links: usersOf(users, volume.name).length,
    }));
    return { volumes: found, warnings: [...warnings.map(({ message }) => message), ...users.doubts] };
  }, toSkiffError('count the bytes of', volumesDirectory(paths)));
