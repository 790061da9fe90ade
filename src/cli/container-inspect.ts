import { isRight } from 'fp-ts/Either';
import { heal } from '../runtime/heal.ts';
import { inspectContainer } from '../runtime/inspect.ts';
import type { Context } from './context.ts';
import { showInspected } from './inspected.ts';
import type { Inspected } from './inspected.ts';
import { table } from './options/container-inspect.ts';
import type { FlagsOf } from './options/table.ts';
import { surroundingsOf } from './surroundings.ts';

export { table };

/** `skiff container inspect`. */
export const run = async (context: Context, flags: FlagsOf<typeof table>, words: readonly string[]): Promise<number> => {
  const surroundings = surroundingsOf(context);
  heal(surroundings.paths, surroundings.host);
  const results: Inspected[] = [];
  for (const word of words) {
    const result = await inspectContainer(surroundings, word, flags.size)();
    results.push(isRight(result) ? { data: result.right } : result.left);
  }
  return await showInspected(context, flags.format, results);
};
