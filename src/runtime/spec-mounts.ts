/** The mounts of a container, in Docker's order: what every container has, then the user's by depth (moby daemon/oci_linux.go). */
import { fail } from '../core/errors.ts';
import { isMapped } from '../core/id-maps.ts';
import { need, refuse, usage } from '../core/invalid.ts';
import { isHostNetwork } from '../core/network-mode.ts';
import { parseDevice } from '../core/devices.ts';
import { parseMount } from '../core/mount-flag.ts';
import { cleanPath, parsePropagation } from '../core/mounts.ts';
import { mergeTmpfsOptions, parseTmpfs } from '../core/tmpfs.ts';
import { parseVolume } from '../core/volumes.ts';
import { mountPointsOf } from './spec-volumes.ts';
import type { DeviceRequest } from '../core/devices.ts';
import type { IdMapping } from '../core/id-maps.ts';
import type { MountPoint } from '../core/mount-points.ts';
import type { BindRequest, MountRequest, TmpfsRequest } from '../core/mounts.ts';
import type { OciMount } from '../core/oci-runtime.ts';
import type { RunFlags } from './run-flags.ts';
import type { NamespacePlan } from './spec-namespaces.ts';
import type { HostView, ImageConfig } from './spec-types.ts';

/** The nodes that every container has, from the host: mknod(2) is not for user namespaces. */
export const defaultDevices: readonly string[] = ['/dev/null', '/dev/zero', '/dev/full', '/dev/random', '/dev/urandom', '/dev/tty'];

/** Symbolic links that every /dev has: link, then what it says (OCI runtime-spec, config-linux.md). */
export const defaultDeviceLinks: readonly (readonly [string, string])[] = [
  ['/dev/fd', '/proc/self/fd'],
  ['/dev/stdin', '/proc/self/fd/0'],
  ['/dev/stdout', '/proc/self/fd/1'],
  ['/dev/stderr', '/proc/self/fd/2'],
  ['/dev/ptmx', 'pts/ptmx'],
];

export interface MountPlan {
  readonly mounts: readonly OciMount[];
  /** What of them somebody, or the image, asked for. */
  readonly points: readonly MountPoint[];
  readonly deviceBinds: readonly string[];
  readonly createDirectories: readonly string[];
  readonly warnings: readonly string[];
  readonly hasSlaves: boolean;
}

const kernelMount = (destination: string, type: string, options: readonly string[], source = type): OciMount => ({
  destination,
  type,
  source,
  options,
});

const bindOf = (source: string, destination: string, options: readonly string[]): OciMount => ({ destination, type: 'bind', source, options });

const hostTree = (path: string, options: readonly string[]): OciMount => bindOf(path, path, ['rbind', 'rprivate', ...options]);

const quiet = ['nosuid', 'noexec', 'nodev'];

/** A namespace that is the host's cannot have its file system mounted anew from a user namespace: the host's mount is bound instead. */
const kernelMounts = (plan: NamespacePlan, host: HostView, privileged: boolean): readonly OciMount[] => {
  const access = privileged ? 'rw' : 'ro';
  const hostNetwork = isHostNetwork(plan.network);
  const terminals = ['rw', 'nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'];
  return [
    plan.pid.mode === 'host' ? hostTree('/proc', ['rw', ...quiet]) : kernelMount('/proc', 'proc', ['rw', ...quiet]),
    kernelMount('/dev', 'tmpfs', ['rw', 'nosuid', 'strictatime', 'mode=755', 'size=65536k']),
    kernelMount('/dev/pts', 'devpts', isMapped(plan.gidMap, 5) ? [...terminals, 'gid=5'] : terminals),
    hostNetwork ? hostTree('/sys', [access, ...quiet]) : kernelMount('/sys', 'sysfs', [access, ...quiet]),
    ...cgroupMount(plan, host, access),
    ...messageQueues(plan, host),
  ];
};

