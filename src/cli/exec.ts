import { prepareExec } from '../runtime/exec.ts';
import { findContainer } from '../runtime/records.ts';
import { handOver } from '../system/hand-over.ts';
import { exitOne } from './exit-one.ts';
import { table } from './options/exec.ts';
import { surroundingsOf } from './surroundings.ts';
import { requireTerminal } from './terminal.ts';
import { readTextFiles } from './text-files.ts';
import type { ExecFlags } from '../runtime/exec.ts';
import type { Launch } from '../runtime/surroundings.ts';
import type { Context } from './context.ts';
import type { FlagsOf } from './options/table.ts';

export { table };

type Flags = FlagsOf<typeof table>;

const execFlags = ({ envFile, user = '', workdir = '', ...flags }: Flags, command: readonly string[]): ExecFlags => ({ ...flags, command, envFile: readTextFiles(envFile), user, workdir });

/** `skiff exec`: 1 where there is no such container, or nothing can be run in it now, as in Docker. */
export const run = async (context: Context, flags: Flags, positionals: readonly string[]): Promise<number> => {
  const [word = '', ...command] = positionals;
  let launch: Launch | undefined;
  const failed = await exitOne(context, async () => {
    const wanted = execFlags(flags, command);
    const surroundings = surroundingsOf(context);
    if (flags.interactive && flags.tty && !flags.detach) {
      // Docker looks for the container first: that it is not there is what is said then.
      findContainer(surroundings.paths, word);
      requireTerminal(flags.tty, flags.interactive);
    }
    launch = await prepareExec(surroundings, word, wanted);
  });
  return launch === undefined ? failed : await handOver(launch.program, launch.args, context.env);
};
