import { fail } from '../core/errors.ts';
import { findContainer } from '../runtime/records.ts';
import { heal } from '../runtime/heal.ts';
import { prepareAttach } from '../runtime/attach.ts';
import { prepareStart, startDetached } from '../runtime/start.ts';
import { handOver } from '../system/hand-over.ts';
import { exitOne } from './exit-one.ts';
import { table } from './options/start.ts';
import { surroundingsOf } from './surroundings.ts';
import { requireTerminal } from './terminal.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import type { Context } from './context.ts';
import type { FlagsOf } from './options/table.ts';

export { table };

type Flags = FlagsOf<typeof table>;

/** What this process becomes to be the container's terminal, whether the container runs already or not. */
const attached = async (surroundings: Surroundings, word: string, { interactive, detachKeys }: Flags): Promise<{ readonly program: string; readonly args: readonly string[] }> => {
  const { spec } = findContainer(surroundings.paths, word);
  const stdin = interactive && spec.openStdin;
  requireTerminal(spec.tty, stdin);
  const start = await prepareStart(surroundings, word, { attach: true, stdin, detachKeys: detachKeys ?? '' });
  if (start.kind === 'launch') return start.launch;
  const attach = prepareAttach(surroundings, word, { stdin, sigProxy: true, detachKeys: detachKeys ?? '' });
  return { program: attach.program, args: attach.writePlan() };
};

const startAttached = async (context: Context, words: readonly string[], flags: Flags): Promise<number> => {
  let become: Awaited<ReturnType<typeof attached>> | undefined;
  const failed = await exitOne(context, async () => {
    if (words.length > 1) fail({ _tag: 'Refused', message: 'you cannot start and attach multiple containers at once', hint: 'start the others without -a and -i' });
    const surroundings = surroundingsOf(context);
    heal(surroundings.paths, surroundings.host);
    become = await attached(surroundings, words[0] ?? '', flags);
  });
  return become === undefined ? failed : await handOver(become.program, become.args, context.env);
};

/** `skiff start`: prints each word whose container runs; with -a or -i the end is the command's. */
export const run = async (context: Context, flags: Flags, positionals: readonly string[]): Promise<number> => {
  if (flags.attach || flags.interactive) return await startAttached(context, positionals, flags);
  const surroundings = surroundingsOf(context);
  heal(surroundings.paths, surroundings.host);
  let code = 0;
  for (const word of positionals) {
    code |= await exitOne(context, async () => {
      await startDetached(surroundings, word);
      context.stdout.write(`${word}\n`);
    });
  }
  return code;
};