/**
 * Without cgroup v2 there is nothing to mount: a new /sys has an empty directory there. Over the host's comes an empty file system: the kernel mounts none onto itself
 * (EBUSY), and the host's cgroups are not the container's.
 */
const cgroupMount = (plan: NamespacePlan, host: HostView, access: string): readonly OciMount[] => {
  const path = '/sys/fs/cgroup';
  if (host.cgroup2 && plan.hostCgroup) return [hostTree(path, [access, ...quiet])];
  return [
    ...(isHostNetwork(plan.network) ? [kernelMount(path, 'tmpfs', ['ro', ...quiet, 'mode=755', 'size=0k'])] : []),
    ...(host.cgroup2 ? [kernelMount(path, 'cgroup', [access, ...quiet])] : []),
  ];
};

const messageQueues = (plan: NamespacePlan, host: HostView): readonly OciMount[] => {
  if (plan.ipc.mode !== 'host') return [kernelMount('/dev/mqueue', 'mqueue', ['rw', ...quiet])];
  return host.statPath('/dev/mqueue') === 'directory' ? [hostTree('/dev/mqueue', ['rw', ...quiet])] : [];
};

/** With `container:X` the other's /dev/shm is joined where it is mounted (the plan's record `shm-of`), for it has no path that we could bind. */
const sharedMemory = (plan: NamespacePlan, size: number): readonly OciMount[] => {
  switch (plan.ipc.mode) {
    case 'none':
    case 'container':
      return [];
    case 'host':
      return [hostTree('/dev/shm', ['rw', ...quiet])];
    case 'shareable':
    case 'private':
      return [kernelMount('/dev/shm', 'tmpfs', ['rw', ...quiet, 'mode=1777', `size=${size}`], 'shm')];
  }
};

/** The files of /etc that name the container and its network; they can be written to unless the root is read-only. Who shares a network shares them. */
const etcMounts = ({ network, donor }: NamespacePlan, host: HostView, readOnly: boolean): readonly OciMount[] =>
  ['resolv.conf', 'hostname', 'hosts'].map((file) =>
    bindOf(`${(network.mode === 'container' ? donor?.ownerDirectory : undefined) ?? host.containerDirectory}/${file}`, `/etc/${file}`, ['rbind', 'rprivate', ...(readOnly ? ['ro'] : [])]),
  );

/** mount_setattr(2) with AT_RECURSIVE came with Linux 5.12. */
const canSetRecursively = (release: string): boolean => {
  const [major = 0, minor = 0] = release.split('.').map((part) => Number.parseInt(part, 10));
  return major > 5 || (major === 5 && minor >= 12);
};

const readOnlyWord = (bind: BindRequest, host: HostView): string => {
  const able = canSetRecursively(host.kernelRelease);
  if (bind.recursive === 'readonly' && !able) {
    return refuse(`cannot mount '${bind.typed}': bind-recursive=readonly needs Linux 5.12, this is ${host.kernelRelease}`, 'use bind-recursive=writable');
  }
  return able && (bind.recursive === 'enabled' || bind.recursive === 'readonly') ? 'rro' : 'ro';
};

const bindMount = (bind: BindRequest, host: HostView): OciMount => {
  if (bind.target === '/proc' && bind.source !== '/proc') return refuse(`cannot mount '${bind.typed}': /proc can only be covered by the host's own`);
  const access = bind.readOnly ? [readOnlyWord(bind, host)] : [];
  return bindOf(bind.source, bind.target, [bind.recursive === 'disabled' ? 'bind' : 'rbind', ...access, bind.propagation]);
};

/** What a volume or an image holds; the helpers see to it that there is something at its source. */
const preparedMount = ({ type, source, stage, destination, readOnly }: MountPoint, host: HostView): OciMount => {
  if (destination === '/proc') refuse(`cannot mount ${type === 'image' ? 'an image' : 'a volume'} at /proc: it can only be covered by the host's own`);
  return bindOf(stage ?? source, destination, ['rbind', ...(readOnly ? [canSetRecursively(host.kernelRelease) ? 'rro' : 'ro'] : []), 'rprivate']);
};

