import { prepareAttach } from '../runtime/attach.ts';
import { handOver } from '../system/hand-over.ts';
import { table } from './options/attach.ts';
import { surroundingsOf } from './surroundings.ts';
import { requireTerminal } from './terminal.ts';
import type { Context } from './context.ts';
import type { FlagsOf } from './options/table.ts';

export { table };

/** `skiff attach`: ends with the container's exit code, or with 0 when it was detached again. */
export const run = async (context: Context, flags: FlagsOf<typeof table>, positionals: readonly string[]): Promise<number> => {
  const { noStdin, sigProxy, detachKeys } = flags;
  const attach = prepareAttach(surroundingsOf(context), positionals[0] ?? '', { stdin: !noStdin, sigProxy, detachKeys });
  requireTerminal(attach.tty, attach.stdin);
  return await handOver(attach.program, attach.writePlan(), context.env);
};
