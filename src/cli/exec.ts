import { prepareExec } from '../runtime/exec.ts';
import { handOver } from '../system/hand-over.ts';
import { table } from './options/exec.ts';
import { surroundingsOf } from './surroundings.ts';
import { requireTerminal } from './terminal.ts';
import { readTextFiles } from './text-files.ts';
import type { Context } from './context.ts';
import type { FlagsOf } from './options/table.ts';

export { table };

/** `skiff exec`. */
export const run = async (context: Context, flags: FlagsOf<typeof table>, positionals: readonly string[]): Promise<number> => {
  if (!flags.detach) requireTerminal(flags.tty, flags.interactive);
  const [word = '', ...command] = positionals;
  const launch = await prepareExec(surroundingsOf(context), word, {
    command,
    detach: flags.detach,
    interactive: flags.interactive,
    tty: flags.tty,
    privileged: flags.privileged,
    env: flags.env,
    envFile: readTextFiles(flags.envFile),
    user: flags.user ?? '',
    workdir: flags.workdir ?? '',
    detachKeys: flags.detachKeys ?? '',
  });
  return await handOver(launch.program, launch.args, context.env);
};
