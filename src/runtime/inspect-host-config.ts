/** The `HostConfig` of `inspect`, with the members of Docker's Go type in its order. Pure. */
import { goMap, goStruct } from '../images/inspect-config.ts';
import { parseDevice } from '../core/devices.ts';
import { askedBindings } from '../core/publish.ts';
import { groupWords } from '../core/users.ts';
import { isRight } from 'fp-ts/Either';
import type { OciSpec } from '../core/oci-runtime.ts';
import { inspectedLimits, inspectedMemory } from './inspect-limits.ts';
import { bindsOf, mountRequestsOf, sharedMemoryOf, tmpfsOf } from './inspect-mounts.ts';
import type { SkiffSpec } from './spec-types.ts';

const orNull = <A>(list: readonly A[] | undefined): readonly A[] | null => (list === undefined || list.length === 0 ? null : list);

/** As Docker's command line writes them before it hands them on: upper case, with the prefix. */
const capabilityName = (typed: string): string => {
  const name = typed.toUpperCase();
  return name === 'ALL' || name.startsWith('CAP_') ? name : `CAP_${name}`;
};

const modeText = (mode: SkiffSpec['pid'] | SkiffSpec['ipc']): string => (mode.mode === 'container' ? `container:${mode.container}` : mode.mode);

/** Docker shows the id of the container whose network it is. */
const networkModeText = ({ network, networks, sharesWith }: SkiffSpec): string => {
  if (network.mode === 'container') return `container:${sharesWith ?? network.container}`;
  return network.mode === 'networks' ? (networks?.[0]?.name ?? 'none') : network.mode;
};

const devicesOf = (typed: readonly string[] = []): readonly object[] =>
  typed.flatMap((text) => {
    const device = parseDevice(text);
    return isRight(device) ? [{ PathOnHost: device.right.source, PathInContainer: device.right.target, CgroupPermissions: 'rwm' }] : [];
  });

/** An unlimited limit is -1 in Docker's API. */
const finite = (limit: number): number => (limit === Infinity ? -1 : limit);

const ulimitsOf = ({ process }: OciSpec): readonly object[] =>
  process.rlimits.map(({ type, soft, hard }) => ({ Name: type.replace(/^RLIMIT_/, '').toLowerCase(), Hard: finite(hard), Soft: finite(soft) }));

const sysctlsOf = (typed: readonly string[] | undefined): ReadonlyMap<string, string> | null =>
  typed === undefined ? null : goMap(Object.fromEntries(typed.map((text) => text.split(/=(.*)/s).slice(0, 2) as [string, string])));

const otherSystems = { CpuCount: 0, CpuPercent: 0, IOMaximumIOps: 0, IOMaximumBandwidth: 0 };

/** What was asked for on the command line, `links` on the default network among it (`linkTexts`), and Docker's defaults for the rest. */
export const inspectedHostConfig = (spec: SkiffSpec, oci: OciSpec, links: readonly string[] = []): object => {
  const asked = spec.asked ?? {};
  const one = (values: readonly string[] | undefined): string => values?.[0] ?? '';
  return goStruct(
    {
      Binds: bindsOf(spec.mountPoints, asked),
      ContainerIDFile: spec.cidFile ?? '',
      LogConfig: { Type: spec.log.driver, Config: goMap(spec.log.options ?? {}) },
      NetworkMode: networkModeText(spec),
      PortBindings: goMap(askedBindings(spec.published ?? [])),
      RestartPolicy: { Name: spec.restart?.name ?? 'no', MaximumRetryCount: spec.restart?.maximumRetryCount ?? 0 },
      AutoRemove: spec.autoRemove,
      VolumeDriver: asked.volumeDriver?.[0] ?? '',
      VolumesFrom: asked.volumesFrom ?? null,
      ConsoleSize: [0, 0],
      Annotations: oci.annotations === undefined ? null : goMap(oci.annotations),
      CapAdd: orNull(asked.capAdd?.map(capabilityName)),
      CapDrop: orNull(asked.capDrop?.map(capabilityName)),
      CgroupnsMode: one(asked.cgroupns) || 'private',
      Dns: asked.dns ?? [],
      DnsOptions: asked.dnsOption ?? [],
      DnsSearch: asked.dnsSearch ?? [],
      ExtraHosts: orNull(asked.addHost),
      GroupAdd: orNull(groupWords(spec.groupAdd)),
      IpcMode: modeText(spec.ipc),
      Cgroup: '',
      Links: orNull(links),
      OomScoreAdj: oci.process.oomScoreAdj ?? 0,
      PidMode: spec.pid.mode === 'private' ? '' : modeText(spec.pid),
      Privileged: spec.privileged,
      PublishAllPorts: spec.publishAll ?? false,
      ReadonlyRootfs: oci.root.readonly,
      SecurityOpt: orNull(asked.securityOpt),
      StorageOpt: null,
      Tmpfs: tmpfsOf(asked),
      UTSMode: one(asked.uts),
      UsernsMode: one(asked.userns),
      ShmSize: sharedMemoryOf(oci),
      Sysctls: sysctlsOf(asked.sysctl),
      Runtime: spec.runtime ?? 'skiff',
      Isolation: '',
      ...inspectedLimits(spec.limits),
      Devices: devicesOf(asked.device),
      ...inspectedMemory(spec.limits),
      Ulimits: ulimitsOf(oci),
      ...otherSystems,
      Mounts: mountRequestsOf(spec.mountPoints, asked),
      MaskedPaths: oci.linux.maskedPaths,
      ReadonlyPaths: oci.linux.readonlyPaths,
      Init: spec.init ? true : null,
    },
    ['Annotations', 'StorageOpt', 'Tmpfs', 'Sysctls', 'Mounts', 'Init'],
  );
};
