/** What `docker info` has besides: members that scripts ask for, with what they mean here. */
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { logDrivers } from '../core/log-driver-names.ts';
import { defaultPools } from '../network/pools.ts';
import { mountOf, mountsIn } from '../system/mounts.ts';
import { findProgram } from '../system/programs.ts';
import { readOptional } from '../system/read-optional.ts';
import type { Paths } from '../system/paths.ts';
import type { Settings } from '../system/settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;
type Pairs = readonly (readonly [name: string, value: string])[];

interface IndexConfig {
  readonly Name: string;
  readonly Mirrors: readonly string[];
  readonly Secure: boolean;
  readonly Official: boolean;
}

/** Named and shaped as in the Engine API, GET /info. */
export interface DockerFacts {
  /** The same for this user's containers on this machine, always. */
  readonly ID: string;
  readonly DriverStatus: Pairs;
  readonly Plugins: { readonly Volume: readonly string[]; readonly Network: readonly string[]; readonly Authorization: readonly string[]; readonly Log: readonly string[] };
  readonly IPv4Forwarding: boolean;
  readonly OomKillDisable: boolean;
  readonly Debug: boolean;
  /** Now, RFC 3339. */
  readonly SystemTime: string;
  readonly LoggingDriver: string;
  readonly OSVersion: string;
  readonly IndexServerAddress: string;
  readonly RegistryConfig: { readonly InsecureRegistryCIDRs: readonly string[]; readonly IndexConfigs: Readonly<Record<string, IndexConfig>>; readonly Mirrors: readonly string[] };
  /** Without user name and password. */
  readonly HttpProxy: string;
  readonly HttpsProxy: string;
  readonly NoProxy: string;
  readonly Labels: readonly string[];
  readonly GenericResources: null;
  readonly ExperimentalBuild: boolean;
  readonly Runtimes: Readonly<Record<string, { readonly path: string }>>;
  readonly DefaultRuntime: string;
  readonly Swarm: { readonly NodeID: string; readonly NodeAddr: string; readonly LocalNodeState: 'inactive'; readonly ControlAvailable: false; readonly Error: string; readonly RemoteManagers: null };
  readonly LiveRestoreEnabled: boolean;
  readonly InitBinary: string;
  readonly SecurityOptions: readonly string[];
  readonly DefaultAddressPools: readonly { readonly Base: string; readonly Size: number }[];
  readonly ClientInfo: { readonly Debug: boolean; readonly Context: string; readonly Plugins: readonly string[]; readonly Warnings: null };
}

/** Made of where the containers are, in the form of a UUID. */
const identity = (paths: Paths): string => {
  const hex = createHash('sha256').update(`skiff ${paths.host}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-');
};

/** Docker calls all of ext2, ext3 and ext4 extfs. */
const backingFileSystem = (paths: Paths): string => (mountOf(mountsIn(readOptional('/proc/self/mountinfo')), realpathSync(paths.layers))?.type ?? 'unknown').replace(/^ext[234]$/, 'extfs');

const driverStatus = (paths: Paths, driver: string, version: string): Pairs => [
  ['Backing Filesystem', backingFileSystem(paths)],
  ...(driver === 'overlay' ? [['userxattr', 'true'] as const] : []),
  ...(driver === 'fuse-overlayfs' && version !== '' ? [['Version', version] as const] : []),
];

/** What stands before the host may be a password. */
const withoutSecrets = (proxy: string): string => proxy.replace(/^([a-z0-9]+:\/\/)?[^/@]*@/i, '$1xxxxx:xxxxx@');

/** Lower case first, as Go's proxies have it the other way round only for HTTP in CGI programs. */
const variable = (env: Environment, name: string): string => withoutSecrets(env[name.toLowerCase()] || env[name] || '');

const dockerHub = 'docker.io';

const registryConfig = ({ registries }: Settings): DockerFacts['RegistryConfig'] => {
  const configOf = (Name: string): IndexConfig => ({ Name, Mirrors: registries[Name]?.mirrors ?? [], Secure: registries[Name]?.insecure !== true, Official: Name === dockerHub });
  const names = [...new Set([dockerHub, ...Object.keys(registries)])];
  return {
    InsecureRegistryCIDRs: ['::1/128', '127.0.0.0/8'],
    IndexConfigs: Object.fromEntries(names.map((name) => [name, configOf(name)])),
    Mirrors: registries[dockerHub]?.mirrors ?? [],
  };
};

/** Our own way, and those of `--runtime` that are installed. */
const runtimes = (env: Environment): DockerFacts['Runtimes'] => {
  const others = ['crun', 'runc', 'runsc', 'youki'].flatMap((name): readonly (readonly [string, { readonly path: string }])[] => {
    const path = findProgram(env, name);
    return path === undefined ? [] : [[name, { path }]];
  });
  return Object.fromEntries([['skiff', { path: 'skiff-helper' }] as const, ...others]);
};

/** Docker's words for what confines a container. */
const securityOptions = (): readonly string[] => {
  const seccomp = /^Seccomp:/m.test(readOptional('/proc/self/status'));
  return [...(seccomp ? ['name=seccomp,profile=builtin'] : []), 'name=rootless', 'name=userns', 'name=cgroupns'];
};

const osRelease = (name: string): string => new RegExp(`^${name}="?([^"\\n]*)`, 'm').exec(readOptional('/etc/os-release'))?.[1] ?? '';

/** `driver` is the storage driver, with the version of its program. Reads small files only. */
export const dockerFacts = (paths: Paths, env: Environment, settings: Settings, volumeDrivers: readonly string[], driver: { readonly name: string; readonly version: string }): DockerFacts => ({
  ID: identity(paths),
  DriverStatus: driver.name === '' ? [] : driverStatus(paths, driver.name, driver.version),
  Plugins: { Volume: volumeDrivers, Network: ['bridge', 'host', 'ipvlan', 'macvlan', 'null'], Authorization: [], Log: logDrivers.filter((name) => name !== 'none').sort() },
  IPv4Forwarding: true,
  OomKillDisable: false,
  Debug: (env['SKIFF_DEBUG'] ?? '') !== '',
  SystemTime: new Date().toISOString(),
  LoggingDriver: 'json-file',
  OSVersion: osRelease('VERSION_ID'),
  IndexServerAddress: 'https://index.docker.io/v1/',
  RegistryConfig: registryConfig(settings),
  HttpProxy: variable(env, 'HTTP_PROXY'),
  HttpsProxy: variable(env, 'HTTPS_PROXY'),
  NoProxy: env['no_proxy'] || env['NO_PROXY'] || '',
  Labels: [],
  GenericResources: null,
  ExperimentalBuild: false,
  Runtimes: runtimes(env),
  DefaultRuntime: 'skiff',
  Swarm: { NodeID: '', NodeAddr: '', LocalNodeState: 'inactive', ControlAvailable: false, Error: '', RemoteManagers: null },
  LiveRestoreEnabled: true,
  InitBinary: 'skiff-helper',
  SecurityOptions: securityOptions(),
  DefaultAddressPools: (settings.addressPools ?? defaultPools).map(({ base, size }) => ({ Base: base, Size: size })),
  ClientInfo: { Debug: (env['SKIFF_DEBUG'] ?? '') !== '', Context: 'default', Plugins: [], Warnings: null },
});
