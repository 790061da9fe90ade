/** Limits as Docker's `inspect` shows them, with its values for those that are not set. Pure. */
import type { DeviceLimit, Limits } from '../core/limits.ts';

const rates = (list: readonly DeviceLimit[] | undefined, member: 'Rate' | 'Weight' = 'Rate'): readonly object[] => (list ?? []).map(({ path, value }) => ({ Path: path, [member]: value }));

/** The first part of them, in HostConfig's order. */
export const inspectedLimits = (limits: Limits = {}): object => ({
  CpuShares: limits.cpuShares ?? 0,
  Memory: limits.memory ?? 0,
  NanoCpus: limits.nanoCpus ?? 0,
  CgroupParent: limits.cgroupParent ?? '',
  BlkioWeight: limits.blkioWeight ?? 0,
  BlkioWeightDevice: rates(limits.blkioWeightDevice, 'Weight'),
  BlkioDeviceReadBps: rates(limits.deviceReadBps),
  BlkioDeviceWriteBps: rates(limits.deviceWriteBps),
  BlkioDeviceReadIOps: rates(limits.deviceReadIops),
  BlkioDeviceWriteIOps: rates(limits.deviceWriteIops),
  CpuPeriod: limits.cpuPeriod ?? 0,
  CpuQuota: limits.cpuQuota ?? 0,
  CpuRealtimePeriod: 0,
  CpuRealtimeRuntime: 0,
  CpusetCpus: limits.cpusetCpus ?? '',
  CpusetMems: limits.cpusetMems ?? '',
});

/** The second part, which stands behind the devices. */
export const inspectedMemory = (limits: Limits = {}): object => ({
  DeviceCgroupRules: null,
  DeviceRequests: null,
  MemoryReservation: limits.memoryReservation ?? 0,
  MemorySwap: limits.memorySwap ?? 0,
  MemorySwappiness: null,
  OomKillDisable: null,
  PidsLimit: limits.pidsLimit ?? null,
});
