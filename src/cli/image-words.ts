import { readSettings } from '../system/settings.ts';
import type { Paths } from '../system/paths.ts';
import type { Context } from './context.ts';
import { qualifier } from './qualify.ts';

/** Words that name stored images, with the default registry of the settings where they name none. Throws SkiffFailure for settings that are wrong. */
export const imageWords = async ({ env }: Pick<Context, 'env'>, paths: Paths, words: readonly string[]): Promise<readonly string[]> =>
  words.map(qualifier(await readSettings(env, paths), paths));
