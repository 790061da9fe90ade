/** The user's crontab, through crontab(1): nobody but that program may write it. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { bootLine, hasBootLine, withBootLine, withoutBootLine } from '../core/crontab.ts';
import { fail } from '../core/errors.ts';
import { bootCommand } from './boot-command.ts';
import type { Environment } from './boot-command.ts';
import { findProgram } from './programs.ts';
import { readOptional } from './read-optional.ts';

type Crontab = { readonly read: () => string; readonly write: (text: string) => void };

const openCrontab = (env: Environment): Crontab | undefined => {
  const program = findProgram(env, 'crontab');
  if (program === undefined) return undefined;
  const call = (words: readonly string[], input = '') => spawnSync(program, words, { input, encoding: 'utf8', env: { ...env, LC_ALL: 'C' } });
  const failed = (operation: string, { status, stderr, error }: ReturnType<typeof call>): never =>
    fail({ _tag: 'System', operation, subject: 'your crontab', reason: (stderr ?? '').trim().replace(/\s*\n\s*/g, ' ') || (error?.message ?? `crontab ended with ${status}`) });
  return {
    read: () => {
      const asked = call(['-l']);
      // Whoever has none is told so, and the exit code is 1 as for everything else.
      if (asked.status !== 0 && !/\bno crontab\b/.test(asked.stderr ?? '')) return failed('read', asked);
      return asked.status === 0 ? asked.stdout : '';
    },
    write: (text) => {
      const done = text === '' ? call(['-r']) : call(['-'], text);
      if (done.status !== 0) failed('write', done);
    },
  };
};

/** Where cron(8) takes a job's HOME from. */
const homeOf = (uid: number): string => new RegExp(`^[^:\\n]+:[^:\\n]*:${uid}:[^:\\n]*:[^:\\n]*:([^:\\n]*)`, 'm').exec(readOptional('/etc/passwd'))?.[1] ?? homedir();

/** Whether our line is in the crontab; false where there is none, or nobody may read it. */
export const crontabIsInstalled = (env: Environment): boolean => {
  try {
    return hasBootLine(openCrontab(env)?.read() ?? '');
  } catch {
    return false;
  }
};

/** Puts our line into the crontab; returns whether it had to be changed. Throws Missing without crontab(1), System with its words. */
export const installCrontab = (env: Environment, rootFlag: string | undefined): boolean => {
  const crontab = openCrontab(env) ?? fail({ _tag: 'Missing', program: 'crontab', package: 'cron', purpose: 'start containers when this machine starts' });
  const before = crontab.read();
  const after = withBootLine(before, bootLine(bootCommand(env, { HOME: homeOf(process.getuid?.() ?? 0), PATH: '/usr/bin:/bin' }, rootFlag)));
  if (after === before) return false;
  crontab.write(after);
  return true;
};

/** Takes our line out of the crontab; returns whether there was one. Idempotent. Throws System with the words of crontab(1). */
export const uninstallCrontab = (env: Environment): boolean => {
  const crontab = openCrontab(env);
  const before = crontab?.read() ?? '';
  if (crontab === undefined || !hasBootLine(before)) return false;
  crontab.write(withoutBootLine(before));
  return true;
};

const commandOf = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'latin1').trim();
  } catch {
    return '';
  }
};

/** Whether a cron daemon seems to run: it leaves its pid here, or is seen in /proc. */
export const cronRuns = (): boolean =>
  ['/run/crond.pid', '/run/cron.pid'].some((path) => existsSync(path)) || readdirSync('/proc').some((pid) => /^\d+$/.test(pid) && /^(cron|crond|fcron)$/.test(commandOf(pid)));
