import { need } from '../core/invalid.ts';
import { parseSignal } from '../core/signals.ts';
import { stopContainers } from '../runtime/stop.ts';
import type { Context } from './context.ts';
import { table } from './options/stop.ts';
import type { FlagsOf } from './options/table.ts';
import { printAll } from './outcomes.ts';
import { surroundingsOf } from './surroundings.ts';

export { table };

/** `skiff stop`. */
export const run = (context: Context, { signal, timeout }: FlagsOf<typeof table>, words: readonly string[]): Promise<number> =>
  printAll(context, async () => {
    const options = { ...(signal === undefined ? {} : { signal: need(parseSignal(signal)).number }), ...(timeout === undefined ? {} : { seconds: timeout }) };
    return stopContainers(surroundingsOf(context).paths, words, options);
  });
