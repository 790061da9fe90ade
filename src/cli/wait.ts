import { renderError } from '../core/errors.ts';
import { waitForContainer } from '../runtime/wait.ts';
import type { Context } from './context.ts';
import { table } from './options/wait.ts';
import type { FlagsOf } from './options/table.ts';
import { surroundingsOf } from './surroundings.ts';

export { table };

/** `skiff wait`: waits for all from the beginning, and prints in the order in which they were named. */
export const run = async (context: Context, _: FlagsOf<typeof table>, words: readonly string[]): Promise<number> => {
  const { paths } = surroundingsOf(context);
  let code = 0;
  for (const ending of words.map((word) => waitForContainer(paths, word))) {
    const result = await ending;
    if ('code' in result) {
      context.stdout.write(`${result.code}\n`);
    } else {
      context.stderr.write(`skiff: ${renderError(result.error)}\n`);
      code = 1;
    }
  }
  return code;
};
