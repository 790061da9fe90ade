/** Waits for something to happen in a directory. */
import { watch } from 'node:fs';

export interface DirectoryWatch {
  /** Waits until something has changed since the last call, or `most` milliseconds. */
  readonly change: (most: number) => Promise<void>;
  /** Idempotent. */
  readonly close: () => void;
}

/** How often to look where nothing tells us, in milliseconds: the user's watches may be used up, or the file system has none. */
const blind = 50;

/** Begins to watch; what happens from now on is noticed by the next `change`. */
export const watchDirectory = (path: string): DirectoryWatch => {
  let changed = false;
  let wake = (): void => undefined;
  const notice = (): void => {
    changed = true;
    wake();
  };
  const start = (): ReturnType<typeof watch> | undefined => {
    try {
      return watch(path, notice).on('error', notice);
    } catch {
      return undefined;
    }
  };
  const watcher = start();
  return {
    change: async (most) => {
      if (!changed) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, watcher === undefined ? Math.min(most, blind) : most);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      changed = false;
    },
    close: () => watcher?.close(),
  };
};
