import { inspectImage } from '../images/inspect.ts';
import type { Context } from './context.ts';
import { imageWords } from './image-words.ts';
import { showInspected } from './inspected.ts';
import { table } from './options/image-inspect.ts';
import type { FlagsOf } from './options/table.ts';
import { platformFlag } from './platform-flag.ts';
import { surroundingsOf } from './surroundings.ts';

export { table };

/** `skiff image inspect`: goes on after an image that is not there, which makes it 1, as in Docker. */
export const run = async (context: Context, flags: FlagsOf<typeof table>, words: readonly string[]): Promise<number> => {
  const { platform } = platformFlag(flags.platform);
  const { paths } = surroundingsOf(context);
  const results = (await imageWords(context, paths, words)).map((word) => inspectImage(paths, word, platform));
  return await showInspected(context, flags.format, results);
};
