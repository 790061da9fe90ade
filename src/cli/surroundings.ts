/** What every command of the runtime needs to know about where it is. */
import { ensureDirectories, forSingleUid, resolvePaths } from '../system/paths.ts';
import type { Paths } from '../system/paths.ts';
import { readHost } from '../system/host.ts';
import type { Context } from './context.ts';
import type { Surroundings } from '../runtime/surroundings.ts';

/** Where things are for this command line; makes nothing. */
export const pathsOf = ({ env, root, hostId }: Context): Paths => resolvePaths(env, root, hostId);

/** Paths (made where they are missing), ids and the wanted storage driver of this command line. */
export const surroundingsOf = (context: Context): Surroundings => {
  const host = readHost(context.env);
  const resolved = pathsOf(context);
  const paths = host.idMap.mode === 'single' ? forSingleUid(resolved) : resolved;
  ensureDirectories(paths);
  return { paths, host, env: context.env, storageDriver: context.storageDriver };
};
