import { fail } from '../core/errors.ts';
import { familiarRepository, formatReference, parseReference, repositoryOf } from '../core/reference.ts';
import type { Reference } from '../core/reference.ts';
import type { Platform } from '../images/platform.ts';
import { openRegistry } from '../registry/client.ts';
import type { RegistryContext } from '../registry/client.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import { refuseContentTrust } from './content-trust.ts';
import type { Context } from './context.ts';
import { exitOne } from './exit-one.ts';
import { table } from './options/pull.ts';
import type { FlagsOf } from './options/table.ts';
import { platformFlag } from './platform-flag.ts';
import { nameQualifier } from './qualify.ts';
import { registryContext } from './registry-context.ts';
import { shownPull, statusLine, statusOf } from './shown-pull.ts';
import { surroundingsOf } from './surroundings.ts';
import { chosenName } from './transfer-names.ts';

export { table };

interface Work {
  readonly context: Context;
  readonly surroundings: Surroundings;
  readonly registry: RegistryContext;
  readonly platform?: Platform;
  readonly quiet: boolean;
}

const pullOne = async ({ context, surroundings, registry, platform, quiet }: Work, reference: Reference): Promise<void> => {
  const pulled = await shownPull(context, surroundings, registry, { reference, ...(platform === undefined ? {} : { platform }), stream: 'stdout', quiet });
  if (!quiet) context.stdout.write(statusOf(pulled, reference));
  context.stdout.write(`${formatReference(reference)}\n`);
};

const tagsOf = async (registry: RegistryContext, { domain, path }: Reference): Promise<readonly string[]> => {
  const client = openRegistry(registry, domain);
  try {
    return await client.tags(path);
  } finally {
    client.close();
  }
};

const pullEach = async ({ context, surroundings, registry, platform, quiet }: Work, repository: Reference): Promise<void> => {
  const tags = await tagsOf(registry, repository);
  if (tags.length === 0) fail({ _tag: 'NotFound', kind: 'image', name: familiarRepository(repository), hint: 'the repository has no tags' });
  let fresh = false;
  for (const tag of tags) {
    const reference: Reference = { domain: repository.domain, path: repository.path, tag };
    const pulled = await shownPull(context, surroundings, registry, { reference, ...(platform === undefined ? {} : { platform }), stream: 'stdout', quiet });
    fresh ||= pulled.fresh;
  }
  if (!quiet) context.stdout.write(statusLine(fresh, familiarRepository(repository)));
  context.stdout.write(`${repositoryOf(repository)}\n`);
};

/** `skiff pull`. */
export const run = async (context: Context, flags: FlagsOf<typeof table>, [word = '']: readonly string[]): Promise<number> => {
  refuseContentTrust(flags);
  const platform = platformFlag(flags.platform);
  return await exitOne(context, async () => {
    const surroundings = surroundingsOf(context);
    const registry = await registryContext(context, surroundings.paths);
    const reference = parseReference(nameQualifier(registry.settings)(word));
    if ('_tag' in reference) return fail(reference);
    const work: Work = { context, surroundings, registry, ...platform, quiet: flags.quiet };
    const { defaulted } = chosenName(word, flags.allTags);
    if (flags.allTags) return await pullEach(work, reference);
    if (defaulted && !flags.quiet) context.stdout.write('Using default tag: latest\n');
    await pullOne(work, reference);
  });
};
