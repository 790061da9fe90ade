/**
 * Markers: a symbolic link `c/ID.made` in the runtime directory, which says who is making, starting or healing container ID. Whoever has it may
 * write the record; a container that runs keeps it until its monitor takes it away, whether its maker lives or not.
 */
import { readdirSync, readlinkSync, renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { isContainerId } from '../core/names.ts';
import { removeIfPresent } from '../system/files.ts';
import { isAlive, ownIdentity } from '../system/process-identity.ts';
import { socketPath } from './container-places.ts';
import type { Paths } from '../system/paths.ts';

const markerPath = (paths: Paths, id: string): string => join(paths.runtime, 'c', `${id}.made`);

/** Says that this process is making container `id`; removed with the container's socket when it has ended. */
export const writeMarker = (paths: Paths, id: string): string => {
  const path = markerPath(paths, id);
  const { pid, start } = ownIdentity();
  symlinkSync(`${pid}:${start}`, path);
  return path;
};

const names = (text: string) => {
  const [pid = '0', start = ''] = text.split(':');
  return { pid: Number(pid), start };
};

/** Whether the process that wrote the marker of container `id` lives; it may have gone on as the helper. */
export const makerIsAlive = (paths: Paths, id: string): boolean => {
  try {
    return isAlive(names(readlinkSync(markerPath(paths, id))));
  } catch {
    return false;
  }
};

const unless = <A>(code: string, body: () => A): A | undefined => {
  try {
    return body();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== code) throw error;
    return undefined;
  }
};

/** The path of this process's marker, or undefined where there is one already. */
export const tryMarker = (paths: Paths, id: string): string | undefined => unless('EEXIST', () => writeMarker(paths, id));

/** Takes the marker away and returns what it said; undefined where there is none (any more). Of several who do it at once one gets it. */
const pullMarker = (paths: Paths, id: string): string | undefined => {
  const { pid, start } = ownIdentity();
  // Called so that `heal` removes it when we are killed now.
  const aside = join(paths.runtime, 'c', `exec-${pid}-${start}-${id}`);
  if (unless('ENOENT', () => (renameSync(markerPath(paths, id), aside), true)) === undefined) return undefined;
  const text = readlinkSync(aside);
  unlinkSync(aside);
  return text;
};

/**
 * The same where the maker may be dead; undefined where it lives. It is pulled away before it is looked at, because by the time that it is removed
 * it may have become somebody else's. A container that runs has the marker of a dead maker as well: look at the record again, and leave it there.
 */
export const takeMarker = (paths: Paths, id: string): string | undefined => {
  const free = tryMarker(paths, id);
  if (free !== undefined || makerIsAlive(paths, id)) return free;
  const former = pullMarker(paths, id);
  if (former === undefined || !isAlive(names(former))) return tryMarker(paths, id);
  unless('EEXIST', () => symlinkSync(former, markerPath(paths, id)));
  return undefined;
};

/** Removes socket and marker of a container without a living monitor. Idempotent. */
export const clearTraces = (paths: Paths, id: string): void => {
  for (const path of [socketPath(paths, id), markerPath(paths, id)]) removeIfPresent(path);
};

/** Containers of which there is a marker or a socket. */
export const markedIds = (paths: Paths): readonly string[] => [...new Set(readdirSync(join(paths.runtime, 'c')).map((name) => name.slice(0, 64)))].filter(isContainerId);
