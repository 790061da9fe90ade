/** What containers take on the disk. */
import * as TE from 'fp-ts/TaskEither';
import { toSkiffError } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import { usageIn } from '../images/disk-usage.ts';
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';
import { listContainers } from './records.ts';
import type { Container } from './records.ts';

export interface ContainerUsage {
  readonly container: Container;
  /** On disk: its writable layer, its log and its record. */
  readonly bytes: number;
}

/** The containers of this node, newest first. Errors: `Missing` (du), `System`. */
export const containerUsage = (paths: Paths, host: Host): TE.TaskEither<SkiffError, readonly ContainerUsage[]> =>
  TE.tryCatch(async () => {
    const { containers } = listContainers(paths);
    const sizes = await usageIn({ paths, host }, paths.containers);
    return containers.map((container) => ({ container, bytes: sizes.get(container.id) ?? 0 }));
  }, toSkiffError('count the bytes of', paths.containers));
