import { isLeft } from 'fp-ts/Either';
import { fail } from '../core/errors.ts';
import { importImage } from '../images/import.ts';
import type { Context } from './context.ts';
import { table } from './options/import.ts';
import type { FlagsOf } from './options/table.ts';
import { platformFlag } from './platform-flag.ts';
import { surroundingsOf } from './surroundings.ts';

export { table };

/** `skiff import`. */
export const run = async (context: Context, flags: FlagsOf<typeof table>, [source = '', reference]: readonly string[]): Promise<number> => {
  const platform = platformFlag(flags.platform);
  const { paths, host } = surroundingsOf(context);
  const { change: changes, message } = flags;
  const named = { ...(reference === undefined ? {} : { reference }), ...(message === undefined ? {} : { message }) };
  const result = await importImage(paths, host, { source, changes, ...named, ...platform, now: Date.now() })();
  if (isLeft(result)) return fail(result.left);
  context.stdout.write(`${result.right.id}\n`);
  return 0;
};
