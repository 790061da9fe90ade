import { isLeft } from 'fp-ts/Either';
import { fail } from '../core/errors.ts';
import type { Packed } from '../images/pack.ts';
import { exportContainer } from '../runtime/export.ts';
import { findContainer } from '../runtime/records.ts';
import { withOutputFile } from '../system/output-file.ts';
import type { Context } from './context.ts';
import { exitOne } from './exit-one.ts';
import { table } from './options/export.ts';
import type { FlagsOf } from './options/table.ts';
import { OutputClosed } from './output.ts';
import { surroundingsOf } from './surroundings.ts';
import { warn } from './warn.ts';

export { table };

const stdout = 1;

/** `skiff export`; 1 on failure, as in Docker. */
export const run = (context: Context, flags: FlagsOf<typeof table>, [word = '']: readonly string[]): Promise<number> =>
  exitOne(context, async () => {
    if (flags.output === undefined && context.stdout.isTerminal()) {
      fail({ _tag: 'Refused', message: 'an archive is not written to a terminal', hint: 'use -o FILE, or redirect it' });
    }
    const surroundings = surroundingsOf(context);
    const container = findContainer(surroundings.paths, word);
    const exportTo = async (fd: number): Promise<Packed> => {
      const result = await exportContainer(surroundings, word, container, fd)();
      return isLeft(result) ? fail(result.left) : result.right;
    };
    const { leftOut, readerGone } = flags.output === undefined ? await exportTo(stdout) : await withOutputFile(flags.output, exportTo);
    for (const sentence of leftOut) warn(context, sentence);
    if (readerGone) throw new OutputClosed();
  });
