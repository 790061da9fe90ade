/** The records of a launch plan for a container with a cgroup of its own, and for those who enter it. */
import { join } from 'node:path';
import { cgroupWrites, controllersFor } from '../core/cgroup-values.ts';
import { cgroupTree, readCgroups } from '../system/cgroups.ts';
import { chooseCgroupWay } from './cgroup-way.ts';
import { deviceNumber } from './limits.ts';
import type { CgroupWrite } from '../core/cgroup-values.ts';
import type { Limits } from '../core/limits.ts';
import type { CgroupWay } from './cgroup-way.ts';
import type { PlanRecord } from '../core/plan-record.ts';
import type { SkiffSpec } from './spec-types.ts';

const nameOf = (id: string): string => `skiff-${id}`;

const wayRecord = (way: CgroupWay, { id, name }: SkiffSpec): PlanRecord =>
  way.kind === 'direct'
    ? ['cgroup', 'direct', join(cgroupTree, way.parent), nameOf(id)]
    : ['cgroup', 'systemd', way.socket, `${nameOf(id)}.scope`, `Skiff container ${name}`, way.slice];

const writeRecord = ({ choices, must }: CgroupWrite): PlanRecord => [must ? 'cgroup-set' : 'cgroup-try', ...choices.flat()];

/** How the cgroup of a container with these limits is made and what is written into it. Throws Refused where it cannot be had here, Usage, NotFound. */
export const cgroupRecords = (env: NodeJS.ProcessEnv, uid: number, skiff: SkiffSpec, limits: Limits): readonly PlanRecord[] => {
  const way = chooseCgroupWay(readCgroups(env, uid), controllersFor(limits), limits.cgroupParent ?? '');
  return [wayRecord(way, skiff), ...cgroupWrites(limits, deviceNumber).map(writeRecord)];
};

/** How a process from elsewhere gets into the cgroup at `path`: by itself, or through the manager that has made its scope. */
export const cgroupJoinRecord = (env: NodeJS.ProcessEnv, uid: number, path: string): PlanRecord => {
  const scope = path.split('/').findLast((part) => part.endsWith('.scope')) ?? '';
  const [socket = ''] = scope === '' ? [] : readCgroups(env, uid).managers;
  return ['cgroup-join', path, socket, scope];
};
