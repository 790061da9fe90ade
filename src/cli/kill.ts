import { need } from '../core/invalid.ts';
import { parseSignal } from '../core/signals.ts';
import { killContainers } from '../runtime/kill.ts';
import type { Context } from './context.ts';
import { table } from './options/kill.ts';
import type { FlagsOf } from './options/table.ts';
import { printOutcomes } from './outcomes.ts';
import { surroundingsOf } from './surroundings.ts';

export { table };

/** `skiff kill`. */
export const run = async (context: Context, { signal }: FlagsOf<typeof table>, words: readonly string[]): Promise<number> => {
  const { number } = need(parseSignal(signal));
  return printOutcomes(context, await killContainers(surroundingsOf(context).paths, words, number));
};
