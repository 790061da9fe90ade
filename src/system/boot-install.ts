/** Setting up that containers come back with the machine, and undoing it: `skiff system install` and `uninstall`. */
import { fail } from '../core/errors.ts';
import { crontabIsInstalled, cronRuns, installCrontab, uninstallCrontab } from './boot-crontab.ts';
import { installUnit, uninstallUnit, unitIsInstalled } from './boot-unit.ts';
import type { Environment } from './boot-command.ts';
import { findProgram } from './programs.ts';
import { findUserManager, isLingering } from './user-manager.ts';
import type { FoundManager, UserManager } from './user-manager.ts';

/** `any`: systemd where it runs for this user, else cron. */
export type Way = 'any' | 'systemd' | 'cron';

export type Installed =
  | { readonly kind: 'systemd'; readonly path: string; readonly changed: boolean; readonly lingers: boolean; readonly removed: boolean }
  | { readonly kind: 'cron'; readonly changed: boolean; readonly runs: boolean; readonly removed: string | undefined };

const withSystemd = (manager: UserManager, env: Environment, rootFlag: string | undefined, user: string): Installed => {
  const unit = installUnit(manager, env, rootFlag);
  return { kind: 'systemd', ...unit, lingers: isLingering(user), removed: crontabIsInstalled(env) && uninstallCrontab(env) };
};

const managerOf = (found: FoundManager): UserManager | undefined => (found.kind === 'found' ? found.manager : undefined);

/**
 * Sets it up one way, and takes the other back where it was set up. Idempotent; on failure nothing has changed.
 * Throws Refused where neither way is possible or the wanted one is not, Missing, System.
 */
export const installBoot = (env: Environment, rootFlag: string | undefined, user: string, way: Way): Installed => {
  const found = findUserManager(env);
  if (way !== 'cron' && found.kind === 'found') return withSystemd(found.manager, env, rootFlag, user);
  const reason = found.kind === 'none' ? found.reason : '';
  if (way === 'systemd') return fail({ _tag: 'Refused', message: `systemd cannot start containers here: ${reason}`, hint: 'log in anew where a session of systemd is opened (not with su), or use --cron' });
  if (way === 'any' && findProgram(env, 'crontab') === undefined) {
    const hint = "have an administrator install cron, or call 'skiff system boot' from whatever starts programs of yours here";
    return fail({ _tag: 'Refused', message: `nothing here starts programs of yours with the machine: ${reason}, and crontab is not installed`, hint });
  }
  const changed = installCrontab(env, rootFlag);
  return { kind: 'cron', changed, runs: cronRuns(), removed: uninstallUnit(managerOf(found), env) };
};

/** What was taken away; both are empty where nothing was set up. */
export interface Uninstalled {
  /** Of the unit. */
  readonly path: string | undefined;
  readonly crontab: boolean;
}

/** Undoes `installBoot`, whichever way it went. Containers that run go on. Idempotent. Throws System. */
export const uninstallBoot = (env: Environment): Uninstalled => ({ path: uninstallUnit(managerOf(findUserManager(env)), env), crontab: crontabIsInstalled(env) && uninstallCrontab(env) });

/** How it is set up now; undefined where it is not. Costs a start of crontab(1) where there is no unit. */
export const bootIsInstalled = (env: Environment): 'systemd' | 'cron' | undefined => (unitIsInstalled(env) ? 'systemd' : crontabIsInstalled(env) ? 'cron' : undefined);
