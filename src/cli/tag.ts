import { isLeft } from 'fp-ts/Either';
import { renderError } from '../core/errors.ts';
import { tagImage } from '../images/tag.ts';
import type { Context } from './context.ts';
import { table } from './options/tag.ts';
import { surroundingsOf } from './surroundings.ts';

export { table };

/** `skiff tag`; silent, and 1 on failure, as in Docker. */
export const run = async (context: Context, _flags: object, [source = '', target = '']: readonly string[]): Promise<number> => {
  const result = await tagImage(surroundingsOf(context).paths, source, target)();
  if (!isLeft(result)) return 0;
  context.stderr.write(`skiff: ${renderError(result.left)}\n`);
  return 1;
};
