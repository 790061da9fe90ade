import { prepareRun } from '../runtime/launch.ts';
import { handOver } from '../system/hand-over.ts';
import { hintAtBoot } from './boot-hint.ts';
import { exitOne } from './exit-one.ts';
import { orderOf, warnOfContainer } from './new-container.ts';
import { table } from './options/run.ts';
import { surroundingsOf } from './surroundings.ts';
import { requireTerminal } from './terminal.ts';
import type { Context } from './context.ts';
import type { FlagsOf } from './options/table.ts';

export { table };

/** `skiff run`. */
export const run = async (context: Context, flags: FlagsOf<typeof table>, positionals: readonly string[]): Promise<number> => {
  const typing = flags.interactive || flags.attach.some((stream) => stream.toLowerCase() === 'stdin');
  if (!flags.detach && (await exitOne(context, async () => requireTerminal(flags.tty, typing))) === 1) return 1;
  const surroundings = surroundingsOf(context);
  const order = await orderOf(context, surroundings, flags, positionals);
  const launch = await prepareRun(surroundings, order.image, order.flags);
  await warnOfContainer(context, surroundings, launch.warnings);
  await hintAtBoot(context, flags.restart);
  return await handOver(launch.program, launch.args, context.env);
};
