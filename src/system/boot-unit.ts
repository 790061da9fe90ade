/** The unit file on disk. */
import { existsSync, lstatSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail } from '../core/errors.ts';
import { isOurUnit, unitName, unitText } from '../core/systemd-unit.ts';
import { bootCommand, configHome } from './boot-command.ts';
import type { Environment } from './boot-command.ts';
import { removeIfPresent, writeFileAtomic } from './files.ts';
import { readOptional } from './read-optional.ts';
import type { UserManager } from './user-manager.ts';

/** Where a manager with this environment looks for the units of its user: systemd.unit(5). */
export const unitPath = (env: Environment): string => join(configHome(env), 'systemd/user', unitName);

/** The link that `systemctl enable` makes of the unit's [Install] section. */
const wantsPath = (unit: string): string => join(dirname(unit), 'default.target.wants', unitName);

const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

/** Whether our unit is there and enabled. */
export const unitIsInstalled = (env: Environment): boolean => isOurUnit(readOptional(unitPath(env))) && isThere(wantsPath(unitPath(env)));

const requireOurs = (path: string): void => {
  if (existsSync(path) && !isOurUnit(readOptional(path)))
    fail({ _tag: 'Refused', message: `${path} was not made by 'skiff system install'`, hint: 'rename it, or use --cron' });
};

/**
 * Writes and enables the unit; returns its path and whether anything had to be done. On failure what was there before is there again.
 * Throws Refused where somebody else's unit has the name, System with the words of systemctl, errno errors.
 */
export const installUnit = (manager: UserManager, env: Environment, rootFlag: string | undefined): { readonly path: string; readonly changed: boolean } => {
  const path = unitPath(manager.environment);
  requireOurs(path);
  const before = readOptional(path);
  const text = unitText(bootCommand(env, manager.environment, rootFlag));
  if (before === text && unitIsInstalled(manager.environment)) return { path, changed: false };
  mkdirSync(dirname(path), { recursive: true });
  writeFileAtomic(path, text, { durable: true, mode: 0o644 });
  try {
    manager.systemctl('daemon-reload');
    manager.systemctl('--quiet', 'enable', unitName);
  } catch (error) {
    if (before === '') removeIfPresent(path);
    else writeFileAtomic(path, before, { durable: true, mode: 0o644 });
    throw error;
  }
  return { path, changed: true };
};

/**
 * Removes our unit and the link that enables it, by hand, because it may be gone already for a manager that does not answer. What it has started
 * goes on. Returns the path when there was one. Idempotent; somebody else's unit is left alone.
 */
export const uninstallUnit = (manager: UserManager | undefined, env: Environment): string | undefined => {
  const path = unitPath(manager?.environment ?? env);
  if (!isOurUnit(readOptional(path))) return undefined;
  removeIfPresent(wantsPath(path));
  removeIfPresent(path);
  manager?.systemctl('daemon-reload');
  return path;
};
