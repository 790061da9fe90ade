/**
 * From a container's specification to the launch plan that skiff-helper executes: a flat list of records, each a name and its
 * fields (helpers/README.md has them all). Pure; whatever can be decided is decided here.
 */
import { defaultDeviceLinks } from './spec-mounts.ts';
import { groupWords } from '../core/users.ts';
import { healthRecords } from './plan-health.ts';
import { parseMountOptions } from '../core/mount-options.ts';
import { eventTexts } from './event-texts.ts';
import { processRecords, sessionRecords } from './plan-records.ts';
import type { LogRecords } from './logs-subject.ts';
import type { PlanRecord } from '../core/plan-record.ts';
import type { OciMount, OciNamespaceType, OciSpec } from '../core/oci-runtime.ts';
import type { MountStep } from '../storage/driver.ts';
import type { SkiffSpec } from './spec-types.ts';
import type { State } from './container-state.ts';

/** What the plan needs besides the specification: paths and facts of this machine. */
export interface PlanInputs {
  readonly oci: OciSpec;
  readonly skiff: SkiffSpec;
  /** The container's directory. */
  readonly directory: string;
  /** Where the monitor listens. */
  readonly socket: string;
  /** The file of events. */
  readonly events: string;
  /** Runtime directory, newuidmap, newgidmap, uid map and gid map of the keeper. */
  readonly keeper: readonly string[];
  /** uid map and gid map of the container. */
  readonly childMap: readonly [string, string];
  readonly singleUid: boolean;
  readonly rootfs: MountStep;
  /** Records for other images that it has mounted. */
  readonly images?: readonly PlanRecord[];
  /** Seccomp programs, in the order to install. */
  readonly seccomp: readonly string[];
  /** Program and arguments of slirp4netns. */
  readonly slirp?: readonly string[];
  /** Where there are networks: fields of the record `network-holder`, and the path of the network file. */
  readonly networks?: { readonly holder: readonly string[]; readonly file: string };
  /** Records for another OCI runtime, which then does what stands between begin and end. */
  readonly foreign?: readonly PlanRecord[];
  /** The helper's copy for `--init`, absolute. */
  readonly init?: string;
  /** Environment that Skiff adds behind the container's. */
  readonly extraEnvironment: readonly string[];
  readonly extraMounts: readonly OciMount[];
  /** What the record of a container that was there before says of its last run. */
  readonly again?: Pick<State, 'status' | 'exitCode' | 'startedAt' | 'finishedAt'>;
  /** Whoever launches it keeps the input to himself. */
  readonly outputOnly?: boolean;
  /** Records for its volumes. */
  readonly volumes?: readonly PlanRecord[];
  /** Records for a cgroup of its own, with limits. */
  readonly cgroup?: readonly PlanRecord[];
  readonly log: LogRecords;
  /** It is killed when whoever launched it goes. */
  readonly bound?: boolean;
  /** Start time of the process whose namespaces are joined. */
  readonly donorStart?: string;
  /** Removed when the container does not stay: a path, and where it is moved before that if it is a tree. */
  readonly remove: readonly (readonly [path: string, doomed?: string])[];
  /** Removed in any case when it has ended. */
  readonly release: readonly string[];
  /** Removed when it could not be started. */
  readonly retract: readonly string[];
}

/** Docker has it at /sbin/docker-init; below /dev nothing of the image is covered. */
const initPath = '/dev/.skiff-init';

const kernelNames: Readonly<Record<OciNamespaceType, string>> = {
  user: 'user',
  mount: 'mnt',
  pid: 'pid',
  network: 'net',
  ipc: 'ipc',
  uts: 'uts',
  cgroup: 'cgroup',
};

const donorPid = (path: string | undefined): string | undefined => /^\/proc\/(\d+)\/ns\//.exec(path ?? '')?.[1];

const namespaceRecords = ({ oci, donorStart }: PlanInputs): readonly PlanRecord[] => {
  const made = oci.linux.namespaces.filter(({ path }) => path === undefined).map(({ type }) => kernelNames[type]);
  const joined = oci.linux.namespaces.flatMap(({ type, path }): readonly PlanRecord[] => {
    const pid = donorPid(path);
    return pid === undefined ? [] : [['join', kernelNames[type], pid, donorStart ?? '0']];
  });
  return [['new', ...made], ...joined];
};

const mountRecord = (mount: OciMount): PlanRecord => {
  const options = parseMountOptions(mount.options);
  if (mount.type === 'bind') {
    const how = `${options.withChildren ? 'c' : ''}${options.recursivelyReadOnly ? 'r' : ''}`;
    return ['bind', mount.source, mount.destination, String(options.flags), String(options.propagation), how];
  }
  const type = mount.type === 'cgroup' ? 'cgroup2' : mount.type;
  return ['mount', type, mount.source, mount.destination, String(options.flags), options.data];
};

/** What belongs into /dev once its tmpfs is there. */
const deviceRecords = ({ skiff, init }: PlanInputs): readonly PlanRecord[] => [
  ...skiff.deviceBinds.map((path) => mountRecord({ destination: path, source: path, type: 'bind', options: ['bind', 'rprivate', 'nosuid', 'noexec'] })),
  ...defaultDeviceLinks.map(([link, text]): PlanRecord => ['symlink', text, link]),
  ...(init === undefined ? [] : [mountRecord({ destination: initPath, source: init, type: 'bind', options: ['bind', 'ro', 'nosuid', 'nodev'] })]),
];

