/** What this machine's cgroup tree is, and which part of it is ours: cgroups(7). */
import { accessSync, constants, lstatSync, readFileSync, statSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { readOptional } from './read-optional.ts';

export const cgroupTree = '/sys/fs/cgroup';

/** statfs(2), CGROUP2_SUPER_MAGIC. */
const version2 = 0x63677270;

/** The tree as far as it matters for making a cgroup. Paths begin with a slash and are below `cgroupTree`. */
export interface Cgroups {
  /** `2` alone, `1` where version 1 has a part in it, `none` without any. */
  readonly version: '2' | '1' | 'none';
  /** Where this process is. */
  readonly own: string;
  readonly uid: number;
  /** What may be given to the children of a cgroup. Empty where there is none. */
  readonly controllers: (path: string) => readonly string[];
  /** What its children have. */
  readonly enabled: (path: string) => readonly string[];
  /** Whether we may make children of it and move processes there. */
  readonly isOurs: (path: string) => boolean;
  /** Whether processes are in it itself: then its children get no controllers. */
  readonly hasProcesses: (path: string) => boolean;
  /** Sockets of the systemd user manager that are there: its bus, and its own. */
  readonly managers: readonly string[];
}

const versionOf = (): Cgroups['version'] => {
  try {
    if (statfsSync(cgroupTree).type === version2) return '2';
    return lstatSync('/proc/self/cgroup', { throwIfNoEntry: false }) === undefined ? 'none' : '1';
  } catch {
    return 'none';
  }
};

const wordsIn = (path: string, file: string): readonly string[] => readOptional(join(cgroupTree, path, file)).split(/\s+/).filter((word) => word !== '');

const canWrite = (path: string): boolean => {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
};

const isOurs = (path: string): boolean => ['.', 'cgroup.procs', 'cgroup.subtree_control'].every((name) => canWrite(join(cgroupTree, path, name)));

/** Its line of version 2 in /proc/PID/cgroup; `/` without one. */
const ownPath = (): string => /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '/';

const isSocket = (path: string): boolean => {
  try {
    return statSync(path).isSocket();
  } catch {
    return false;
  }
};

/**
 * The user's bus, and where systemctl(1) finds the manager without one. Where the variable names another bus, as one that dbus-launch(1) has started, the
 * manager may not be on it: that comes last.
 */
const managersOf = (env: NodeJS.ProcessEnv, uid: number): readonly string[] => {
  const address = /(?:^|;)unix:path=([^,;]+)/.exec(env['DBUS_SESSION_BUS_ADDRESS'] ?? '')?.[1];
  const directories = [...new Set([env['XDG_RUNTIME_DIR'] ?? '', `/run/user/${uid}`])].filter((path) => path.startsWith('/'));
  const candidates = directories.flatMap((directory) => [join(directory, 'bus'), join(directory, 'systemd/private')]);
  return [...candidates, ...(address === undefined ? [] : [address])].filter(isSocket);
};

/** Looks at this machine. */
export const readCgroups = (env: NodeJS.ProcessEnv, uid: number): Cgroups => ({
  version: versionOf(),
  own: ownPath(),
  uid,
  controllers: (path) => wordsIn(path, 'cgroup.controllers'),
  enabled: (path) => wordsIn(path, 'cgroup.subtree_control'),
  isOurs,
  hasProcesses: (path) => wordsIn(path, 'cgroup.procs').length > 0,
  managers: managersOf(env, uid),
});
