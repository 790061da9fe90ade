import { need } from '../core/invalid.ts';
import { parseSignal } from '../core/signals.ts';
import { killContainers } from '../runtime/kill.ts';
import type { Context } from './context.ts';
import { table } from './options/kill.ts';
import type { FlagsOf } from './options/table.ts';
import { printAll } from './outcomes.ts';
import { surroundingsOf } from './surroundings.ts';

export { table };

/** `skiff kill`. */
export const run = (context: Context, { signal }: FlagsOf<typeof table>, words: readonly string[]): Promise<number> =>
  printAll(context, async () => killContainers(surroundingsOf(context).paths, words, need(parseSignal(signal)).number));
