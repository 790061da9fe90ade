/** `skiff top`: the processes of a container as ps(1) shows them, with the pids that the host knows. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fail } from '../core/errors.ts';
import { readOptional } from '../system/read-optional.ts';
import { findProgram } from '../system/programs.ts';
import { membersOf, readProc, takeCensus, ticksPerSecond } from './container-processes.ts';
import type { ProcessStat } from './container-processes.ts';
import type { State } from './container-state.ts';

/** A table: as many cells in each row as there are titles. */
export interface ProcessTable {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What is the same for all processes. */
export interface Clock {
  /** Seconds since 1970. */
  readonly boot: number;
  readonly now: number;
}

const readClock = (): Clock => {
  const boot = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'latin1'))?.[1] ?? '0';
  return { boot: Number(boot), now: Date.now() / 1000 };
};

const pad = (value: number): string => String(value).padStart(2, '0');

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** When it began: the time today, the day this year, or the year; in local time, as ps(1) has it. */
export const startText = (start: number, now: number): string => {
  const [then, today] = [new Date(start * 1000), new Date(now * 1000)];
  if (then.getFullYear() !== today.getFullYear()) return String(then.getFullYear());
  if (then.toDateString() !== today.toDateString()) return `${months[then.getMonth()] ?? ''}${pad(then.getDate())}`;
  return `${pad(then.getHours())}:${pad(then.getMinutes())}`;
};

/** `[DAYS-]HH:MM:SS`. */
export const timeText = (ticks: number): string => {
  const seconds = Math.floor(ticks / ticksPerSecond);
  const days = Math.floor(seconds / 86400);
  return `${days === 0 ? '' : `${days}-`}${pad(Math.floor(seconds / 3600) % 24)}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`;
};

/** The terminal by its device number: the pseudo-terminals are those of majors 136 to 143 (Linux, Documentation/admin-guide/devices.txt). */
export const terminalText = (device: number): string => {
  const major = (device >>> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  if (major >= 136 && major <= 143) return `pts/${minor + (major - 136) * 256}`;
  return major === 4 && minor < 64 ? `tty${minor}` : '?';
};

/** What it was started as; the kernel's name for it in brackets where that is gone. */
const commandText = ({ pid, command, state }: ProcessStat): string => {
  const words = (readProc(pid, 'cmdline') ?? '').replace(/\0+$/, '').replaceAll('\0', ' ');
  if (state === 'Z') return `[${command}] <defunct>`;
  return words === '' ? `[${command}]` : words;
};

/** Names of the host, for a pid is the host's too. */
const userNames = (): ReadonlyMap<string, string> => {
  const lines = readOptional('/etc/passwd').split('\n').map((line) => line.split(':'));
  return new Map(lines.map(([name = '', , id = '']) => [id, name]));
};

const effectiveUser = (pid: number): string => /^Uid:\t\d+\t(\d+)/m.exec(readProc(pid, 'status') ?? '')?.[1] ?? '?';

const titles = ['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'];

const rowOf = (process: ProcessStat, users: ReadonlyMap<string, string>, { boot, now }: Clock): readonly string[] => {
  const user = effectiveUser(process.pid);
  const start = boot + Number(process.start) / ticksPerSecond;
  const share = Math.floor((process.ownTicks / ticksPerSecond / Math.max(1, now - start)) * 100);
  return [
    users.get(user) ?? user,
    String(process.pid),
    String(process.parent),
    String(Math.min(99, share)),
    startText(start, now),
    terminalText(process.terminal),
    timeText(process.ownTicks),
    commandText(process),
  ];
};

/** The lines of ps(1) that are about `pids`. Cells are separated by spaces; the last one, a command, may hold some. Throws Refused without a column of pids. */
export const selectRows = (text: string, pids: ReadonlySet<number>): ProcessTable => {
  const [head = '', ...lines] = text.split('\n');
  const words = head.trim().split(/\s+/);
  const at = words.indexOf('PID');
  if (at < 0) return fail({ _tag: 'Refused', message: 'these options of ps show no column PID, by which processes are found', hint: 'add it, as in -o pid,comm' });
  const rows = lines.flatMap((line) => {
    const cells = line.trim().split(/\s+/);
    if (!pids.has(Number(cells[at]))) return [];
    return [[...cells.slice(0, words.length - 1), cells.slice(words.length - 1).join(' ')]];
  });
  return { titles: words, rows };
};

/** Docker's way: ps(1) of the host is asked about these pids, and about all where the options do not allow that. */
const runPs = (env: NodeJS.ProcessEnv, options: readonly string[], pids: readonly number[]): string => {
  const ps = findProgram(env, 'ps') ?? fail({ _tag: 'Missing', program: 'ps', package: 'procps', purpose: 'show other columns' });
  const ask = (words: readonly string[]) => spawnSync(ps, words, { encoding: 'utf8', maxBuffer: 64 << 20, stdio: ['ignore', 'pipe', 'pipe'] });
  const first = ask([...options, `-q${pids.join(',')}`]);
  const done = first.status === 0 ? first : ask(options);
  if (done.status === 0) return done.stdout;
  const [reason = ''] = done.stderr.split('\n').filter((line) => line.trim() !== '');
  return fail({ _tag: 'Refused', message: `ps ${options.join(' ')}: ${reason === '' ? (done.error?.message ?? 'failed') : reason}` });
};

/**
 * The processes of a container that runs, in the columns of `ps -ef`, or in those that `options` for ps(1) ask for.
 * Throws, only with options, Missing (ps) and Refused (ps's own words).
 */
export const topOf = (env: NodeJS.ProcessEnv, state: State, options: readonly string[]): ProcessTable => {
  const members = membersOf(takeCensus(), state);
  const pids = members.map(({ pid }) => pid);
  if (options.length > 0) return selectRows(runPs(env, options, pids), new Set(pids));
  const [users, clock] = [userNames(), readClock()];
  return { titles, rows: members.map((process) => rowOf(process, users, clock)) };
};
