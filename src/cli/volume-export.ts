import { fail } from '../core/errors.ts';
import { exportVolume } from '../runtime/volume-archive.ts';
import { withOutputFile } from '../system/output-file.ts';
import { exitOne } from './exit-one.ts';
import { table } from './options/volume-export.ts';
import { OutputClosed } from './output.ts';
import { surroundingsOf } from './surroundings.ts';
import { warn } from './warn.ts';
import type { Packed } from '../images/pack.ts';
import type { Context } from './context.ts';
import type { FlagsOf } from './options/table.ts';

export { table };

const stdout = 1;

/** `skiff volume export`; 1 on failure. */
export const run = (context: Context, { output }: FlagsOf<typeof table>, [word = '']: readonly string[]): Promise<number> =>
  exitOne(context, async () => {
    if (output === undefined && context.stdout.isTerminal()) fail({ _tag: 'Refused', message: 'an archive is not written to a terminal', hint: 'use -o FILE, or redirect it' });
    const surroundings = surroundingsOf(context);
    const exportTo = (fd: number): Promise<Packed> => exportVolume(surroundings, word, fd);
    const { leftOut, readerGone } = output === undefined ? await exportTo(stdout) : await withOutputFile(output, exportTo);
    for (const sentence of leftOut) warn(context, sentence);
    if (readerGone) throw new OutputClosed();
  });
