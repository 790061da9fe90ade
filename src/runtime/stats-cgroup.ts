/** What a container uses, as its cgroup counts it: all of its processes, those that have ended too (Linux, Documentation/admin-guide/cgroup-v2.rst). */
import { join } from 'node:path';
import { readOptional } from '../system/read-optional.ts';

/** As `Sample` has them; a member is absent where the cgroup lacks the controller, or is gone. */
export interface CgroupUsage {
  readonly processor?: number;
  readonly memory?: number;
  /** Bytes that it may use; absent without a limit. */
  readonly limit?: number;
  readonly read?: number;
  readonly written?: number;
  readonly tasks?: number;
}

const numberBehind = (text: string, name: string): number | undefined => {
  const digits = new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
};

const wholeNumber = (text: string): number | undefined => (/^\d+\n?$/.test(text) ? Number(text) : undefined);

/** Without the page cache that the kernel would drop first, as docker/cli's calculateMemUsageUnixNoCache. */
const memoryOf = (read: (file: string) => string): number | undefined => {
  const current = wholeNumber(read('memory.current'));
  const inactive = numberBehind(read('memory.stat'), 'inactive_file') ?? 0;
  return current === undefined ? undefined : inactive < current ? current - inactive : current;
};

/** Of all devices: `254:0 rbytes=1 wbytes=2 …`. */
const sumOf = (text: string, key: string): number => [...text.matchAll(new RegExp(`\\b${key}=(\\d+)`, 'g'))].reduce((total, [, digits]) => total + Number(digits), 0);

const given = <K extends keyof CgroupUsage>(name: K, value: number | undefined): CgroupUsage => (value === undefined ? {} : { [name]: value });

/** What the files of a cgroup say, by a function that reads one of them; the empty text for one that is not there. */
export const usageIn = (read: (file: string) => string): CgroupUsage => {
  const microseconds = numberBehind(read('cpu.stat'), 'usage_usec');
  const disks = read('io.stat');
  // Without any traffic the file is empty; without the controller it is not there, and neither is this one.
  const hasDisks = disks !== '' || read('io.max') !== '' || read('io.pressure') !== '';
  return {
    ...given('processor', microseconds === undefined ? undefined : microseconds / 1000),
    ...given('memory', memoryOf(read)),
    ...given('limit', wholeNumber(read('memory.max'))),
    ...(hasDisks ? { read: sumOf(disks, 'rbytes'), written: sumOf(disks, 'wbytes') } : {}),
    ...given('tasks', wholeNumber(read('pids.current'))),
  };
};

/** The same of the cgroup at this path. */
export const cgroupUsage = (path: string): CgroupUsage => usageIn((file) => readOptional(join(path, file)));
