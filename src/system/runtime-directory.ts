/**
 * The directory of sockets and markers. All commands of a user must agree on it, whatever they were started by: a login, cron, su(1), a systemd unit;
 * and it must last as long as the containers do.
 */
import { lstatSync, readFileSync, readdirSync, readlinkSync, renameSync, symlinkSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

const uid = (): number => process.getuid?.() ?? 0;

/** What a systemd-logind on this machine says of the user, who is logged in or lingers; sd-login(3) reads the same file. */
const loginName = (): string | undefined => {
  try {
    return /^NAME=(.+)$/m.exec(readFileSync(`/run/systemd/users/${uid()}`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
};

const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

/**
 * Where it goes by the environment alone: in XDG_RUNTIME_DIR, but not where systemd-logind removes that after the last logout, with the sockets of
 * containers that go on. Without the variable there may be such a directory all the same, for a user who lingers.
 */
const wantedDirectory = (env: Environment): string => {
  const set = env['XDG_RUNTIME_DIR'] ?? '';
  const users = `/run/user/${uid()}`;
  const temporary = `/tmp/skiff-${uid()}`;
  if (isAbsolute(set) && set !== users) return join(set, 'skiff');
  const name = loginName();
  if (name === undefined) return set === users ? join(users, 'skiff') : temporary;
  return isThere(join('/var/lib/systemd/linger', name)) && isThere(users) ? join(users, 'skiff') : temporary;
};

const linkTarget = (link: string): string | undefined => {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
};

/** Whether containers live there, or have left their markers: only then must others use it, too. */
const isInUse = (directory: string): boolean => {
  const stat = lstatSync(directory, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isDirectory() || stat.uid !== uid() || (stat.mode & 0o077) !== 0) return false;
  try {
    return readdirSync(join(directory, 'c')).length > 0;
  } catch {
    return false;
  }
};

/** In the directory of this machine's containers, where all commands look that know of them. */
const linkPath = (host: string): string => join(host, 'runtime');

/** The directory that the containers of `host` (absolute path of this machine's state) use, else the one that they will. Creates nothing. */
export const runtimeDirectory = (env: Environment, host: string): string => {
  const wanted = wantedDirectory(env);
  const used = linkTarget(linkPath(host));
  return used !== undefined && used !== wanted && isInUse(used) ? used : wanted;
};

/**
 * Writes down for other commands which directory is used, where that has changed. Atomic, by rename. Where it cannot be written no container can be
 * made either, and whoever only looks needs no link: never throws.
 */
export const noteRuntimeDirectory = (host: string, directory: string): void => {
  if (linkTarget(linkPath(host)) === directory) return;
  const temporary = join(host, `.runtime-${process.pid}`);
  try {
    symlinkSync(directory, temporary);
    renameSync(temporary, linkPath(host));
  } catch {
    // As said.
  }
};
