import { printable } from '../core/errors.ts';
import { tell } from '../runtime/container-events.ts';
import { findContainer, requireRunning } from '../runtime/records.ts';
import { topOf } from '../runtime/top.ts';
import type { ProcessTable } from '../runtime/top.ts';
import type { Context } from './context.ts';
import { exitOne } from './exit-one.ts';
import { table } from './options/top.ts';
import type { FlagsOf } from './options/table.ts';
import { surroundingsOf } from './surroundings.ts';

export { table };

/** Docker's layout: every column is at least 20 cells wide with 3 between two, except for the last. */
const layOut = ({ titles, rows }: ProcessTable): string => {
  const lines = [titles, ...rows].map((row) => row.map(printable));
  const widths = titles.map((_, at) => Math.max(20, ...lines.map((line) => (line[at] ?? '').length + 3)));
  return lines.map((line) => `${line.map((cell, at) => (at === titles.length - 1 ? cell : cell.padEnd(widths[at] ?? 0))).join('')}\n`).join('');
};

/** `skiff top`; 1 on failure, as in Docker. */
export const run = (context: Context, _flags: FlagsOf<typeof table>, [word = '', ...options]: readonly string[]): Promise<number> =>
  exitOne(context, async () => {
    const { paths, env } = surroundingsOf(context);
    const { spec, state } = requireRunning(word, findContainer(paths, word));
    const processes = topOf(env, state, options);
    tell(paths, spec, 'top');
    context.stdout.write(layOut(processes));
  });
