/** `skiff info` for people: Docker's lines in Docker's order (docker/cli, cli/command/system/info.go), and what else was found and chosen. Pure. */
import { printable } from '../core/errors.ts';
import { binarySize } from '../core/sizes.ts';
import type { DeviceFact, Machine, ProgramFact } from '../runtime/machine.ts';
import type { IdRange } from '../system/host.ts';
import { version } from './version.ts';

interface Line {
  readonly name: string;
  readonly value?: string;
  readonly inner?: readonly Line[];
  /** Docker writes no colon behind it, whatever is below. */
  readonly bare?: boolean;
}

const line = (name: string, value: string | number | boolean): Line => ({ name, value: String(value) });
const group = (name: string, inner: readonly Line[], value?: string): Line => ({ name, inner, ...(value === undefined ? {} : { value }) });
/** A name alone, as in Docker's list of registries. */
const item = (name: string): Line => ({ name, bare: true });

const rangesText = (ranges: readonly IdRange[]): string =>
  ranges
    .map(({ containerId, hostId, size }) => {
      const run = (first: number): string => (size === 1 ? `${first}` : `${first}-${first + size - 1}`);
      return `${run(containerId)} is ${run(hostId)}`;
    })
    .join(', ');

const programLine = ({ Name, Path, Version, Package, NeededFor }: ProgramFact): Line =>
  line(Name, Path === '' ? `missing (package ${Package}); needed for ${NeededFor}` : [Version, Path].filter((part) => part !== '').join(', '));

const deviceLine = ({ Path, Usable, Reason, NeededFor }: DeviceFact): Line => line(Path, Usable ? 'usable' : `${Reason}; needed for ${NeededFor}`);

const cgroupLines = ({ CgroupVersion, CgroupDriver, CgroupControllers }: Machine): readonly Line[] => {
  const how = CgroupVersion === '' ? 'none mounted, so no limits' : CgroupDriver === 'none' ? 'none for you, so no limits' : `by ${CgroupControllers.join(' ') || 'nothing'}`;
  return [line('Cgroup Driver', CgroupDriver), ...(CgroupVersion === '' ? [] : [line('Cgroup Version', CgroupVersion)]), line('Cgroup Limits', how)];
};

const driverLine = ({ Driver, DriverReason, DriverStatus }: Machine): Line =>
  group('Storage Driver', [...DriverStatus.map(([name, value]) => line(name, value)), line('Chosen Because', DriverReason)], Driver === '' ? 'none' : Driver);

/** `name=seccomp,profile=builtin` as a name with its profile below. */
const securityLine = (option: string): Line => {
  const [[, name = ''] = [], ...rest] = option.split(',').map((pair) => pair.split('='));
  return { name, bare: true, inner: rest.map(([key = '', value = '']) => line(`${key.slice(0, 1).toUpperCase()}${key.slice(1)}`, value)) };
};

const registryLines = ({ RegistryConfig: { InsecureRegistryCIDRs, IndexConfigs, Mirrors } }: Machine): readonly Line[] => {
  const insecure = Object.values(IndexConfigs).filter(({ Secure }) => !Secure).map(({ Name }) => Name);
  return [group('Insecure Registries', [...insecure, ...InsecureRegistryCIDRs].map(item)), ...(Mirrors.length === 0 ? [] : [group('Registry Mirrors', Mirrors.map(item))])];
};

const proxyLines = ({ HttpProxy, HttpsProxy, NoProxy }: Machine): readonly Line[] =>
  ([['HTTP Proxy', HttpProxy], ['HTTPS Proxy', HttpsProxy], ['No Proxy', NoProxy]] as const).filter(([, value]) => value !== '').map(([name, value]) => line(name, value));

const serverLines = (machine: Machine): readonly Line[] => [
  group('Containers', [line('Running', machine.ContainersRunning), line('Paused', machine.ContainersPaused), line('Stopped', machine.ContainersStopped)], String(machine.Containers)),
  line('Images', machine.Images),
  line('Server Version', version),
  driverLine(machine),
  line('Logging Driver', machine.LoggingDriver),
  ...cgroupLines(machine),
  group('Plugins', [line('Volume', machine.Plugins.Volume.join(' ')), line('Network', machine.Plugins.Network.join(' ')), line('Log', machine.Plugins.Log.join(' '))]),
  line('Swarm', machine.Swarm.LocalNodeState),
  line('Runtimes', Object.keys(machine.Runtimes).join(' ')),
  line('Default Runtime', machine.DefaultRuntime),
  line('Init Binary', machine.InitBinary),
  group('Security Options', machine.SecurityOptions.map(securityLine)),
  line('Kernel Version', machine.KernelVersion),
  line('Operating System', machine.OperatingSystem),
  line('OSType', machine.OSType),
  line('Architecture', machine.Architecture),
  line('CPUs', machine.NCPU),
  line('Total Memory', binarySize(machine.MemTotal)),
  line('Name', machine.Name),
  line('ID', machine.ID),
  line('Docker Root Dir', machine.DockerRootDir),
  line('Debug Mode', machine.Debug),
  ...proxyLines(machine),
  line('Experimental', machine.ExperimentalBuild),
  ...registryLines(machine),
  line('Live Restore Enabled', machine.LiveRestoreEnabled),
];

/** What Docker has no line for. */
const ownLines = ({ NodeDir, RuntimeDir, CacheDir, StartedBy, IdMap, Programs, Devices }: Machine): readonly Line[] => [
  line('This Machine', NodeDir),
  line('Runtime Dir', RuntimeDir),
  line('Cache Dir', CacheDir),
  line('At Boot', StartedBy === '' ? "nothing starts; see 'skiff system install'" : `containers start by ${StartedBy}`),
  group('ID Map', [line('User Ids', rangesText(IdMap.Uids)), line('Group Ids', rangesText(IdMap.Gids))], IdMap.Mode === 'ranges' ? 'subordinate ids' : `one id only: ${IdMap.Reason}`),
  group('Programs', Programs.map(programLine)),
  group('Devices', Devices.map(deviceLine)),
];

const textOf = (lines: readonly Line[], depth: number): string =>
  lines.map(({ name, value, inner = [], bare = false }) => `${' '.repeat(depth)}${printable(name)}${bare ? '' : ':'}${value === undefined ? '' : ` ${printable(value)}`}\n${textOf(inner, depth + 1)}`).join('');

/** All of it, without control characters. */
export const renderMachine = (machine: Machine): string => {
  const client = [line('Version', version), line('Context', machine.ClientInfo.Context), line('Debug Mode', machine.ClientInfo.Debug)];
  return `${textOf([group('Client', client)], 0)}\n${textOf([group('Server', [...serverLines(machine), ...ownLines(machine)])], 0)}`;
};
