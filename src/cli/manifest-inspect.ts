import { isLeft } from 'fp-ts/Either';
import { fail } from '../core/errors.ts';
import { parseReference } from '../core/reference.ts';
import type { RegistryContext } from '../registry/client.ts';
import { inspectManifest } from '../images/manifest-inspect.ts';
import { pathsOf } from './surroundings.ts';
import type { Context } from './context.ts';
import { exitOne } from './exit-one.ts';
import { indentedJson } from './json.ts';
import { table } from './options/manifest-inspect.ts';
import type { FlagsOf } from './options/table.ts';
import { nameQualifier } from './qualify.ts';
import { registryContext } from './registry-context.ts';

export { table };

/** `context` with the registry `domain` trusted whatever it shows. */
const trusting = (context: RegistryContext, domain: string): RegistryContext => {
  const { settings } = context;
  const known = settings.registries[domain] ?? { mirrors: [] };
  return { ...context, settings: { ...settings, registries: { ...settings.registries, [domain]: { ...known, insecure: true } } } };
};

/** `skiff manifest inspect`. */
export const run = (context: Context, flags: FlagsOf<typeof table>, [word = '']: readonly string[]): Promise<number> =>
  exitOne(context, async () => {
    const registries = await registryContext(context, pathsOf(context));
    const reference = parseReference(nameQualifier(registries.settings)(word));
    if ('_tag' in reference) return fail(reference);
    const result = await inspectManifest(flags.insecure ? trusting(registries, reference.domain) : registries, reference, flags.verbose)();
    if (isLeft(result)) return fail(result.left);
    context.stdout.write(indentedJson(result.right, '\t'));
  });
