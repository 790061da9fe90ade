/** The line of a crontab that starts containers when a machine does: crontab(5). Everything else in the crontab stays as it is. */
import type { BootCommand } from './boot-command.ts';

/** At the end of our line, where the shell that runs it takes it for a comment. */
const mark = "# made by 'skiff system install'";

const isOurs = (line: string): boolean => line.trimEnd().endsWith(mark);

/** For sh(1), in which cron(8) runs it. cron takes a `%` for a line break, unless a backslash stands before it, in quotes or not; it removes that one. */
const word = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`.replaceAll('%', '\\%');

/**
 * Our line. Without XDG_RUNTIME_DIR, even where cron has one: the directory of a session that ends with the job would vanish from under the
 * containers. What is printed of success is thrown away, so that cron sends mail only of failures.
 */
export const bootLine = ({ program, args, environment }: BootCommand): string => {
  const settings = [['XDG_RUNTIME_DIR', ''] as const, ...environment].map(([name, value]) => `${name}=${value === '' ? '' : word(value)}`);
  return `@reboot ${[...settings, word(program), ...args.map(word)].join(' ')} system boot >/dev/null ${mark}`;
};

const linesOf = (crontab: string): readonly string[] => crontab.replace(/\n$/, '').split('\n');

const joined = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

/** The crontab without any line of ours; empty when nothing else was in it. */
export const withoutBootLine = (crontab: string): string => (crontab === '' ? '' : joined(linesOf(crontab).filter((line) => !isOurs(line))));

/** The crontab with exactly this line of ours: in the place of the first that there is, else at the end. */
export const withBootLine = (crontab: string, line: string): string => {
  const lines = crontab === '' ? [] : linesOf(crontab);
  const first = lines.findIndex(isOurs);
  if (first === -1) return joined([...lines, line]);
  return joined(lines.flatMap((old, at) => (at === first ? [line] : isOurs(old) ? [] : [old])));
};

/** Whether a line of ours is in the crontab. */
export const hasBootLine = (crontab: string): boolean => linesOf(crontab).some(isOurs);
