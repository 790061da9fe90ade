/**
 * How a container comes by a cgroup of its own without root. Pure: the facts are `Cgroups`.
 *
 * `systemd`: the user manager makes a scope. What is below user@UID.service is that manager's, and it alone may change anything there
 * (systemd.io/CGROUP_DELEGATION, "The Single-Writer Rule"); so this is the way for everybody who is inside, and for login sessions beside it.
 * `direct`: somebody has given us a part of the tree, as for a service with Delegate=, or in another container.
 */
import { refuse, usage } from '../core/invalid.ts';
import type { Controller } from '../core/cgroup-values.ts';
import type { Cgroups } from '../system/cgroups.ts';

export type CgroupWay =
  | { readonly kind: 'direct'; readonly parent: string }
  | { readonly kind: 'systemd'; readonly socket: string; readonly slice: string };

export interface Wanted {
  readonly controller: Controller;
  readonly flag: string;
}

/** Where systemd puts programs of a user. */
const defaultSlice = 'app.slice';

const managerOf = ({ own, uid }: Cgroups): string => /^.*\/user@\d+\.service/.exec(own)?.[0] ?? `/user.slice/user-${uid}.slice/user@${uid}.service`;
const isInsideManager = ({ own }: Cgroups): boolean => /\/user@\d+\.service(\/|$)/.test(own);

const ancestorsOf = (path: string): readonly string[] => {
  const parts = path.split('/').filter((part) => part !== '');
  return parts.map((_, index) => `/${parts.slice(0, parts.length - 1 - index).join('/')}`);
};

const canGive = (cgroups: Cgroups, path: string): boolean => cgroups.isOurs(path) && !cgroups.hasProcesses(path);

/** The nearest cgroup above us in which we may make others. Not our own one: it has a process. */
const delegated = (cgroups: Cgroups): string | undefined => ancestorsOf(cgroups.own).find((path) => canGive(cgroups, path));

const ulimitHint = 'set limits for each process with --ulimit, or leave them out';

const requireVersion2 = ({ version }: Cgroups, flag: string): void => {
  if (version === '2') return;
  const why = version === '1' ? 'this machine gives it version 1, which only root may use' : 'this machine has none at /sys/fs/cgroup';
  refuse(`${flag} needs cgroups of version 2 alone: ${why}`, `boot it with systemd.unified_cgroup_hierarchy=1, or ${ulimitHint}`);
};

const delegateHint = (names: readonly string[]): string =>
  `ask an administrator to write '[Service]' and 'Delegate=cpu cpuset io memory pids' to /etc/systemd/system/user@.service.d/delegate.conf and run 'systemctl daemon-reload'; you have ${names.length === 0 ? 'none' : names.join(', ')}`;

const requireControllers = (names: readonly string[], wanted: readonly Wanted[], hint: string): void => {
  const lacking = wanted.find(({ controller }) => !names.includes(controller));
  if (lacking !== undefined) refuse(`${lacking.flag} needs the cgroup controller ${lacking.controller}, which is not delegated to you`, hint);
};

/** The controllers that a container gets on this way. */
export const controllersOf = (cgroups: Cgroups, way: CgroupWay): readonly string[] => cgroups.controllers(way.kind === 'direct' ? way.parent : managerOf(cgroups));

const bySystemd = (cgroups: Cgroups, socket: string, wanted: readonly Wanted[], parent: string): CgroupWay => {
  const names = cgroups.controllers(managerOf(cgroups));
  // Where it is not found, as under another layout, systemd has the word.
  if (names.length > 0 || isInsideManager(cgroups)) requireControllers(names, wanted, delegateHint(names));
  if (parent !== '' && !/^[a-zA-Z0-9_.\\-]+\.slice$/.test(parent)) usage(`invalid --cgroup-parent '${parent}'`, "with systemd it is the name of a slice, as in 'batch.slice'");
  return { kind: 'systemd', socket, slice: parent === '' ? defaultSlice : parent };
};

const directly = (cgroups: Cgroups, base: string, wanted: readonly Wanted[], parent: string): CgroupWay => {
  const path = parent === '' ? base : parent.startsWith('/') ? parent : `${base === '/' ? '' : base}/${parent}`;
  if (/(^|\/)\.\.?(\/|$)/.test(path) || !canGive(cgroups, path)) {
    refuse(`--cgroup-parent ${parent} is not a cgroup in which you may make others`, 'give one that belongs to you and has no processes of its own');
  }
  requireControllers(cgroups.controllers(path), wanted, `have it delegated by whoever made ${path}, or ${ulimitHint}`);
  return { kind: 'direct', parent: path };
};

/**
 * The way for a container with these limits; `parent` is `--cgroup-parent`, or empty. Throws Refused, with the flag, what is missing and what to do about it;
 * Usage for a parent that cannot be one.
 */
export const chooseCgroupWay = (cgroups: Cgroups, wanted: readonly Wanted[], parent: string): CgroupWay => {
  const flag = wanted[0]?.flag ?? '--cgroup-parent';
  requireVersion2(cgroups, flag);
  const [socket] = cgroups.managers;
  const own = isInsideManager(cgroups) && socket !== undefined ? undefined : delegated(cgroups);
  if (own !== undefined) return directly(cgroups, own, wanted, parent);
  if (socket !== undefined) return bySystemd(cgroups, socket, wanted, parent);
  const why = 'there is no systemd user manager for you, and no cgroup has been delegated to you';
  return refuse(`${flag} needs a cgroup: ${why}`, `log in, or have a manager without that: loginctl enable-linger; or ${ulimitHint}`);
};
