/**
 * Limits on what a container may take, as Docker's flags ask for them. Pure: the rules are those of moby's daemon_unix.go
 * (verifyPlatformContainerResources) and of the opts package of docker/cli.
 */
import { usage } from './invalid.ts';
import { parseSize } from './sizes.ts';

/** A value for one block device, by the path of its node: bytes or operations in a second, or a weight. */
export interface DeviceLimit {
  readonly path: string;
  readonly value: number;
}

/** In Docker's units; a member that is absent sets no limit. */
export interface Limits {
  /** Bytes. */
  readonly memory?: number;
  /** Bytes of memory and swap together; -1: as much swap as there is. */
  readonly memorySwap?: number;
  /** Bytes that are taken away last. */
  readonly memoryReservation?: number;
  /** Processors, in billionths. */
  readonly nanoCpus?: number;
  /** Microseconds. */
  readonly cpuPeriod?: number;
  /** Microseconds of each period; -1: all of them. */
  readonly cpuQuota?: number;
  /** Against those of others; 1024 is usual. */
  readonly cpuShares?: number;
  /** A list such as `0-2,4`. */
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  /** -1: no limit. */
  readonly pidsLimit?: number;
  /** 10 to 1000. */
  readonly blkioWeight?: number;
  readonly blkioWeightDevice?: readonly DeviceLimit[];
  readonly deviceReadBps?: readonly DeviceLimit[];
  readonly deviceReadIops?: readonly DeviceLimit[];
  readonly deviceWriteBps?: readonly DeviceLimit[];
  readonly deviceWriteIops?: readonly DeviceLimit[];
  /** Where its cgroup is made. */
  readonly cgroupParent?: string;
}

/** The same as typed. */
export interface LimitFlags {
  readonly memory?: string;
  readonly memorySwap?: string;
  readonly memoryReservation?: string;
  readonly cpus?: string;
  readonly cpuPeriod?: number;
  readonly cpuQuota?: number;
  readonly cpuShares?: number;
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  readonly pidsLimit?: number;
  readonly blkioWeight?: number;
  readonly blkioWeightDevice?: readonly string[];
  readonly deviceReadBps?: readonly string[];
  readonly deviceReadIops?: readonly string[];
  readonly deviceWriteBps?: readonly string[];
  readonly deviceWriteIops?: readonly string[];
  readonly cgroupParent?: string;
}

/** What the limits are held against. */
export interface LimitFacts {
  /** Numbers of the processors and memory nodes that there are, as `0-3`. */
  readonly processors: string;
  readonly memoryNodes: string;
}

/** Docker's, for a container needs some to be started at all. */
const leastMemory = 6 * 1024 * 1024;
const billion = 1e9;

const bytesOf = (text: string | undefined, flag: string, unlimited: boolean): number => {
  if (text === undefined || text === '') return 0;
  if (unlimited && text === '-1') return -1;
  return parseSize(text) ?? usage(`invalid ${flag} '${text}'`, `write a size such as 512m or 2g${unlimited ? ', or -1 for no limit' : ''}`);
};

/** Go's big.Rat takes fractions and decimals; decimals are what people type. Nine digits behind the point are all there is room for. */
const nanoCpusOf = (text: string | undefined): number => {
  if (text === undefined || text === '') return 0;
  const [, whole = '', , fraction = ''] = /^(\d*)(\.(\d*))?$/.exec(text) ?? usage(`invalid --cpus '${text}'`, 'write a number of processors, as in --cpus 1.5');
  if (whole === '' && fraction === '') return usage(`invalid --cpus '${text}'`, 'write a number of processors, as in --cpus 1.5');
  if (fraction.replace(/0+$/, '').length > 9) return usage(`invalid --cpus '${text}': it is too precise`, 'nine digits behind the point are enough');
  return Number(whole) * billion + Number(fraction.slice(0, 9).padEnd(9, '0'));
};

const splitDevice = (text: string, flag: string): readonly [path: string, value: string] => {
  const at = text.lastIndexOf(':');
  const path = text.slice(0, at);
  return at > 0 && path.startsWith('/dev/') ? [path, text.slice(at + 1)] : usage(`invalid ${flag} '${text}'`, `write ${flag} /dev/NAME:VALUE`);
};

