import { cloneVolume } from '../runtime/volume-archive.ts';
import { exitOne } from './exit-one.ts';
import { table } from './options/volume-clone.ts';
import { surroundingsOf } from './surroundings.ts';
import type { Context } from './context.ts';

export { table };

/** `skiff volume clone`: prints the name of the new volume; 1 on failure. */
export const run = (context: Context, _: object, [source = '', target = '']: readonly string[]): Promise<number> =>
  exitOne(context, async () => {
    const { name } = await cloneVolume(surroundingsOf(context), source, target);
    context.stdout.write(`${name}\n`);
  });