/** A bind as another container has it. */
const takenBind = (point: MountPoint): BindRequest => ({
  kind: 'bind',
  typed: point.destination,
  source: point.source,
  target: point.destination,
  readOnly: point.readOnly,
  propagation: parsePropagation(point.propagation, point.destination),
  recursive: point.recursive ?? 'enabled',
  createSource: false,
  relabel: false,
  chown: false,
  mode: point.mode,
});

const toMount = (request: BindRequest | TmpfsRequest, host: HostView): OciMount => {
  if (request.kind === 'bind') return bindMount(request, host);
  if (request.target === '/proc') return refuse(`cannot mount '${request.typed}': /proc can only be covered by the host's own`);
  return { destination: request.target, type: 'tmpfs', source: 'tmpfs', options: mergeTmpfsOptions(request.options) };
};

/** Missing sources that are to be made, as those of `-v` are; with `--mount` a missing source is an error. */
const missingSources = (requests: readonly MountRequest[], host: HostView): readonly string[] =>
  requests.flatMap((request) => {
    if (request.kind !== 'bind' || host.statPath(request.source) !== undefined) return [];
    if (request.createSource) return [request.source];
    return usage(`invalid mount config for type "bind": bind source path does not exist: ${request.source}`, 'make it before, or add bind-create-src');
  });

const noDuplicates = (requests: readonly { readonly target: string; readonly typed: string }[]): void => {
  const seen = new Map<string, string>();
  for (const { target, typed } of requests) {
    const other = seen.get(target);
    if (other !== undefined) fail({ _tag: 'Conflict', message: `duplicate mount point: '${other}' and '${typed}' are both to be mounted at ${target}`, hint: 'leave one out' });
    seen.set(target, typed);
  }
};

const deviceOptions = ['rprivate', 'nosuid', 'noexec'];

const deviceMount = (device: DeviceRequest, host: HostView): OciMount => {
  const kind = host.statPath(device.source) ?? fail({ _tag: 'NotFound', kind: 'device', name: device.source });
  if (kind !== 'character-device' && kind !== 'block-device' && kind !== 'directory') {
    return refuse(`--device ${device.typed}: ${device.source} is not a device`, `use -v ${device.source}:${device.target} for a ${kind}`);
  }
  return bindOf(device.source, device.target, [kind === 'directory' ? 'rbind' : 'bind', ...deviceOptions]);
};

/** What a container has a mount or terminal of its own for. */
const ownNodes = /^\/dev\/((pts|shm|mqueue)(\/|$)|(ptmx|console)$)/;

/** `--privileged`: every node that the caller may open, except those that /dev has anyway. */
const privilegedDevices = (host: HostView, taken: ReadonlySet<string>): readonly OciMount[] =>
  host
    .devices()
    .map(cleanPath)
    .filter((path) => !ownNodes.test(path) && !defaultDevices.includes(path) && !taken.has(path))
    .map((path) => bindOf(path, path, ['bind', ...deviceOptions]));

const depth = (path: string): number => path.split('/').length;

const parseRequests = (flags: RunFlags, host: HostView): readonly MountRequest[] => [
  ...(flags.volume ?? []).map((text) => need(parseVolume(text, host.cwd, flags.volumeDriver))),
  ...(flags.mount ?? []).map((text) => need(parseMount(text, host.cwd))),
];

const relabelWarnings = (requests: readonly MountRequest[], host: HostView): readonly string[] => {
  const asked = requests.filter((request) => (request.kind === 'bind' || request.kind === 'volume') && request.relabel);
  return asked.length > 0 && host.selinux() ? asked.map(({ typed }) => `SELinux labels are not changed for '${typed}': that needs root`) : [];
};

