/** What every command of the runtime needs to know about where it is. */
import { ensureDirectories, resolvePaths } from '../system/paths.ts';
import { readHost } from '../system/host.ts';
import type { Context } from './context.ts';
import type { Surroundings } from '../runtime/surroundings.ts';

/** Paths (made where they are missing), ids and the wanted storage driver of this command line. */
export const surroundingsOf = (context: Context): Surroundings => {
  const paths = resolvePaths(context.env, context.root);
  ensureDirectories(paths);
  return { paths, host: readHost(context.env), env: context.env, storageDriver: context.storageDriver };
};
