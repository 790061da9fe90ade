/**
 * From an image, flags and facts to a container's specification. Nothing here touches the system: every policy of
 * `skiff run` can be tested without a kernel.
 */
import { fail } from '../core/errors.ts';
import { contiguousIds } from '../core/id-maps.ts';
import { attempt, need, usage } from '../core/invalid.ts';
import { parseDetachKeys } from '../core/detach-keys.ts';
import { mergeHealthcheck } from '../core/healthcheck.ts';
import { parseAddHost, parseHostname, parseNameserver, parseResolverOption, parseSearchDomain } from '../core/hosts.ts';
import { mergeLabels } from '../core/labels.ts';
import { parseLogFlags } from '../core/log-options.ts';
import { cleanPath } from '../core/mounts.ts';
import { generateName, parseContainerName, shortId } from '../core/names.ts';
import { parseRestartPolicy } from '../core/restart-policy.ts';
import { parseSignal } from '../core/signals.ts';
import { parseSize } from '../core/sizes.ts';
import { parseStreams } from '../core/streams.ts';
import { parseSysctl } from '../core/sysctls.ts';
import { parseGroup } from '../core/users.ts';
import { askedOf } from './asked.ts';
import { applyCapabilityFlags } from './capabilities.ts';
import { resolveConfinement } from './confinement.ts';
import { hostnameFile, hostsFile, resolverFile } from './etc-files.ts';
import { portsOf, publishWarnings } from './spec-ports.ts';
import { planMounts } from './spec-mounts.ts';
import { checkMapped, planNamespaces } from './spec-namespaces.ts';
import { commandOf, directoryOf, entrypointOf, environmentOf, limitsOf, oomScoreOf, userOf } from './spec-process.ts';
import type { NetworkMode } from '../core/network-mode.ts';
import type { RestartPolicy } from '../core/restart-policy.ts';
import type { OciProcess, OciSpec } from '../core/oci-runtime.ts';
import type { SkiffError } from '../core/errors.ts';
import type { Confinement } from './confinement.ts';
import type { RunFlags } from './run-flags.ts';
import type { MountPlan } from './spec-mounts.ts';
import type { NamespacePlan } from './spec-namespaces.ts';
import type { ContainerSpec, EtcFiles, HostView, ImageConfigView, RootfsSource, SkiffSpec } from './spec-types.ts';
import type { Either } from 'fp-ts/Either';

/** Docker's size of /dev/shm. */
const defaultShmSize = 64 * 1024 * 1024;
/** Seconds between the stop signal and SIGKILL. */
const defaultStopTimeout = 10;

interface Inputs {
  readonly id: string;
  readonly image: ImageConfigView | undefined;
  readonly flags: RunFlags;
  readonly host: HostView;
}

const hostnameOf = ({ flags, host, id }: Inputs, plan: NamespacePlan): string => {
  const { hostname = '', domainname = '' } = flags;
  if (plan.hostUts) {
    if (hostname !== '' || domainname !== '') return usage(`--${hostname !== '' ? 'hostname' : 'domainname'} does not go with --uts host`, 'leave one out');
    return host.hostname;
  }
  if (hostname !== '') return need(parseHostname(hostname, '--hostname'));
  if (plan.network.mode === 'container' && plan.donor !== undefined) return plan.donor.hostname;
  return plan.network.mode === 'host' ? host.hostname : shortId(id);
};

const domainnameOf = (flags: RunFlags): { readonly domainname?: string } =>
  flags.domainname === undefined || flags.domainname === '' ? {} : { domainname: need(parseHostname(flags.domainname, '--domainname')) };

/** A container's own network lets everybody in it open low ports and send pings, as Docker's does. */
const sysctlsOf = (flags: RunFlags, plan: NamespacePlan): Readonly<Record<string, string>> => {
  const network = plan.network.mode !== 'host' && plan.network.mode !== 'container';
  const own = { network, ipc: plan.ipc.mode !== 'host' && plan.ipc.mode !== 'container', uts: !plan.hostUts };
  const lastGroup = contiguousIds(plan.gidMap) - 1;
  const ports = { 'net.ipv4.ip_unprivileged_port_start': '0' };
  // A range with an unmapped group is refused; a joined user namespace's map is not known, and keep-id may leave group 0 out.
  const pings = plan.donor === undefined && lastGroup >= 0 ? { 'net.ipv4.ping_group_range': `0 ${lastGroup}` } : {};
  return { ...(network ? { ...ports, ...pings } : {}), ...Object.fromEntries((flags.sysctl ?? []).map((text) => need(parseSysctl(text, own)))) };
};