/** Whose these are everybody knows. */
const systemPath = /^\/((bin|boot|dev|etc|lib\w*|proc|run|sbin|sys|usr|var\/run)(\/|$)|$)/;

/** A host path that is to be written to, and is neither the caller's nor open to him, shows as nobody's in the container: better said than found out. */
const nobodyWarnings = (requests: readonly MountRequest[], plan: NamespacePlan, host: HostView): readonly string[] =>
  requests.flatMap((request) => {
    const owner = request.kind === 'bind' && !request.readOnly && !systemPath.test(request.source) ? host.ownerOf(request.source) : undefined;
    if (request.kind !== 'bind' || owner === undefined || owner.writable || plan.donor !== undefined) return [];
    const [kind, id] = isMappedHost(plan.uidMap, owner.uid) ? ['group', owner.gid] : ['user', owner.uid];
    if (kind === 'group' && isMappedHost(plan.gidMap, owner.gid)) return [];
    return [`${request.source} belongs to ${kind} ${id} of the host, who has no id in the container: there it shows as nobody's (65534) and cannot be written; have it given to you, or mount it with :ro`];
  });

const isMappedHost = (map: readonly IdMapping[], id: number): boolean => map.some(({ hostID, size }) => id >= hostID && id < hostID + size);

const userMounts = (requests: readonly MountRequest[], points: readonly MountPoint[], host: HostView): readonly OciMount[] => {
  const places = new Set(requests.map(({ target }) => target));
  return [
    ...requests.flatMap((request) => (request.kind === 'bind' || request.kind === 'tmpfs' ? [toMount(request, host)] : [])),
    ...points.flatMap((point): readonly OciMount[] => {
      if (point.type === 'volume' || point.type === 'image') return [preparedMount(point, host)];
      return places.has(point.destination) ? [] : [bindMount(takenBind(point), host)];
    }),
  ];
};

/** All mounts of a container. `shmSize` is in bytes, `image` the image's configuration where there is one. Throws SkiffFailure. */
export const planMounts = (flags: RunFlags, image: ImageConfig | undefined, host: HostView, plan: NamespacePlan, shmSize: number): MountPlan => {
  const privileged = flags.privileged ?? false;
  const asked = parseRequests(flags, host);
  const memory = (flags.tmpfs ?? []).map((text) => need(parseTmpfs(text)));
  const requests = [...asked, ...memory];
  const devices = (flags.device ?? []).map((text) => need(parseDevice(text)));
  noDuplicates([...requests, ...devices]);
  const points = mountPointsOf(flags, image, asked, new Set([...memory, ...devices].map(({ target }) => target)), host);
  const taken = new Set([...points.map(({ destination }) => destination), ...[...memory, ...devices].map(({ target }) => target)]);
  const standard = [...kernelMounts(plan, host, privileged), ...sharedMemory(plan, shmSize)].filter(
    ({ destination }) => !taken.has(destination) && !(taken.has('/dev') && destination.startsWith('/dev/')),
  );
  const etc = etcMounts(plan, host, flags.readOnly ?? false).filter(({ destination }) => !taken.has(destination));
  const users = [...etc, ...userMounts(requests, points, host)].toSorted((a, b) => depth(a.destination) - depth(b.destination));
  const nodes = [...(privileged ? privilegedDevices(host, taken) : []), ...devices.map((device) => deviceMount(device, host))];
  return {
    mounts: [...standard, ...users, ...nodes],
    points,
    deviceBinds: taken.has('/dev') ? [] : defaultDevices.filter((path) => !taken.has(path)),
    createDirectories: missingSources(requests, host),
    warnings: [...relabelWarnings(requests, host), ...nobodyWarnings(requests, plan, host)],
    hasSlaves: points.some(({ type, propagation }) => type === 'bind' && propagation.endsWith('slave')),
  };
};
