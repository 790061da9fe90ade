import type { HostIdentity } from '../system/paths.ts';
import type { CommandTable } from './options/table.ts';

/** Standard output or standard error. Writes are synchronous and complete; nothing is buffered. */
export interface Output {
  /** Throws OutputClosed when the reader has gone (EPIPE). */
  readonly write: (data: string | Uint8Array) => void;
  readonly isTerminal: () => boolean;
  /** Width in cells, 80 where it is not known. */
  readonly columns: () => number;
}

/** What every command gets besides its own flags and arguments. */
export interface Context {
  readonly env: NodeJS.ProcessEnv;
  /** `--root`, for `resolvePaths`. */
  readonly root: string | undefined;
  /** `--storage-driver`; without it, SKIFF_STORAGE_DRIVER and the probe decide. */
  readonly storageDriver: 'auto' | 'overlay' | 'fuse-overlayfs' | undefined;
  /** The setting `host-id`; absent for commands that touch no container. */
  readonly hostId?: HostIdentity;
  readonly stdout: Output;
  readonly stderr: Output;
}

/**
 * A module in src/cli that runs one command. `flags` is `FlagsOf<typeof table>`; the result is the exit code.
 * Errors are thrown as SkiffFailure; main renders them.
 */
export interface CommandModule {
  readonly table: CommandTable;
  readonly run: (context: Context, flags: never, positionals: readonly string[]) => Promise<number>;
}
