import { isLeft } from 'fp-ts/Either';
import { fail } from '../core/errors.ts';
import { formatReference, parseReference, repositoryOf } from '../core/reference.ts';
import type { Reference } from '../core/reference.ts';
import type { Platform } from '../images/platform.ts';
import { pushImage, tagsToPush } from '../images/push.ts';
import type { RegistryContext } from '../registry/client.ts';
import type { Paths } from '../system/paths.ts';
import { refuseContentTrust } from './content-trust.ts';
import type { Context } from './context.ts';
import { exitOne } from './exit-one.ts';
import { table } from './options/push.ts';
import type { FlagsOf } from './options/table.ts';
import { platformFlag } from './platform-flag.ts';
import { nameQualifier } from './qualify.ts';
import { registryContext } from './registry-context.ts';
import { surroundingsOf } from './surroundings.ts';
import { chosenName } from './transfer-names.ts';
import { withDisplay } from './transfer-progress.ts';

export { table };

type Flags = FlagsOf<typeof table>;

interface Work {
  readonly context: Context;
  readonly paths: Paths;
  readonly registry: RegistryContext;
  readonly platform?: Platform;
  readonly quiet: boolean;
}

const pushOne = async ({ context, paths, registry, platform, quiet }: Work, reference: Reference): Promise<void> => {
  const result = await withDisplay(context, 'stdout', quiet, (progress) =>
    pushImage(paths, registry, { reference, progress, ...(platform === undefined ? {} : { platform }) })(),
  );
  if (isLeft(result)) return fail(result.left);
  const { digest, size } = result.right;
  if (!quiet) context.stdout.write(`${reference.tag ?? 'latest'}: digest: ${digest} size: ${size}\n`);
};

const wantedTags = async (paths: Paths, reference: Reference, all: boolean): Promise<readonly Reference[]> => {
  if (!all) return [reference];
  const tags = await tagsToPush(paths, reference)();
  return isLeft(tags) ? fail(tags.left) : tags.right;
};

const refuseDigest = (reference: Reference): void => {
  if (reference.digest !== undefined) fail({ _tag: 'Usage', message: 'cannot push a digest reference', hint: 'push by tag: the registry makes the digest of what it gets' });
};

const pushAll = async (work: Work, word: string, reference: Reference, all: boolean): Promise<void> => {
  const { context, paths, quiet } = work;
  const say = (line: string): void => {
    if (!quiet) context.stdout.write(`${line}\n`);
  };
  const { defaulted } = chosenName(word, all);
  refuseDigest(reference);
  if (defaulted && !all) say('Using default tag: latest');
  say(`The push refers to repository [${repositoryOf(reference)}]`);
  for (const wanted of await wantedTags(paths, reference, all)) await pushOne(work, wanted);
  if (quiet) context.stdout.write(`${all ? repositoryOf(reference) : formatReference(reference)}\n`);
};

/** `skiff push`. */
export const run = async (context: Context, flags: Flags, [word = '']: readonly string[]): Promise<number> => {
  refuseContentTrust(flags);
  const platform = platformFlag(flags.platform);
  return await exitOne(context, async () => {
    const { paths } = surroundingsOf(context);
    const registry = await registryContext(context, paths);
    const reference = parseReference(nameQualifier(registry.settings)(word));
    if ('_tag' in reference) return fail(reference);
    await pushAll({ context, paths, registry, ...platform, quiet: flags.quiet }, word, reference, flags.allTags);
  });
};