const wholeNumber = (text: string): number | undefined => (/^\d{1,15}$/.test(text) ? Number(text) : undefined);

const deviceLimits = (texts: readonly string[] | undefined, flag: string, parse: (text: string) => number | undefined, what: string): readonly DeviceLimit[] =>
  (texts ?? []).map((text) => {
    const [path, typed] = splitDevice(text, flag);
    const value = parse(typed);
    return value === undefined ? usage(`invalid ${flag} '${text}'`, `the value behind the device is ${what}`) : { path, value };
  });

const isWeight = (value: number): boolean => value === 0 || (value >= 10 && value <= 1000);

const deviceWeight = (text: string): number | undefined => {
  const value = wholeNumber(text);
  return value !== undefined && isWeight(value) ? value : undefined;
};

/** Members whose value is none of these say nothing. */
const saysNothing = (value: unknown): boolean => value === undefined || value === 0 || value === '' || (Array.isArray(value) && value.length === 0);

/** What the flags ask for, each for itself; 0 and the empty string are no limit, as in Docker. Throws Usage. */
export const parseLimits = (flags: LimitFlags): Limits => {
  const rate = 'a size in a second, such as 1mb';
  const operations = 'a number of operations in a second';
  const all: Record<keyof Limits, unknown> = {
    memory: bytesOf(flags.memory, '--memory', false),
    memorySwap: bytesOf(flags.memorySwap, '--memory-swap', true),
    memoryReservation: bytesOf(flags.memoryReservation, '--memory-reservation', false),
    nanoCpus: nanoCpusOf(flags.cpus),
    cpuPeriod: flags.cpuPeriod,
    cpuQuota: flags.cpuQuota,
    cpuShares: flags.cpuShares,
    cpusetCpus: flags.cpusetCpus,
    cpusetMems: flags.cpusetMems,
    // As in Docker, all numbers below 1 mean the same.
    pidsLimit: flags.pidsLimit === undefined ? undefined : flags.pidsLimit <= 0 ? -1 : flags.pidsLimit,
    blkioWeight: flags.blkioWeight,
    blkioWeightDevice: deviceLimits(flags.blkioWeightDevice, '--blkio-weight-device', deviceWeight, 'a weight from 10 to 1000'),
    deviceReadBps: deviceLimits(flags.deviceReadBps, '--device-read-bps', parseSize, rate),
    deviceReadIops: deviceLimits(flags.deviceReadIops, '--device-read-iops', wholeNumber, operations),
    deviceWriteBps: deviceLimits(flags.deviceWriteBps, '--device-write-bps', parseSize, rate),
    deviceWriteIops: deviceLimits(flags.deviceWriteIops, '--device-write-iops', wholeNumber, operations),
    cgroupParent: flags.cgroupParent,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => !saysNothing(value))) as Limits;
};

/** The numbers in a list such as `0-2,4`; undefined where it is none. */
const numbersIn = (list: string): readonly number[] | undefined => {
  const numbers: number[] = [];
  for (const part of list.trim().split(',')) {
    const [, first, , last = first] = /^(\d{1,5})(-(\d{1,5}))?$/.exec(part.trim()) ?? [];
    if (first === undefined || Number(last) < Number(first)) return undefined;
    for (let number = Number(first); number <= Number(last); number += 1) numbers.push(number);
  }
  return numbers;
};

const checkSet = (wanted: string | undefined, available: string, flag: string, what: string): void => {
  if (wanted === undefined) return;
  const numbers = numbersIn(wanted) ?? usage(`invalid ${flag} '${wanted}'`, 'write a list such as 0-2,4');
  const there = new Set(numbersIn(available) ?? []);
  if (numbers.some((number) => !there.has(number))) usage(`requested ${what} are not available: ${flag} ${wanted}`, `there are ${available}`);
};

const checkMemory = ({ memory, memorySwap, memoryReservation }: Limits): void => {
  if (memory !== undefined && memory < leastMemory) usage('the least memory limit allowed is 6MB', 'give --memory 6m or more');
  if (memoryReservation !== undefined && memoryReservation < leastMemory) usage('the least memory reservation allowed is 6MB', 'give --memory-reservation 6m or more');
  if (memorySwap !== undefined && memorySwap > 0 && memory === undefined) usage('--memory-swap needs a limit of memory too: it is both together', 'give --memory as well');
  if (memory === undefined) return;
  if (memorySwap !== undefined && memorySwap > 0 && memorySwap < memory) usage('--memory-swap must not be less than --memory: it is memory and swap together', 'give the sum of both, or -1 for as much swap as there is');
  if (memoryReservation !== undefined && memoryReservation > memory) usage('--memory must not be less than --memory-reservation', 'reserve less than the limit');
};

