import { prepareAttach } from '../runtime/attach.ts';
import { handOver } from '../system/hand-over.ts';
import { exitOne } from './exit-one.ts';
import { table } from './options/attach.ts';
import { surroundingsOf } from './surroundings.ts';
import { requireTerminal } from './terminal.ts';
import type { Attach } from '../runtime/attach.ts';
import type { Context } from './context.ts';
import type { FlagsOf } from './options/table.ts';

export { table };

/** `skiff attach`: ends with the container's exit code, or with 0 when it was detached again; with 1 where it cannot be attached to. */
export const run = async (context: Context, { noStdin, sigProxy, detachKeys }: FlagsOf<typeof table>, positionals: readonly string[]): Promise<number> => {
  let attach: Attach | undefined;
  const failed = await exitOne(context, async () => {
    const found = prepareAttach(surroundingsOf(context), positionals[0] ?? '', { stdin: !noStdin, sigProxy, detachKeys });
    requireTerminal(found.tty, !noStdin);
    attach = found;
  });
  return attach === undefined ? failed : await handOver(attach.program, attach.writePlan(), context.env);
};
