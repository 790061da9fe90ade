/** The names of a container's tree before it has its own, and after. */
import { join } from 'node:path';
import type { Paths } from '../system/paths.ts';

/** Trees on their way out; whoever finds one goes on removing it. */
export const doomedPrefix = '.removing-';
/** Trees that are being filled. */
export const makingPrefix = '.making-';

/** Where a container's directory goes before its tree is removed, so that nobody meets half a record. */
export const doomedPath = (paths: Paths, id: string): string => join(paths.containers, `${doomedPrefix}${id}`);

/** Where a container's directory is filled before it gets its name. */
export const makingPath = (paths: Paths, id: string): string => join(paths.containers, `${makingPrefix}${id}`);
