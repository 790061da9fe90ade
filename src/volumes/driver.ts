/**
 * What a volume driver is. `local` (drivers/local.ts) is a directory, or what mount(2) may mount for a user; others start a program, or ask one.
 *
 * A volume's life: `create` before its record is written; `use` at every start of a container, by the command that starts it; what `use` said is then done by
 * the helpers, without the command: they mount and keep the mount (helpers/volume*.c).
 * `remove` when its name has been taken away and no container names it.
 */
import type { PlanRecord } from '../core/plan-record.ts';
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';
import type { Volume } from './types.ts';

export interface VolumeContext {
  readonly paths: Paths;
  readonly host: Host;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** How a container gets at a volume. */
export type VolumeAccess =
  /** A directory of the host, absolute; it is there already. `record`, where there is one, is what its launch plan has to say of it besides (`afterRecord` in held.ts). */
  | { readonly kind: 'directory'; readonly path: string; readonly readOnly?: boolean; readonly record?: PlanRecord }
  /**
   * A file system that lasts as long as any container uses it: the first start has a holder process mount it in a mount namespace of its own, in the keeper's
   * user namespace, and every container gets a copy of that mount. `record` is that of its launch plan, `volume` (README of helpers, "Volumes").
   */
  | { readonly kind: 'mount'; readonly record: PlanRecord };

export interface VolumeDriver {
  readonly name: string;
  readonly scope: 'local' | 'global';
  /**
   * Checks the options and, where another program keeps the volumes, has it make one. Nothing is written down when it throws: Usage in Docker's words for
   * options it does not know. It may be called again for a volume whose record was not written because this process was killed.
   */
  readonly create: (context: VolumeContext, volume: Volume) => Promise<void>;
  /** What `inspect` shows as Mountpoint. */
  readonly mountpoint: (context: VolumeContext, volume: Volume) => Promise<string>;
  /** Everything that may fail fails here, before the container's plan is written: a missing program, a device that only root may mount. */
  readonly use: (context: VolumeContext, volume: Volume, container: string) => Promise<VolumeAccess>;
  /** Takes back what `use` has done, where the container could not be started after all. */
  readonly release?: (context: VolumeContext, volume: Volume, container: string) => Promise<void>;
  /** Its directory is deleted afterwards by whoever calls. Throws when the volume cannot go; then it gets its name back. */
  readonly remove: (context: VolumeContext, volume: Volume) => Promise<void>;
  /** What `inspect` shows as Status; absent where there is nothing to say. */
  readonly status?: (context: VolumeContext, volume: Volume) => Promise<Readonly<Record<string, unknown>> | undefined>;
}
