import { fstatSync } from 'node:fs';
import { need, usage } from '../core/invalid.ts';
import { parseMoment } from '../core/log-times.ts';
import { showLogs } from '../runtime/logs.ts';
import { findContainer } from '../runtime/records.ts';
import { exitOne } from './exit-one.ts';
import { table } from './options/logs.ts';
import { surroundingsOf } from './surroundings.ts';
import { warn } from './warn.ts';
import type { LogsOptions } from '../runtime/logs.ts';
import type { Context } from './context.ts';
import type { FlagsOf } from './options/table.ts';

export { table };

type Flags = FlagsOf<typeof table>;

const tailOf = (text: string): { readonly tail?: number } => {
  if (text === '' || text === 'all' || /^-\d+$/.test(text)) return {};
  return /^\d{1,15}$/.test(text) ? { tail: Number(text) } : usage(`invalid --tail '${text}'`, "give a number of lines, or 'all'");
};

const optionsOf = ({ since, until, tail, ...flags }: Flags, now: number): LogsOptions => ({
  ...flags,
  ...(since ? { since: parseMoment('--since', since, now) } : {}),
  ...(until ? { until: parseMoment('--until', until, now) } : {}),
  ...tailOf(tail),
});

/** Whether standard output and standard error are one file, pipe or terminal. */
const isShared = (): boolean => {
  try {
    const [out, err] = [fstatSync(1), fstatSync(2)];
    return out.ino === err.ino && out.dev === err.dev;
  } catch {
    return false;
  }
};

/** `skiff logs`: what went to standard output goes there, and the same for standard error; 1 on failure, as in Docker. */
export const run = (context: Context, flags: Flags, [word = '']: readonly string[]): Promise<number> =>
  exitOne(context, async () => {
    const options = optionsOf(flags, Date.now());
    const { paths } = surroundingsOf(context);
    need(
      await showLogs(paths, findContainer(paths, word), options, {
        write: (stderr, bytes) => (stderr ? context.stderr : context.stdout).write(bytes),
        shared: isShared(),
        warn: (sentence) => warn(context, sentence),
      })(),
    );
  });
