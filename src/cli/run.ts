import { isLeft } from 'fp-ts/Either';
import { fail } from '../core/errors.ts';
import { provideImage } from '../images/builtin.ts';
import { formatPlatform } from '../images/platform.ts';
import { prepareRun } from '../runtime/launch.ts';
import { handOver } from '../system/hand-over.ts';
import { table } from './options/run.ts';
import { platformFlag } from './platform-flag.ts';
import { surroundingsOf } from './surroundings.ts';
import { requireTerminal } from './terminal.ts';
import { readTextFiles } from './text-files.ts';
import { warn } from './warn.ts';
import type { RunFlags } from '../runtime/run-flags.ts';
import type { ImageConfigView } from '../runtime/spec-types.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import type { Context } from './context.ts';
import type { FlagsOf } from './options/table.ts';

export { table };

type Flags = FlagsOf<typeof table>;

/** There is no registry client yet: `always` cannot be kept, and a promise that is not kept must be refused. */
const refusePull = (flags: Flags): void => {
  if (flags.pull === 'always') {
    fail({ _tag: 'Refused', message: '--pull always: images cannot be pulled from a registry yet', hint: "bring the image with 'skiff load' or 'skiff import'" });
  }
};

const imageOf = async ({ paths, host }: Surroundings, word: string, flags: Flags): Promise<ImageConfigView> => {
  refusePull(flags);
  const result = await provideImage(paths, host, word, platformFlag(flags.platform).platform)();
  if (isLeft(result)) return fail(result.left);
  const { id, layers, platform, config } = result.right;
  return { reference: word, id, layers, platform: formatPlatform(platform), config };
};

/** Flags whose text lies in files are read here; the network is one in this version. */
const runFlagsOf = (flags: Flags, command: readonly string[]): RunFlags => {
  const { envFile, network, ...rest } = flags;
  const [first, ...others] = network;
  if (others.length > 0) fail({ _tag: 'Usage', message: '--network was given several times', hint: 'none, host and slirp4netns do not go together' });
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return { ...given, command, envFile: readTextFiles(envFile), ...(first === undefined ? {} : { network: first }) };
};

/** `skiff run`. */
export const run = async (context: Context, flags: Flags, positionals: readonly string[]): Promise<number> => {
  if (!flags.detach) requireTerminal(flags.tty, flags.interactive);
  const surroundings = surroundingsOf(context);
  const [word = '', ...rest] = positionals;
  const image = flags.rootfs === undefined ? await imageOf(surroundings, word, flags) : undefined;
  const launch = await prepareRun(surroundings, image, runFlagsOf(flags, flags.rootfs === undefined ? rest : positionals));
  const { idMap } = surroundings.host;
  if (idMap.mode === 'single') {
    const { singleUidNotice } = await import('../runtime/single-uid.ts');
    context.stderr.write(`skiff: ${singleUidNotice(surroundings.host, idMap.reason, context.env)}\n`);
  }
  for (const warning of launch.warnings) warn(context, warning);
  return await handOver(launch.program, launch.args, context.env);
};
