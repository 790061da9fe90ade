/** Whether a command line asks for limits: without any, nothing of what deals with them is loaded. */
import type { LimitFlags } from '../core/limits.ts';

const names = [
  'memory', 'memorySwap', 'memoryReservation', 'cpus', 'cpuPeriod', 'cpuQuota', 'cpuShares', 'cpusetCpus', 'cpusetMems', 'pidsLimit', 'blkioWeight',
  'blkioWeightDevice', 'deviceReadBps', 'deviceReadIops', 'deviceWriteBps', 'deviceWriteIops', 'cgroupParent',
] as const satisfies readonly (keyof LimitFlags)[];

/** True where one of the flags was given, whatever its value. */
export const hasLimits = (flags: LimitFlags): boolean =>
  names.some((name) => {
    const value = flags[name];
    return Array.isArray(value) ? value.length > 0 : value !== undefined;
  });
