import { isLeft } from 'fp-ts/Either';
import { fail } from '../core/errors.ts';
import { saveImages } from '../images/save.ts';
import { pathsOf } from './surroundings.ts';
import type { Context } from './context.ts';
import { exitOne } from './exit-one.ts';
import { imageWords } from './image-words.ts';
import { table } from './options/save.ts';
import type { FlagsOf } from './options/table.ts';
import { platformFlag } from './platform-flag.ts';

export { table };

/** `skiff save`. Prints nothing but the archive. */
export const run = (context: Context, flags: FlagsOf<typeof table>, words: readonly string[]): Promise<number> =>
  exitOne(context, async () => {
    const platform = platformFlag(flags.platform);
    const { stdout } = context;
    if (flags.output === undefined && stdout.isTerminal()) {
      fail({ _tag: 'Refused', message: 'an archive is not for a terminal', hint: 'name a file with -o, or redirect standard output' });
    }
    const paths = pathsOf(context);
    const images = await imageWords(context, paths, words);
    const result = await saveImages(paths, { images, ...platform }, flags.output ?? stdout.write)();
    if (isLeft(result)) fail(result.left);
  });
