/** Where volumes are on the disk. Names must be whole ones, by `isVolumeName`. */
import { join } from 'node:path';
import type { Paths } from '../system/paths.ts';

type Root = Pick<Paths, 'root'>;

/** All hosts that share the home directory have the same volumes. */
export const volumesDirectory = ({ root }: Root): string => join(root, 'volumes');

/** Held, exclusively and shortly, by whoever gives a volume its name or takes it away (helpers/volume-remove.c too). */
export const volumesLock = (paths: Root): string => join(volumesDirectory(paths), '.lock');

export const volumeDirectory = (paths: Root, name: string): string => join(volumesDirectory(paths), name);

export const recordPath = (paths: Root, name: string): string => join(volumeDirectory(paths, name), 'volume.json');

/** What it holds, and what `inspect` calls its Mountpoint; with drivers that mount, only in the namespaces of containers is anything there. */
export const dataDirectory = (paths: Root, name: string): string => join(volumeDirectory(paths, name), '_data');

/** Volumes that are being made, named by `PID-START-RANDOM` of the maker. */
export const makingPrefix = '.making-';

/** Volumes that are on their way out; whoever finds one goes on removing it. */
export const removingPrefix = '.removing-';