/** The command line's list, in Go's form of a map: a name alone has an empty value, the last one of a name counts. */
const annotationsOf = ({ annotation = [] }: RunFlags): { readonly annotations?: Readonly<Record<string, string>> } => {
  if (annotation.length === 0) return {};
  return { annotations: Object.fromEntries(annotation.map((text) => annotationOf(text))) };
};

const annotationOf = (text: string): readonly [string, string] => {
  const [name = '', value = ''] = text.split(/=(.*)/s);
  // A key must not be empty: OCI runtime specification, config.md, "Annotations".
  return name === '' ? usage(`invalid --annotation '${text}': the name is missing`, 'write --annotation NAME=VALUE') : [name, value];
};

const shmSizeOf = (flags: RunFlags): number => {
  const typed = flags.shmSize ?? '';
  const size = typed === '' ? 0 : parseSize(typed);
  if (size === undefined) return usage(`invalid --shm-size '${typed}'`, 'write a size such as 64m or 1g');
  return size === 0 ? defaultShmSize : size;
};

const stopTimeoutOf = (flags: RunFlags): number => {
  const typed = String(flags.stopTimeout ?? defaultStopTimeout);
  return /^(-1|\d{1,9})$/.test(typed) ? Number(typed) : usage(`invalid --stop-timeout '${typed}'`, 'give seconds, or -1 to wait for ever');
};

const rootfsOf = ({ image, flags, host }: Inputs): RootfsSource => {
  if (flags.rootfs === undefined) return { kind: 'image', layers: image?.layers ?? [] };
  const path = cleanPath(flags.rootfs.startsWith('/') ? flags.rootfs : `${host.cwd}/${flags.rootfs}`);
  if (host.statPath(path) !== 'directory') {
    return fail({ _tag: 'NotFound', kind: 'directory', name: path, hint: 'give --rootfs a directory that holds a root file system' });
  }
  return { kind: 'directory', path };
};

const cidFileOf = ({ flags, host }: Inputs): { readonly cidFile?: string } => {
  if (flags.cidfile === undefined || flags.cidfile === '') return {};
  const cidFile = cleanPath(flags.cidfile.startsWith('/') ? flags.cidfile : `${host.cwd}/${flags.cidfile}`);
  if (host.statPath(cidFile) === undefined) return { cidFile };
  const hint = 'make sure that its container is gone, then delete the file';
  return fail({ _tag: 'Conflict', message: `the container id file ${flags.cidfile} exists already`, hint });
};

/** Where the host is reached from a container: with networks at its own address, as slirp4netns connects from there. */
const hostGateway = (network: NetworkMode, host: HostView): string | undefined => {
  if (network.mode === 'networks') return host.address();
  return network.mode === 'slirp4netns' && network.hostLoopback ? network.gateway : undefined;
};

const etcFilesOf = ({ flags, host }: Inputs, { network, networks = [] }: NamespacePlan, hostname: string): EtcFiles => {
  const extra = (flags.addHost ?? []).map((text) => need(parseAddHost(text, hostGateway(network, host))));
  return {
    hostname: hostnameFile(hostname),
    hosts: hostsFile({ network, hostname, domainname: flags.domainname || undefined, extra, hostFile: host.hosts }),
    resolvConf: resolverFile({
      network,
      named: networks.some(({ name }) => name !== 'bridge'),
      nameservers: (flags.dns ?? []).map((text) => need(parseNameserver(text))),
      search: (flags.dnsSearch ?? []).map((text) => need(parseSearchDomain(text))),
      options: (flags.dnsOption ?? []).map((text) => need(parseResolverOption(text))),
      hostFile: host.resolvConf,
    }),
  };
};

/** Whether operating system and architecture agree; variants are left to the kernel. */
const samePlatform = (a: string, b: string): boolean => a.split('/').slice(0, 2).join('/') === b.split('/').slice(0, 2).join('/');

