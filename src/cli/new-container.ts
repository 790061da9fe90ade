/** What `run` and `create` have in common: the image, and flags whose text lies in files. */
import { need } from '../core/invalid.ts';
import { provideImage } from '../images/builtin.ts';
import { formatPlatform } from '../images/platform.ts';
import { readSettings } from '../system/settings.ts';
import { platformFlag } from './platform-flag.ts';
import { qualifier } from './qualify.ts';
import { readTextFiles } from './text-files.ts';
import { warn } from './warn.ts';
import type { Image } from '../images/open.ts';
import type { RunFlags } from '../runtime/run-flags.ts';
import type { ImageConfigView } from '../runtime/spec-types.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import type { Context } from './context.ts';
import type { table } from './options/create.ts';
import type { FlagsOf } from './options/table.ts';

type Flags = FlagsOf<typeof table>;

/** The stored image, pulled first where `--pull` says so. */
const provided = async (context: Context, surroundings: Surroundings, word: string, { pull, platform: wanted, quiet }: Flags): Promise<Image> => {
  const { paths, host } = surroundings;
  const qualify = qualifier(await readSettings(context.env, paths), paths);
  const { platform } = platformFlag(wanted);
  const first = pull === 'always' ? undefined : await provideImage(paths, host, qualify(word), platform)();
  if (first !== undefined && (first._tag === 'Right' || first.left._tag !== 'NotFound' || pull === 'never')) return need(first);
  const { pullForUse, pullMissing } = await import('./pull-missing.ts');
  await (first === undefined ? pullForUse : pullMissing)(context, surroundings, word, { ...(platform === undefined ? {} : { platform }), quiet });
  // Now that it is there, a name that might have been an id is known to be one.
  return need(await provideImage(paths, host, qualify(word), platform)());
};

const imageOf = async (context: Context, surroundings: Surroundings, word: string, flags: Flags): Promise<ImageConfigView> => {
  const { id, layers, platform, config } = await provided(context, surroundings, word, flags);
  return { reference: word, id, layers, platform: formatPlatform(platform), config };
};

/** Flags whose text lies in files are read here. */
const runFlagsOf = (flags: Flags, command: readonly string[]): RunFlags => {
  const { envFile, labelFile, network, quiet: _, isolation: __, ...rest } = flags;
  const [first, ...moreNetworks] = network;
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return { ...given, command, envFile: readTextFiles(envFile), labelFile: readTextFiles(labelFile), ...(first === undefined ? {} : { network: first, moreNetworks }) };
};

/** What a new container is made from. */
export interface Ordered {
  readonly image: ImageConfigView | undefined;
  readonly flags: RunFlags;
}

/** Reads the command line of a new container; the image is pulled where that is asked for. Throws SkiffFailure. */
export const orderOf = async (context: Context, surroundings: Surroundings, flags: Flags, positionals: readonly string[]): Promise<Ordered> => {
  const [word = '', ...rest] = positionals;
  const image = flags.rootfs === undefined ? await imageOf(context, surroundings, word, flags) : undefined;
  return { image, flags: runFlagsOf(flags, flags.rootfs === undefined ? rest : positionals) };
};

/** Says on standard error what of the container is not as one might think. */
export const warnOfContainer = async (context: Context, { host }: Surroundings, warnings: readonly string[]): Promise<void> => {
  const { idMap } = host;
  if (idMap.mode === 'single') {
    const { singleUidNotice } = await import('../runtime/single-uid.ts');
    context.stderr.write(`skiff: ${singleUidNotice(host, idMap.reason, context.env)}\n`);
  }
  for (const warning of warnings) warn(context, warning);
};
