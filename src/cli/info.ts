import { printable } from '../core/errors.ts';
import { binarySize } from '../core/sizes.ts';
import { describeMachine } from '../runtime/machine.ts';
import type { DeviceFact, Machine, ProgramFact } from '../runtime/machine.ts';
import type { IdRange } from '../system/host.ts';
import { pathsOf } from './surroundings.ts';
import type { Context } from './context.ts';
import { table } from './options/info.ts';
import type { FlagsOf } from './options/table.ts';
import { version } from './version.ts';
import { warn } from './warn.ts';

export { table };

type Line = readonly [name: string, value: string];

const rangesText = (ranges: readonly IdRange[]): string =>
  ranges
    .map(({ containerId, hostId, size }) => {
      const run = (first: number): string => (size === 1 ? `${first}` : `${first}-${first + size - 1}`);
      return `${run(containerId)} is ${run(hostId)}`;
    })
    .join(', ');

const idLines = ({ IdMap }: Machine): readonly Line[] => [
  ['ID map', IdMap.Mode === 'ranges' ? 'subordinate ids' : `one id only: ${IdMap.Reason}`],
  ['User ids', rangesText(IdMap.Uids)],
  ['Group ids', rangesText(IdMap.Gids)],
];

const programLine = ({ Name, Path, Version, Package, NeededFor }: ProgramFact): Line => [
  Name,
  Path === '' ? `missing (package ${Package}); needed for ${NeededFor}` : [Version, Path].filter((part) => part !== '').join(', '),
];

const deviceLine = ({ Path, Usable, Reason, NeededFor }: DeviceFact): Line => [Path, Usable ? 'usable' : `${Reason}; needed for ${NeededFor}`];

const cgroupText = ({ CgroupVersion, CgroupDriver, CgroupControllers }: Machine): string => {
  if (CgroupVersion === '') return 'none mounted, so no limits';
  if (CgroupDriver === 'none') return `version ${CgroupVersion}, none for you, so no limits`;
  return `version ${CgroupVersion}, ${CgroupDriver === 'systemd' ? 'made by your systemd user manager' : 'made in the part that is yours'}, limits by ${CgroupControllers.join(' ') || 'nothing'}`;
};

const linesOf = (machine: Machine): readonly Line[] => [
  ['Version', version],
  ['Containers', `${machine.Containers} (${machine.ContainersRunning} running, ${machine.ContainersStopped} stopped)`],
  ['Images', String(machine.Images)],
  ['Storage driver', `${machine.Driver === '' ? 'none' : machine.Driver}: ${machine.DriverReason}`],
  ['Root directory', machine.DockerRootDir],
  ['This machine', machine.NodeDir],
  ['Runtime', machine.RuntimeDir],
  ['Cache', machine.CacheDir],
  ['At boot', machine.StartedBy === '' ? "nothing starts; see 'skiff system install'" : `containers start by ${machine.StartedBy}`],
  ...idLines(machine),
  ...machine.Programs.map(programLine),
  ...machine.Devices.map(deviceLine),
  ['Kernel', machine.KernelVersion],
  ['System', `${machine.OperatingSystem}, ${machine.Architecture}, ${machine.NCPU} CPUs, ${binarySize(machine.MemTotal)}`],
  ['Cgroups', cgroupText(machine)],
  ['Security', machine.SecurityOptions.join(' ')],
  ['Log drivers', machine.Plugins.Log.join(' ')],
];

/** The list that people read: one fact a line, values in one column, no control characters. */
export const renderMachine = (machine: Machine): string => {
  const lines = linesOf(machine);
  const width = Math.max(...lines.map(([name]) => name.length)) + 3;
  return lines.map(([name, value]) => `${`${name}:`.padEnd(width)}${printable(value)}\n`).join('');
};

/** `skiff info`. */
export const run = async (context: Context, flags: FlagsOf<typeof table>): Promise<number> => {
  const paths = pathsOf(context);
  const machine = await describeMachine(paths, context.env, context.storageDriver);
  if (flags.format === undefined) {
    context.stdout.write(renderMachine(machine));
    for (const sentence of machine.Warnings) warn(context, sentence);
    return 0;
  }
  const { renderObject } = await import('./format.ts');
  context.stdout.write(await renderObject(flags.format, { ...machine, ServerVersion: version }, context.stdout));
  return 0;
};
