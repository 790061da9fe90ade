/** What the commands of the runtime are given, and what they end in. */
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';

/** Where a command runs: the same for every command of the runtime. */
export interface Surroundings {
  readonly paths: Paths;
  readonly host: Host;
  readonly env: NodeJS.ProcessEnv;
  /** `--storage-driver`, or undefined for SKIFF_STORAGE_DRIVER and the probe. */
  readonly storageDriver: string | undefined;
}

export interface Launch {
  /** Program and arguments to become; it prints the id of a detached container. */
  readonly program: string;
  readonly args: readonly string[];
  readonly warnings: readonly string[];
}