/** The other container's /dev/shm, which must be found from inside its mount namespace. */
const sharedMemoryRecords = ({ oci, skiff, donorStart }: PlanInputs): readonly PlanRecord[] => {
  const pid = donorPid(oci.linux.namespaces.find(({ type }) => type === 'ipc')?.path);
  return skiff.ipc.mode === 'container' && pid !== undefined ? [['shm-of', pid, donorStart ?? '0']] : [];
};

/** What was asked to be given to the container's user, once it is mounted. */
const ownRecords = ({ skiff }: PlanInputs, destination: string): readonly PlanRecord[] =>
  skiff.mountPoints?.some((point) => point.chown === true && point.destination === destination) === true ? [['own', destination]] : [];

const mountRecords = (inputs: PlanInputs): readonly PlanRecord[] =>
  [...inputs.oci.mounts, ...inputs.extraMounts].flatMap((mount) => [
    mountRecord(mount),
    ...ownRecords(inputs, mount.destination),
    ...(mount.destination === '/dev' ? [...deviceRecords(inputs), ...sharedMemoryRecords(inputs)] : []),
    ...(mount.destination === '/dev/pts' && inputs.skiff.tty ? [['console'] as PlanRecord] : []),
  ]);

/** What is done inside the container's namespaces, in this order. */
const insideRecords = (inputs: PlanInputs): readonly PlanRecord[] => {
  const { oci, slirp, networks } = inputs;
  const own = new Set(oci.linux.namespaces.filter(({ path }) => path === undefined).map(({ type }) => type));
  return [
    ...(own.has('network') ? [['loopback-up'] as PlanRecord] : []),
    ...(oci.hostname !== undefined && own.has('uts') ? [['hostname', oci.hostname] as PlanRecord] : []),
    ...(oci.domainname !== undefined && own.has('uts') ? [['domainname', oci.domainname] as PlanRecord] : []),
    ...mountRecords(inputs),
    ['mkdir', oci.process.cwd],
    ...Object.entries(oci.linux.sysctl).map(([key, value]): PlanRecord => ['sysctl', `/proc/sys/${key.replaceAll('.', '/')}`, value]),
    ...oci.linux.maskedPaths.map((path): PlanRecord => ['mask', path]),
    ...oci.linux.readonlyPaths.map((path): PlanRecord => ['readonly', path]),
    ...(oci.root.readonly ? [['root-readonly'] as PlanRecord] : []),
    ...(slirp === undefined && networks === undefined ? [] : [['wait-network'] as PlanRecord]),
    ['pivot'],
  ];
};

const againRecords = ({ again, outputOnly }: PlanInputs): readonly PlanRecord[] => [
  ...(again === undefined ? [] : [['again', again.status, String(again.exitCode), again.startedAt, again.finishedAt] as PlanRecord]),
  ...(outputOnly === true ? [['output-only'] as PlanRecord] : []),
];

const networkPlan = ({ networks }: PlanInputs): readonly PlanRecord[] =>
  networks === undefined ? [] : [['network-holder', ...networks.holder], ['network-file', networks.file]];

/** The whole plan of a container. `capabilityLimit` has the bits of the capabilities that this kernel knows. */
export const makePlan = (inputs: PlanInputs, capabilityLimit: bigint): readonly PlanRecord[] => {
  const { oci, skiff } = inputs;
  const args = inputs.init === undefined ? oci.process.args : [initPath, 'init', '--', ...oci.process.args];
  const process = { ...oci.process, args, env: [...oci.process.env, ...inputs.extraEnvironment] };
  return [
    ['start', 'sandbox'],
    ['id', skiff.id],
    ['dir', inputs.directory],
    ['socket', inputs.socket],
    ...inputs.log(oci, skiff),
    ['stop', String(skiff.stopSignal.number), String(skiff.stopTimeout)],
    ...(skiff.restart === undefined ? [] : [['restart', skiff.restart.name, String(skiff.restart.maximumRetryCount)] as PlanRecord]),
    ['events', inputs.events, ...eventTexts(skiff)],
    ...healthRecords(skiff),
    ['keeper', ...inputs.keeper],
    skiff.pid.mode === 'private' ? ['outer-pid'] : ['guard'],
    ...(skiff.autoRemove ? [['autoremove'] as PlanRecord] : []),
    ...(inputs.bound === true ? [['bound'] as PlanRecord] : []),
    ...againRecords(inputs),
    ...sessionRecords({ ...skiff, stdin: skiff.openStdin }),
    ...(inputs.cgroup ?? []),
    ...(inputs.volumes ?? []),
    inputs.rootfs,
    ...(inputs.images ?? []),
    ['child-map', ...inputs.childMap],
    ...namespaceRecords(inputs),
    ...(inputs.foreign ?? []),
    ...(inputs.slirp === undefined ? [] : [['slirp4netns', ...inputs.slirp] as PlanRecord]),
    ...networkPlan(inputs),
    ...processRecords(process, {
      user: skiff.user.text,
      groups: groupWords(skiff.groupAdd),
      seccomp: inputs.seccomp,
      singleUid: inputs.singleUid,
      capabilityLimit,
    }),
    ['begin'],
    ...insideRecords(inputs),
    ['end'],
    ...inputs.release.map((path): PlanRecord => ['release', path]),
    ...inputs.remove.map((paths): PlanRecord => ['remove', ...paths.filter((path) => path !== undefined)]),
    ...inputs.retract.map((path): PlanRecord => ['retract', path]),
  ];
};
