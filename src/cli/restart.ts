import { need } from '../core/invalid.ts';
import { parseSignal } from '../core/signals.ts';
import { heal } from '../runtime/heal.ts';
import { restartContainer } from '../runtime/restart.ts';
import { exitOne, exitOneForAll } from './exit-one.ts';
import { table } from './options/restart.ts';
import { surroundingsOf } from './surroundings.ts';
import type { Context } from './context.ts';
import type { FlagsOf } from './options/table.ts';

export { table };

/** `skiff restart`: one after the other, as in Docker, for they may depend on each other. */
export const run = async (context: Context, { signal, timeout }: FlagsOf<typeof table>, positionals: readonly string[]): Promise<number> => {
  const surroundings = surroundingsOf(context);
  const options: { signal?: number; seconds?: number } = timeout === undefined ? {} : { seconds: timeout };
  if (signal !== undefined && (await exitOneForAll(context, async () => void (options.signal = need(parseSignal(signal)).number))) === 1) return 1;
  heal(surroundings.paths, surroundings.host);
  let code = 0;
  for (const word of positionals) {
    code |= await exitOne(context, async () => {
      await restartContainer(surroundings, word, options);
      context.stdout.write(`${word}\n`);
    });
  }
  return code;
};
