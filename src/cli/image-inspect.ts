import { SkiffFailure, renderError } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import { toJson } from '../core/go-template-functions.ts';
import { inspectImage } from '../images/inspect.ts';
import type { Context } from './context.ts';
import { renderObject } from './format.ts';
import { imageWords } from './image-words.ts';
import { indentedJson } from './json.ts';
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
  const found = results.flatMap((result) => ('data' in result ? [result.data] : []));
  const errors = results.filter((result): result is SkiffError => '_tag' in result);
  const usage = errors.find((error) => error._tag === 'Usage');
  if (usage !== undefined) throw new SkiffFailure(usage);
  if (flags.format === undefined || flags.format === '') context.stdout.write(indentedJson(JSON.parse(toJson(found)), 4));
  else for (const data of found) context.stdout.write(await renderObject(flags.format, data, context.stdout));
  for (const error of errors) context.stderr.write(`skiff: ${renderError(error)}\n`);
  return errors.length > 0 ? 1 : 0;
};
