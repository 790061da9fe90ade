/** The systemd that runs for this user, where there is one: systemctl(1), user@.service(5). */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../core/errors.ts';
import { parseEnvironment } from '../core/systemd-environment.ts';
import { findProgram } from './programs.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface UserManager {
  /** What its units start with. */
  readonly environment: Environment;
  /** Runs systemctl --user with these words. Throws System with its own. */
  readonly systemctl: (...words: readonly string[]) => void;
}

export type FoundManager = { readonly kind: 'found'; readonly manager: UserManager } | { readonly kind: 'none'; readonly reason: string };

/** The manager listens here. Who came by su(1) or from cron has no XDG_RUNTIME_DIR, and may have a manager all the same. */
const runtimeDirectory = (env: Environment): string | undefined =>
  [env['XDG_RUNTIME_DIR'] ?? '', `/run/user/${process.getuid?.() ?? 0}`].find((directory) => existsSync(join(directory, 'systemd/private')));

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';

/** Looks for a manager that answers. Never throws: that there is none is an answer. */
export const findUserManager = (env: Environment): FoundManager => {
  const none = (reason: string): FoundManager => ({ kind: 'none', reason });
  const program = findProgram(env, 'systemctl');
  if (program === undefined) return none('systemctl is not installed');
  const directory = runtimeDirectory(env);
  if (directory === undefined) return none('no systemd runs for this user');
  const call = (...words: readonly string[]) =>
    spawnSync(program, ['--user', ...words], { env: { ...env, XDG_RUNTIME_DIR: directory, LC_ALL: 'C' }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const asked = call('show-environment');
  if (asked.status !== 0) return none(`systemctl --user says: ${lastLine(asked.stderr ?? '') || asked.error?.message}`);
  const systemctl = (...words: readonly string[]): void => {
    const { status, stderr, error } = call(...words);
    if (status !== 0) fail({ _tag: 'System', operation: 'run', subject: `systemctl --user ${words.join(' ')}`, reason: lastLine(stderr ?? '') || (error?.message ?? `it ended with ${status}`) });
  };
  return { kind: 'found', manager: { environment: parseEnvironment(asked.stdout), systemctl } };
};

/** Whether the user's systemd begins with the machine, and not with the first login: loginctl(1), enable-linger. */
export const isLingering = (user: string): boolean => existsSync(join('/var/lib/systemd/linger', user));
