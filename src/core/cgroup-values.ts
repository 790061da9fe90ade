/**
 * What limits are in the files of a cgroup (Linux, Documentation/admin-guide/cgroup-v2.rst), and in config.json. Pure. The conversions are
 * those of opencontainers/cgroups (utils.go, fs2), so that a container weighs the same here as under Docker.
 */
import type { DeviceLimit, Limits } from './limits.ts';
import type { OciResources } from './oci-runtime.ts';

/** Files with what to write into them, of which the first that there is gets its value. */
export interface CgroupWrite {
  readonly choices: readonly (readonly [file: string, value: string])[];
  /** Whether it is an error when the kernel has none of the files. */
  readonly must: boolean;
}

export type Controller = 'memory' | 'cpu' | 'cpuset' | 'pids' | 'io';

/** `major:minor` of a block device's node. */
export type DeviceNumber = (path: string) => string;

const defaultPeriod = 100000;

const flagsOf: Readonly<Record<keyof Limits, readonly [flag: string, controller: Controller] | undefined>> = {
  memory: ['--memory', 'memory'],
  memorySwap: ['--memory-swap', 'memory'],
  memoryReservation: ['--memory-reservation', 'memory'],
  nanoCpus: ['--cpus', 'cpu'],
  cpuPeriod: ['--cpu-period', 'cpu'],
  cpuQuota: ['--cpu-quota', 'cpu'],
  cpuShares: ['--cpu-shares', 'cpu'],
  cpusetCpus: ['--cpuset-cpus', 'cpuset'],
  cpusetMems: ['--cpuset-mems', 'cpuset'],
  pidsLimit: ['--pids-limit', 'pids'],
  blkioWeight: ['--blkio-weight', 'io'],
  blkioWeightDevice: ['--blkio-weight-device', 'io'],
  deviceReadBps: ['--device-read-bps', 'io'],
  deviceReadIops: ['--device-read-iops', 'io'],
  deviceWriteBps: ['--device-write-bps', 'io'],
  deviceWriteIops: ['--device-write-iops', 'io'],
  cgroupParent: undefined,
};

/** Which controllers the limits need, each once, with the first flag that asks for it. */
export const controllersFor = (limits: Limits): readonly { readonly controller: Controller; readonly flag: string }[] => {
  const found = new Map<Controller, string>();
  for (const name of Object.keys(limits) as (keyof Limits)[]) {
    const [flag, controller] = flagsOf[name] ?? [];
    if (flag !== undefined && controller !== undefined && !found.has(controller)) found.set(controller, flag);
  }
  return [...found].map(([controller, flag]) => ({ controller, flag }));
};

/** ConvertCPUSharesToCgroupV2Value: 2 becomes 1, 1024 becomes 100, 262144 becomes 10000. `shares` is above 0. */
export const cpuWeight = (shares: number): number => {
  if (shares <= 2) return 1;
  if (shares >= 262144) return 10000;
  const power = Math.log2(shares);
  return Math.ceil(10 ** ((power * power + 125 * power) / 612 - 7 / 34));
};

/** ConvertBlkIOToIOWeightValue: 10 to 1000 become 1 to 10000. */
export const ioWeight = (weight: number): number => 1 + Math.floor(((weight - 10) * 9999) / 990);

/** Microseconds of each period, and the period. */
const quotaOf = ({ nanoCpus, cpuQuota, cpuPeriod }: Limits): { readonly quota?: number; readonly period?: number } => {
  if (nanoCpus !== undefined) return { quota: Math.round((nanoCpus * defaultPeriod) / 1e9), period: defaultPeriod };
  return { ...(cpuQuota === undefined ? {} : { quota: cpuQuota }), ...(cpuPeriod === undefined ? {} : { period: cpuPeriod }) };
};

const must = (...choices: readonly (readonly [string, string])[]): CgroupWrite => ({ choices, must: true });
const limitText = (value: number): string => (value < 0 ? 'max' : String(value));

const memoryWrites = ({ memory, memorySwap, memoryReservation }: Limits): readonly CgroupWrite[] => [
  ...(memory === undefined ? [] : [must(['memory.max', String(memory)])]),
  ...(memorySwap === undefined ? [] : [swapWrite(memory ?? 0, memorySwap)]),
  ...(memoryReservation === undefined ? [] : [must(['memory.low', String(memoryReservation)])]),
];

