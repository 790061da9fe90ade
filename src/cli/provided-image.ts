/** The stored image that a word of `run` or `create` names, pulled first where that is wanted. */
import { need } from '../core/invalid.ts';
import { provideImage } from '../images/builtin.ts';
import { readSettings } from '../system/settings.ts';
import { qualifier } from './qualify.ts';
import type { Image } from '../images/open.ts';
import type { Platform } from '../images/platform.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import type { Context } from './context.ts';

export interface Wanted {
  /** As in `--pull`. */
  readonly pull: 'always' | 'missing' | 'never';
  readonly platform?: Platform;
  readonly quiet: boolean;
}

/** Throws SkiffFailure: NotFound for one that is not stored and may not be pulled, and the errors of `pullImage`. */
export const providedImage = async (context: Context, surroundings: Surroundings, word: string, { pull, platform, quiet }: Wanted): Promise<Image> => {
  const { paths, host } = surroundings;
  const qualify = qualifier(await readSettings(context.env, paths), paths);
  const first = pull === 'always' ? undefined : await provideImage(paths, host, qualify(word), platform)();
  if (first !== undefined && (first._tag === 'Right' || first.left._tag !== 'NotFound' || pull === 'never')) return need(first);
  const { pullForUse, pullMissing } = await import('./pull-missing.ts');
  await (first === undefined ? pullForUse : pullMissing)(context, surroundings, word, { ...(platform === undefined ? {} : { platform }), quiet });
  // Now that it is there, a name that might have been an id is known to be one.
  return need(await provideImage(paths, host, qualify(word), platform)());
};
