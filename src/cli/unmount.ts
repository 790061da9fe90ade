/** `skiff __unmount`: what is left to do for a container's volumes when it has ended. Not for people and in no help: helpers and commands start it. */
import { SkiffFailure } from '../core/errors.ts';
import { mountsOf } from '../volumes/plugins/mounts.ts';
import { unmount } from '../volumes/plugins/unmount.ts';
import { pathsOf } from './surroundings.ts';
import type { Context } from './context.ts';
import type { CommandTable } from './options/table.ts';

export const table = {
  name: '__unmount',
  aliases: [],
  category: '',
  summary: 'Have volume plugins unmount what a container had',
  usage: 'ID [VOLUME]',
  interspersed: true,
  positionals: { min: 1, max: 2 },
  flags: [],
  examples: [],
} as const satisfies CommandTable;

/** All volumes of plugins that container `id` had mounted, or the one named. What cannot be done now is left to a later command; exit code 1 tells. */
export const run = async (context: Context, _flags: object, [id = '', name]: readonly string[]): Promise<number> => {
  const surroundings = { paths: pathsOf(context), env: context.env };
  const names = mountsOf(surroundings.paths, id).map(({ volume }) => volume);
  const done = await Promise.all(names.filter((volume) => name === undefined || volume === name).map(async (volume) => {
    try {
      await unmount(surroundings, id, volume);
      return true;
    } catch (error) {
      if (!(error instanceof SkiffFailure)) throw error;
      return false;
    }
  }));
  return done.every(Boolean) ? 0 : 1;
};