/** Version 2 counts swap alone. A kernel without swap accounting has no such file, and then swap is not limited, as in Docker. */
const swapWrite = (memory: number, memorySwap: number): CgroupWrite => ({
  choices: [['memory.swap.max', memorySwap < 0 ? 'max' : String(memorySwap - memory)]],
  must: false,
});

const processorWrites = (limits: Limits): readonly CgroupWrite[] => {
  const { quota, period } = quotaOf(limits);
  return [
    ...(limits.cpuShares === undefined ? [] : [must(['cpu.weight', String(cpuWeight(limits.cpuShares))])]),
    ...(quota === undefined && period === undefined ? [] : [must(['cpu.max', `${limitText(quota === undefined ? -1 : quota)} ${period ?? defaultPeriod}`])]),
    ...(limits.cpusetCpus === undefined ? [] : [must(['cpuset.cpus', limits.cpusetCpus])]),
    ...(limits.cpusetMems === undefined ? [] : [must(['cpuset.mems', limits.cpusetMems])]),
  ];
};

/** The weight of devices is the BFQ scheduler's alone; runc writes it there as well. */
const diskWrites = (limits: Limits, numberOf: DeviceNumber): readonly CgroupWrite[] => {
  const { blkioWeight } = limits;
  const rates = (list: readonly DeviceLimit[] | undefined, key: string) => (list ?? []).map(({ path, value }) => must(['io.max', `${numberOf(path)} ${key}=${value}`]));
  return [
    ...(blkioWeight === undefined ? [] : [must(['io.bfq.weight', String(blkioWeight)], ['io.weight', String(ioWeight(blkioWeight))])]),
    ...(limits.blkioWeightDevice ?? []).map(({ path, value }) => must(['io.bfq.weight', `${numberOf(path)} ${value === 0 ? 'default' : value}`], ['io.weight', `${numberOf(path)} ${value === 0 ? 'default' : ioWeight(value)}`])),
    ...rates(limits.deviceReadBps, 'rbps'),
    ...rates(limits.deviceWriteBps, 'wbps'),
    ...rates(limits.deviceReadIops, 'riops'),
    ...rates(limits.deviceWriteIops, 'wiops'),
  ];
};

/** What to write into the files of a container's cgroup, in this order. */
export const cgroupWrites = (limits: Limits, numberOf: DeviceNumber): readonly CgroupWrite[] => [
  ...memoryWrites(limits),
  ...processorWrites(limits),
  ...(limits.pidsLimit === undefined ? [] : [must(['pids.max', limitText(limits.pidsLimit)])]),
  ...diskWrites(limits, numberOf),
];

const defined = <A extends object>(members: A): Partial<A> => Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Partial<A>;
const group = <A extends object>(name: string, members: A): Readonly<Record<string, unknown>> => (Object.keys(defined(members)).length === 0 ? {} : { [name]: defined(members) });

/** The same for config.json: OCI runtime specification, config-linux.md, "Control groups". */
export const ociResources = (limits: Limits, numberOf: DeviceNumber): OciResources => {
  const devices = (list: readonly DeviceLimit[] | undefined, member: string) =>
    list?.map(({ path, value }) => {
      const [major = 0, minor = 0] = numberOf(path).split(':').map(Number);
      return { major, minor, [member]: value };
    });
  const { quota, period } = quotaOf(limits);
  return {
    ...group('memory', { limit: limits.memory, reservation: limits.memoryReservation, swap: limits.memorySwap }),
    ...group('cpu', { shares: limits.cpuShares, quota, period, cpus: limits.cpusetCpus, mems: limits.cpusetMems }),
    ...group('pids', { limit: limits.pidsLimit }),
    ...group('blockIO', {
      weight: limits.blkioWeight,
      weightDevice: devices(limits.blkioWeightDevice, 'weight'),
      throttleReadBpsDevice: devices(limits.deviceReadBps, 'rate'),
      throttleWriteBpsDevice: devices(limits.deviceWriteBps, 'rate'),
      throttleReadIOPSDevice: devices(limits.deviceReadIops, 'rate'),
      throttleWriteIOPSDevice: devices(limits.deviceWriteIops, 'rate'),
    }),
  };
};