const warningsOf = ({ image, flags, host }: Inputs, plan: NamespacePlan): readonly string[] => {
  const wrongPlatform = image !== undefined && (flags.platform ?? '') === '' && !samePlatform(image.platform, host.platform);
  return [
    ...(wrongPlatform ? [`the image's platform (${image.platform}) does not match this host's (${host.platform}) and no specific platform was requested`] : []),
    ...((flags.link ?? []).length > 0 ? ["--link is deprecated: on a network of their own ('skiff network create') containers know each other by name"] : []),
    ...publishWarnings(image, flags, plan.network),
    ...(flags.init === true && plan.pid.mode !== 'private' ? ['--init is left out: the process namespace is shared and has an init already'] : []),
  ];
};

const processOf = ({ image, flags, host }: Inputs, hostname: string, confinement: Confinement): OciProcess => {
  const capabilities = need(applyCapabilityFlags(flags.capAdd ?? [], flags.capDrop ?? [], flags.privileged ?? false));
  const oomScoreAdj = oomScoreOf(flags, host);
  return {
    terminal: flags.tty ?? false,
    user: { uid: 0, gid: 0 },
    args: commandOf(image, flags),
    env: environmentOf(image, flags, host, hostname),
    cwd: directoryOf(image, flags),
    // Inheritable stays empty since CVE-2022-24769; the kernel clears the others when a user other than root is started.
    capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities, inheritable: [], ambient: [] },
    rlimits: limitsOf(flags, host),
    noNewPrivileges: confinement.noNewPrivileges,
    ...(oomScoreAdj === undefined ? {} : { oomScoreAdj }),
  };
};

const ociOf = (inputs: Inputs, plan: NamespacePlan, mounts: MountPlan, hostname: string, confinement: Confinement): OciSpec => ({
  ociVersion: '1.0.2',
  process: processOf(inputs, hostname, confinement),
  root: { path: 'merged', readonly: inputs.flags.readOnly ?? false },
  ...(plan.hostUts ? {} : { hostname, ...domainnameOf(inputs.flags) }),
  mounts: mounts.mounts,
  ...annotationsOf(inputs.flags),
  linux: {
    namespaces: plan.namespaces,
    ...(plan.donor === undefined ? { uidMappings: plan.uidMap, gidMappings: plan.gidMap } : {}),
    devices: [],
    sysctl: sysctlsOf(inputs.flags, plan),
    maskedPaths: confinement.maskedPaths,
    readonlyPaths: confinement.readonlyPaths,
    rootfsPropagation: mounts.hasSlaves ? 'rslave' : 'private',
  },
});

const restartOf = (flags: RunFlags): { readonly restart?: RestartPolicy } => {
  const restart = need(parseRestartPolicy(flags.restart ?? ''));
  if (restart.name === 'no') return {};
  return flags.rm === true ? usage('conflicting options: cannot specify both --restart and --rm', 'leave one out') : { restart };
};

type SessionPart = Pick<SkiffSpec, 'init' | 'tty' | 'openStdin' | 'detached' | 'attach' | 'autoRemove' | 'restart' | 'detachKeys' | 'sigProxy'>;

const sessionOf = (flags: RunFlags, plan: NamespacePlan): SessionPart => {
  const detached = flags.detach ?? false;
  const openStdin = flags.interactive ?? false;
  return {
    init: flags.init === true && plan.pid.mode === 'private',
    tty: flags.tty ?? false,
    openStdin,
    detached,
    attach: need(parseStreams(flags.attach ?? [], openStdin, detached)),
    autoRemove: flags.rm ?? false,
    ...restartOf(flags),
    detachKeys: need(parseDetachKeys(flags.detachKeys ?? '')),
    sigProxy: flags.sigProxy ?? true,
  };
};

const whoOf = ({ image, flags, host }: Inputs, plan: NamespacePlan): Pick<SkiffSpec, 'user' | 'groupAdd'> => {
  const user = userOf(image, flags, plan);
  const groupAdd = (flags.groupAdd ?? []).map((text) => need(parseGroup(text)));
  // A joined user namespace has a map of its own, which only its starter knows.
  if (plan.donor === undefined) {
    checkMapped(user.user, 'user', plan, host);
    for (const group of [...(user.group === undefined ? [] : [user.group]), ...groupAdd]) checkMapped(group, 'group', plan, host);
  }
  return { user, groupAdd };
};

