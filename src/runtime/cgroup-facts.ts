/** What of limits can be had on this machine, for `info`. */
import { isLeft } from 'fp-ts/Either';
import { attempt } from '../core/invalid.ts';
import { readCgroups } from '../system/cgroups.ts';
import { chooseCgroupWay, controllersOf } from './cgroup-way.ts';

/** In the members that Docker's `info` has. */
export interface CgroupFacts {
  /** Who makes the cgroups of containers: the user manager, or we; none without a way. */
  readonly CgroupDriver: 'systemd' | 'cgroupfs' | 'none';
  /** `2`, `1`, or empty where there is no cgroup file system. */
  readonly CgroupVersion: string;
  /** What limits may be set on, by the names of the kernel; not Docker's. */
  readonly CgroupControllers: readonly string[];
  readonly MemoryLimit: boolean;
  readonly SwapLimit: boolean;
  readonly CpuCfsPeriod: boolean;
  readonly CpuCfsQuota: boolean;
  readonly CPUShares: boolean;
  readonly CPUSet: boolean;
  readonly PidsLimit: boolean;
}

/** Looks at the cgroup tree; never fails. */
export const cgroupFacts = (env: NodeJS.ProcessEnv, uid: number): CgroupFacts => {
  const cgroups = readCgroups(env, uid);
  const way = attempt(() => chooseCgroupWay(cgroups, [], ''));
  const names = isLeft(way) ? [] : controllersOf(cgroups, way.right);
  const has = (name: string): boolean => names.includes(name);
  return {
    CgroupDriver: isLeft(way) ? 'none' : way.right.kind === 'systemd' ? 'systemd' : 'cgroupfs',
    CgroupVersion: cgroups.version === 'none' ? '' : cgroups.version,
    CgroupControllers: names,
    MemoryLimit: has('memory'),
    SwapLimit: has('memory'),
    CpuCfsPeriod: has('cpu'),
    CpuCfsQuota: has('cpu'),
    CPUShares: has('cpu'),
    CPUSet: has('cpuset'),
    PidsLimit: has('pids'),
  };
};
