import { fail } from '../core/errors.ts';
import { familiarReference, parseReference } from '../core/reference.ts';
import type { Platform } from '../images/platform.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import type { Context } from './context.ts';
import { nameQualifier } from './qualify.ts';
import { registryContext } from './registry-context.ts';
import { shownPull, statusOf } from './shown-pull.ts';

export interface UseOptions {
  readonly platform?: Platform;
  /** Show nothing but errors. */
  readonly quiet: boolean;
}

/**
 * Pulls `word` for a command that is about to use it, and shows that on standard error, because standard output is the container's.
 * Throws SkiffFailure: what `pullImage` answers, and `Usage` for what is no name.
 */
export const pullForUse = async (context: Context, surroundings: Surroundings, word: string, options: UseOptions): Promise<void> => {
  const { quiet } = options;
  const registry = await registryContext(context, surroundings.paths);
  const reference = parseReference(nameQualifier(registry.settings)(word));
  if ('_tag' in reference) return fail(reference);
  const pulled = await shownPull(context, surroundings, registry, { reference, ...options, stream: 'stderr' });
  if (!quiet) context.stderr.write(statusOf(pulled, reference));
};

/** As `pullForUse`, for an image that the store does not have. A word that can only be an id is reported as missing. */
export const pullMissing = async (context: Context, surroundings: Surroundings, word: string, options: UseOptions): Promise<void> => {
  const reference = parseReference(word);
  if ('_tag' in reference) return fail({ _tag: 'NotFound', kind: 'image', name: word, hint: '`skiff images` lists what is there' });
  if (!options.quiet) context.stderr.write(`Unable to find image '${familiarReference(reference)}' locally\n`);
  await pullForUse(context, surroundings, word, options);
};
