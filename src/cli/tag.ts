import { isLeft } from 'fp-ts/Either';
import { fail } from '../core/errors.ts';
import { tagImage } from '../images/tag.ts';
import { readSettings } from '../system/settings.ts';
import type { Context } from './context.ts';
import { exitOne } from './exit-one.ts';
import { table } from './options/tag.ts';
import { nameQualifier, qualifier } from './qualify.ts';
import { surroundingsOf } from './surroundings.ts';

export { table };

/** `skiff tag`; silent, and 1 on failure, as in Docker. */
export const run = async (context: Context, _flags: object, [source = '', target = '']: readonly string[]): Promise<number> =>
  exitOne(context, async () => {
    const { paths } = surroundingsOf(context);
    const settings = await readSettings(context.env, paths);
    const result = await tagImage(paths, qualifier(settings, paths)(source), nameQualifier(settings)(target))();
    if (isLeft(result)) fail(result.left);
  });
