/** Which namespaces a container makes, joins or does without, and how ids look inside. */
import { fail } from '../core/errors.ts';
import { defaultMap, isMapped, keepIdMap } from '../core/id-maps.ts';
import { need, refuse, usage } from '../core/invalid.ts';
import { parseHostMode, parseIpcMode, parsePidMode, parseUserMode } from '../core/namespace-modes.ts';
import { isHostNetwork } from '../core/network-mode.ts';
import { planNetworks } from './spec-network.ts';
import type { Extent, IdMapping } from '../core/id-maps.ts';
import type { IpcMode, PidMode, UserMode } from '../core/namespace-modes.ts';
import type { NetworkMode } from '../core/network-mode.ts';
import type { OciNamespace } from '../core/oci-runtime.ts';
import type { Principal } from '../core/users.ts';
import type { RunFlags } from './run-flags.ts';
import type { ContainerView, HostView, NetworkWish } from './spec-types.ts';

export interface NamespacePlan {
  readonly pid: PidMode;
  readonly ipc: IpcMode;
  readonly hostUts: boolean;
  readonly hostCgroup: boolean;
  readonly network: NetworkMode;
  /** Only with mode `networks`. */
  readonly networks?: readonly NetworkWish[];
  readonly userns: UserMode;
  /** Absent where the user namespace is another container's. */
  readonly uidMap: readonly IdMapping[];
  readonly gidMap: readonly IdMapping[];
  /** The container whose namespaces, the user namespace among them, are joined. */
  readonly donor?: ContainerView;
  readonly namespaces: readonly OciNamespace[];
}

const extents = (host: HostView): { readonly uids: readonly Extent[]; readonly gids: readonly Extent[] } => {
  const { idMap } = host;
  const alone = (id: number): readonly Extent[] => [{ containerId: 0, hostId: id, size: 1 }];
  return idMap.mode === 'ranges' ? idMap : { uids: alone(idMap.uid), gids: alone(idMap.gid) };
};

const findDonor = (name: string, host: HostView): ContainerView => {
  const found = host.findContainer(name) ?? fail({ _tag: 'NotFound', kind: 'container', name, hint: "see 'skiff ps -a'" });
  if (found.pid === undefined) return fail({ _tag: 'Conflict', message: `cannot join the namespaces of container ${name}: it is not running` });
  return found;
};

type Shareable = Pick<NamespacePlan, 'pid' | 'ipc' | 'network'>;

/** The one container that `--pid`, `--ipc` and `--network` name, if any: two would mean two user namespaces. */
const chooseDonor = (modes: Shareable, userns: UserMode, host: HostView): ContainerView | undefined => {
  const named = (['pid', 'ipc', 'network'] as const).flatMap((flag) => {
    const mode = modes[flag];
    return mode.mode === 'container' ? [{ flag, donor: findDonor(mode.container, host) }] : [];
  });
  const [first] = named;
  if (first === undefined) return undefined;
  const other = named.find(({ donor }) => donor.id !== first.donor.id);
  if (other !== undefined) {
    return refuse(`--${first.flag} and --${other.flag} name different containers: joining both would mean being in two user namespaces`, 'name the same container twice');
  }
  if (modes.ipc.mode === 'container' && !first.donor.shareable) {
    return refuse(`container ${first.donor.name} does not share its IPC namespace`, 'start it with --ipc shareable');
  }
  if (userns.mode !== 'default') return usage(`--userns keep-id does not go with --${first.flag} container:NAME, which brings its own user namespace`);
  return first.donor;
};

/** Whose network it is in the end: of several that share it one has made it, and that one may be in the host's. */
const networkBehind = (network: NetworkMode, donor: ContainerView | undefined): NetworkMode =>
  network.mode === 'container' && donor !== undefined ? { ...network, owner: donor.networkOwner, ...(donor.hasHostNetwork ? { isHosts: true } : {}) } : network;

type Modes = Omit<NamespacePlan, 'namespaces' | 'uidMap' | 'gidMap'>;

const listNamespaces = ({ pid, ipc, hostUts, hostCgroup, network, donor }: Modes): readonly OciNamespace[] => {
  const joined = (type: OciNamespace['type'], file: string): OciNamespace => ({ type, path: `/proc/${donor?.pid ?? 0}/ns/${file}` });
  const out: OciNamespace[] = [donor === undefined ? { type: 'user' } : joined('user', 'user'), { type: 'mount' }];
  if (pid.mode !== 'host') out.push(pid.mode === 'container' ? joined('pid', 'pid') : { type: 'pid' });
  if (!isHostNetwork(network)) out.push(network.mode === 'container' ? joined('network', 'net') : { type: 'network' });
  if (ipc.mode !== 'host') out.push(ipc.mode === 'container' ? joined('ipc', 'ipc') : { type: 'ipc' });
  if (!hostUts) out.push({ type: 'uts' });
  if (!hostCgroup) out.push({ type: 'cgroup' });
  return out;
};

/** Decides all namespaces of a container from its flags. Throws SkiffFailure. */
export const planNamespaces = (flags: RunFlags, host: HostView): NamespacePlan => {
  const pid = need(parsePidMode(flags.pid ?? ''));
  const ipc = need(parseIpcMode(flags.ipc ?? ''));
  const userns = need(parseUserMode(flags.userns ?? '', host));
  const { network, networks } = planNetworks(flags, host);
  const donor = chooseDonor({ pid, ipc, network }, userns, host);
  const modes: Modes = {
    pid,
    ipc,
    userns,
    hostUts: need(parseHostMode(flags.uts ?? '', '--uts')),
    hostCgroup: need(parseHostMode(flags.cgroupns ?? '', '--cgroupns')),
    network: networkBehind(network, donor),
    ...(networks === undefined ? {} : { networks }),
    ...(donor === undefined ? {} : { donor }),
  };
  const { uids, gids } = extents(host);
  return {
    ...modes,
    uidMap: userns.mode === 'keep-id' ? keepIdMap(uids, userns.uid) : defaultMap(uids),
    gidMap: userns.mode === 'keep-id' ? keepIdMap(gids, userns.gid) : defaultMap(gids),
    namespaces: listNamespaces(modes),
  };
};

/** Refuses a numeric id that does not exist inside; names are looked up and checked when the container starts. */
export const checkMapped = (principal: Principal, kind: 'user' | 'group', plan: NamespacePlan, host: HostView): void => {
  const map = kind === 'user' ? plan.uidMap : plan.gidMap;
  if ('name' in principal || isMapped(map, principal.id)) return;
  const missing = `${kind} id ${principal.id} does not exist in the container`;
  const word = kind === 'user' ? 'uid' : 'gid';
  if (host.idMap.mode === 'single') {
    const way = `use --userns keep-id:${word}=${principal.id}, or have an administrator give you a range in /etc/sub${word}`;
    refuse(`${missing}: without subordinate ids there is one id only (${host.idMap.reason})`, way);
  }
  const count = map.reduce((sum, { size }) => sum + size, 0);
  refuse(`${missing}: your subordinate ids reach to ${count - 1}`, `use a lower id, or ask for a larger range in /etc/sub${word}`);
};
