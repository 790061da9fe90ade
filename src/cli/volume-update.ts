import { refuse } from '../core/invalid.ts';
import { requireVolume } from '../volumes/store.ts';
import { exitOneForAll } from './exit-one.ts';
import { table } from './options/volume-update.ts';
import { surroundingsOf } from './surroundings.ts';
import type { Context } from './context.ts';

export { table };

/** `skiff volume update`: Docker's changes only volumes of a swarm, and says so of others. */
export const run = async (context: Context, _: object, [word = '']: readonly string[]): Promise<number> =>
  await exitOneForAll(context, async () => {
    requireVolume(surroundingsOf(context).paths, word);
    refuse('can only update cluster volumes', 'make another volume, and copy this one into it with a container');
  });
