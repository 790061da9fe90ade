import { setAllPaused } from '../runtime/pause.ts';
import type { Context } from './context.ts';
import { table } from './options/unpause.ts';
import type { FlagsOf } from './options/table.ts';
import { printOutcomes } from './outcomes.ts';
import { surroundingsOf } from './surroundings.ts';

export { table };

/** `skiff unpause`. */
export const run = async (context: Context, _: FlagsOf<typeof table>, words: readonly string[]): Promise<number> =>
  printOutcomes(context, await setAllPaused(surroundingsOf(context).paths, words, false));
