/** How this program is called again. */
import { realpathSync } from 'node:fs';
import { embeddedAssets } from './assets.ts';
import { findProgram } from './programs.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const realPath = (path: string): string => {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
};

/**
 * Absolute path of the program and the words before the name of a command. A `skiff` on PATH that is this program is called by that name, because
 * the next version may be put behind the same link.
 */
export const ownCommand = (env: Environment): { readonly program: string; readonly args: readonly string[] } => {
  const running = process.execPath;
  if (embeddedAssets() === undefined) return { program: running, args: [realPath(process.argv[1] ?? '')] };
  const onPath = findProgram(env, 'skiff');
  return { program: onPath !== undefined && realPath(onPath) === realPath(running) ? onPath : running, args: [] };
};
