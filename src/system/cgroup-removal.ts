/** Clearing away the cgroup of a container whose monitor was killed. */
import { readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

const patienceMs = 500;
const pollMs = 10;

const wait = (): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pollMs);

/** Processes in it may have made cgroups of their own. */
const removeChildren = (path: string): void => {
  for (const entry of readdirSync(path, { withFileTypes: true })) if (entry.isDirectory()) removeDirectory(join(path, entry.name));
};

/** Its processes may be a moment from being gone: the kernel has killed them with the monitor. */
const removeDirectory = (path: string): void => {
  for (let waited = 0; waited < patienceMs; waited += pollMs) {
    try {
      rmdirSync(path);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY') return;
      if (waited === 0) removeChildren(path);
      else wait();
    }
  }
};

/**
 * Removes the cgroup `path` of a container, and what its monitor has made around it; idempotent, and what cannot be removed stays. A scope is not touched: systemd
 * takes it away. A path that no monitor of ours has written is left alone.
 */
export const removeCgroup = (path: string): void => {
  const top = /^(\/sys\/fs\/cgroup(?:\/[^/]+)*\/skiff-[0-9a-f]{64})\/container$/.exec(path)?.[1];
  if (top === undefined) return;
  for (const directory of [path, `${top}/supervisor`, top]) removeDirectory(directory);
};
