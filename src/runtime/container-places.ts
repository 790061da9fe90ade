/** Where things of a container are that do not lie in its directory. */
import { join } from 'node:path';
import type { Paths } from '../system/paths.ts';

/** Where a container's monitor listens. */
export const socketPath = (paths: Paths, id: string): string => join(paths.runtime, 'c', id);

/** Where those who follow the log of container `id` make themselves known to its monitor: outside of its directory, which may go before they have read all. */
export const readersPath = (paths: Paths, id: string): string => join(paths.host, 'log-readers', id);
