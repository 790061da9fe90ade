import { SkiffFailure } from '../core/errors.ts';
import { inspectedVolume } from '../volumes/inspect.ts';
import { readVolume, requireVolume } from '../volumes/store.ts';
import { showInspected } from './inspected.ts';
import { table } from './options/volume-inspect.ts';
import { surroundingsOf } from './surroundings.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import type { Context } from './context.ts';
import type { Inspected } from './inspected.ts';
import type { FlagsOf } from './options/table.ts';

export { table };

/** A volume of this name. */
export const volumeOf = async (surroundings: Surroundings, word: string): Promise<Inspected> => {
  try {
    const volume = readVolume(surroundings.paths, word) ?? (await (await import('../volumes/plugins/list.ts')).foundInPlugins(surroundings, word));
    return { data: await inspectedVolume(surroundings, volume ?? requireVolume(surroundings.paths, word)) };
  } catch (error) {
    if (!(error instanceof SkiffFailure)) throw error;
    return error.error;
  }
};

/** `skiff volume inspect`: goes on after a volume that is not there, which makes it 1, as in Docker. */
export const run = async (context: Context, { format }: FlagsOf<typeof table>, words: readonly string[]): Promise<number> => {
  const surroundings = surroundingsOf(context);
  const found: Inspected[] = [];
  for (const word of words) found.push(await volumeOf(surroundings, word));
  return await showInspected(context, format, found);
};