const skiffOf = (inputs: Inputs, plan: NamespacePlan, mounts: MountPlan, oci: OciSpec, confinement: Confinement): SkiffSpec => {
  const { id, image, flags, host } = inputs;
  const hostname = oci.hostname ?? host.hostname;
  return {
    version: 1,
    id,
    name: flags.name === undefined || flags.name === '' ? generateName(host.random) : need(parseContainerName(flags.name)),
    created: host.now,
    ...(image === undefined ? {} : { image: { reference: image.reference, id: image.id } }),
    rootfs: rootfsOf(inputs),
    storageDriver: host.storageDriver,
    platform: image?.platform ?? host.platform,
    ...(flags.runtime === undefined || flags.runtime === '' ? {} : { runtime: flags.runtime }),
    args: oci.process.args,
    entrypointLength: entrypointOf(image, flags).length,
    asked: askedOf(flags),
    ...whoOf(inputs, plan),
    setHome: !oci.process.env.some((line) => line.startsWith('HOME=')),
    ...sessionOf(flags, plan),
    stopSignal: need(parseSignal(flags.stopSignal || image?.config.StopSignal || 'SIGTERM')),
    stopTimeout: stopTimeoutOf(flags),
    labels: need(mergeLabels(image?.config.Labels ?? {}, flags.labelFile ?? [], flags.label ?? [])),
    ...portsOf(image, flags),
    hostname,
    ...domainnameOf(flags),
    etc: etcFilesOf(inputs, plan, hostname),
    network: plan.network,
    ...(plan.networks === undefined ? {} : { networks: plan.networks }),
    pid: plan.pid,
    ipc: plan.ipc,
    userns: plan.userns,
    ...(plan.donor === undefined ? {} : { sharesWith: plan.donor.id }),
    deviceBinds: mounts.deviceBinds,
    createDirectories: mounts.createDirectories,
    ...(mounts.points.length === 0 ? {} : { mountPoints: mounts.points }),
    privileged: flags.privileged ?? false,
    seccomp: absoluteSeccomp(confinement.seccomp, host.cwd),
    log: parseLogFlags(flags.logDriver, flags.logOpt ?? []),
    ...healthcheckOf(inputs),
    ...cidFileOf(inputs),
  };
};

const healthcheckOf = ({ image, flags }: Inputs): Pick<SkiffSpec, 'healthcheck'> => {
  const healthcheck = mergeHealthcheck(flags, image?.config.Healthcheck, image?.reference ?? '');
  return healthcheck === undefined ? {} : { healthcheck };
};

const absoluteSeccomp = (seccomp: Confinement['seccomp'], cwd: string): Confinement['seccomp'] =>
  seccomp.kind === 'file' && !seccomp.path.startsWith('/') ? { kind: 'file', path: cleanPath(`${cwd}/${seccomp.path}`) } : seccomp;

/**
 * The specification of container `id` (64 hex digits) from an image, or from `flags.rootfs` without one. Errors name the
 * value as typed: Usage for what cannot be understood, Refused for what cannot be had here, NotFound and Conflict for
 * things named. The user's name is not looked up: see `SkiffSpec.user`.
 */
export const makeSpec = (image: ImageConfigView | undefined, flags: RunFlags, host: HostView, id: string): Either<SkiffError, ContainerSpec> =>
  attempt(() => {
    const inputs: Inputs = { id, image, flags, host };
    const plan = planNamespaces(flags, host);
    const hostname = hostnameOf(inputs, plan);
    const confinement = need(
      resolveConfinement({
        securityOpt: flags.securityOpt ?? [],
        privileged: flags.privileged ?? false,
        throttledProcessors: host.throttledProcessors ?? 0,
      }),
    );
    const mounts = planMounts(flags, image?.config, host, plan, shmSizeOf(flags));
    const oci = ociOf(inputs, plan, mounts, hostname, confinement);
    const skiff = skiffOf(inputs, plan, mounts, oci, confinement);
    return { oci, skiff, warnings: [...warningsOf(inputs, plan), ...mounts.warnings] };
  });

/** The same specification under another name, for when a made-up one turned out to be taken. */
export const withName = (spec: ContainerSpec, name: string): ContainerSpec => ({ ...spec, skiff: { ...spec.skiff, name } });
