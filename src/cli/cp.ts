import { isatty } from 'node:tty';
import { isLeft } from 'fp-ts/Either';
import { fail } from '../core/errors.ts';
import { humanSize } from '../core/sizes.ts';
import { copyFiles } from '../runtime/copy.ts';
import { parseCopyArgument } from '../runtime/copy-path.ts';
import type { CopyArgument } from '../runtime/copy-path.ts';
import type { Context } from './context.ts';
import { exitOne } from './exit-one.ts';
import { table } from './options/cp.ts';
import type { FlagsOf } from './options/table.ts';
import { OutputClosed } from './output.ts';
import { surroundingsOf } from './surroundings.ts';
import { warn } from './warn.ts';

export { table };

const stdin = 0;

const refuseTerminal = (context: Context, source: CopyArgument, target: CopyArgument): void => {
  const reading = source.kind === 'stream' && isatty(stdin);
  const writing = target.kind === 'stream' && context.stdout.isTerminal();
  if (reading || writing) fail({ _tag: 'Refused', message: `an archive is not ${reading ? 'read from' : 'written to'} a terminal`, hint: `redirect ${reading ? 'one into it' : 'it'}` });
};

/** `skiff cp`; 1 on failure, as in Docker. What it has done it says to a terminal only, on standard error. */
export const run = (context: Context, flags: FlagsOf<typeof table>, [from = '', to = '']: readonly string[]): Promise<number> =>
  exitOne(context, async () => {
    const [source, target] = [parseCopyArgument(from, process.cwd()), parseCopyArgument(to, process.cwd())];
    refuseTerminal(context, source, target);
    const done = await copyFiles(surroundingsOf(context), { source, target, archive: flags.archive, followLink: flags.followLink })();
    if (isLeft(done)) return fail(done.left);
    const { bytes, leftOut, readerGone } = done.right;
    for (const sentence of leftOut) warn(context, sentence);
    if (readerGone) throw new OutputClosed();
    if (!flags.quiet && source.kind === 'path' && target.kind === 'path' && context.stdout.isTerminal()) context.stderr.write(`Successfully copied ${humanSize(bytes)} to ${to}\n`);
  });