const checkProcessors = ({ nanoCpus, cpuPeriod, cpuQuota, cpuShares }: Limits, { processors }: LimitFacts): void => {
  const count = numbersIn(processors)?.length ?? 1;
  if (nanoCpus !== undefined && cpuPeriod !== undefined) usage('--cpus and --cpu-period do not go together', 'leave one out: --cpus N is a quota of N periods');
  if (nanoCpus !== undefined && cpuQuota !== undefined) usage('--cpus and --cpu-quota do not go together', 'leave one out: --cpus N is a quota of N periods');
  // Less would be a quota below a millisecond, which the kernel does not take.
  if (nanoCpus !== undefined && (nanoCpus < billion / 100 || nanoCpus > count * billion)) {
    usage(`the range of --cpus is from 0.01 to ${count}.00, as there are only ${count} processors available`);
  }
  if (cpuPeriod !== undefined && (cpuPeriod < 1000 || cpuPeriod > 1000000)) usage('--cpu-period must be from 1ms (1000) to 1s (1000000)');
  if (cpuQuota !== undefined && cpuQuota > 0 && cpuQuota < 1000) usage('--cpu-quota must not be less than 1ms (1000)');
  if (cpuShares !== undefined && cpuShares < 0) usage(`invalid --cpu-shares '${cpuShares}'`, 'give 2 or more; 1024 is what others have');
};

/** Holds limits against each other and against the machine. Throws Usage. */
export const checkLimits = (limits: Limits, facts: LimitFacts): void => {
  checkMemory(limits);
  checkProcessors(limits, facts);
  checkSet(limits.cpusetCpus, facts.processors, '--cpuset-cpus', 'processors');
  checkSet(limits.cpusetMems, facts.memoryNodes, '--cpuset-mems', 'memory nodes');
  if (limits.blkioWeight !== undefined && !isWeight(limits.blkioWeight)) usage('the range of --blkio-weight is from 10 to 1000');
};

/** Without `--memory-swap`, as much swap as memory may be taken: Docker's adaptContainerSettings. */
export const completeLimits = (limits: Limits): Limits =>
  limits.memory === undefined || limits.memorySwap !== undefined ? limits : { ...limits, memorySwap: 2 * limits.memory };

/** Without those that are no limit, for a container that has had none before: it needs no cgroup for them. */
export const withoutUnlimited = (limits: Limits): Limits => {
  const { pidsLimit, cpuQuota, memorySwap, ...rest } = limits;
  return {
    ...rest,
    ...(pidsLimit === undefined || pidsLimit < 0 ? {} : { pidsLimit }),
    ...(cpuQuota === undefined || cpuQuota < 0 ? {} : { cpuQuota }),
    ...(memorySwap === undefined || (memorySwap < 0 && limits.memory === undefined) ? {} : { memorySwap }),
  };
};

/** `given` instead of what `before` has of the same. What does not go together is what Docker's `update` says so of. Throws Usage. */
export const changeLimits = (before: Limits, given: Limits): Limits => {
  const quotas = ['cpuPeriod', 'cpuQuota'] as const;
  if (given.nanoCpus !== undefined && quotas.some((name) => before[name] !== undefined)) usage('--cpus cannot be set: the container has a --cpu-period or --cpu-quota', 'set --cpu-quota');
  if (quotas.some((name) => given[name] !== undefined) && before.nanoCpus !== undefined) usage('--cpu-period and --cpu-quota cannot be set: the container has --cpus', 'set --cpus');
  if (given.memory !== undefined && given.memorySwap === undefined && before.memorySwap !== undefined && before.memorySwap > 0 && given.memory > before.memorySwap) {
    usage('the memory limit must not be more than the limit of memory and swap together, which the container has already', 'set --memory-swap at the same time');
  }
  return { ...before, ...given };
};
