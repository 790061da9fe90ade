/** What `run` and `create` have in common: the image, and flags whose text lies in files. */
import { formatPlatform } from '../images/platform.ts';
import { platformFlag } from './platform-flag.ts';
import { providedImage } from './provided-image.ts';
import { readTextFiles } from './text-files.ts';
import { warn } from './warn.ts';
import type { RunFlags } from '../runtime/run-flags.ts';
import type { ImageConfigView } from '../runtime/spec-types.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import type { Context } from './context.ts';
import type { table } from './options/create.ts';
import type { FlagsOf } from './options/table.ts';

type Flags = FlagsOf<typeof table>;

const imageOf = async (context: Context, surroundings: Surroundings, word: string, flags: Flags): Promise<ImageConfigView> => {
  const { pull, quiet } = flags;
  const { platform: wanted } = platformFlag(flags.platform);
  const { id, layers, platform, config } = await providedImage(context, surroundings, word, { pull, quiet, ...(wanted === undefined ? {} : { platform: wanted }) });
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

/** Reads the command line of a new container; images are pulled where that is asked for. Throws SkiffFailure. */
export const orderOf = async (context: Context, surroundings: Surroundings, flags: Flags, positionals: readonly string[]): Promise<Ordered> => {
  const [word = '', ...rest] = positionals;
  const image = flags.rootfs === undefined ? await imageOf(context, surroundings, word, flags) : undefined;
  const runFlags = runFlagsOf(flags, flags.rootfs === undefined ? rest : positionals);
  if (!flags.mount.some((text) => /image/i.test(text))) return { image, flags: runFlags };
  const found = await (await import('./mounted-images.ts')).mountedImages(context, surroundings, flags.mount, flags);
  return { image, flags: found.length === 0 ? runFlags : { ...runFlags, mountedImages: found } };
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
