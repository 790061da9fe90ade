import type { Flag, RefusedFlag } from './table.ts';

const group = 'Limits and kernel settings';

/** Limits that a container may be given at its start and later. */
export const changeable = [
  { name: 'blkio-weight', kind: 'int', value: 'N', help: 'Share of the disks against other containers, from 10 to 1000; 0 for none', group },
  { name: 'cpu-period', kind: 'int', value: 'MICROSECONDS', help: 'Length of the periods that --cpu-quota is about; without it, 100000', group },
  { name: 'cpu-quota', kind: 'int', value: 'MICROSECONDS', help: 'Time on processors in each period; -1 for no limit', group },
  { name: 'cpu-shares', short: 'c', kind: 'int', value: 'N', help: 'Share of the processors against other containers when all want them; 1024 is usual', group },
  { name: 'cpus', kind: 'string', value: 'N', help: 'How many processors it may use, as in 1.5', group },
  { name: 'cpuset-cpus', kind: 'string', value: 'LIST', help: 'Use these processors only, as in 0-2,4', group },
  { name: 'cpuset-mems', kind: 'string', value: 'LIST', help: 'Use the memory of these nodes only, as in 0,1', group },
  { name: 'memory', short: 'm', kind: 'string', value: 'SIZE', help: 'Memory that it may use, as in 512m or 2g; at least 6m', group },
  { name: 'memory-reservation', kind: 'string', value: 'SIZE', help: 'Memory that is taken from it last when the machine has too little', group },
  { name: 'memory-swap', kind: 'string', value: 'SIZE', help: 'Memory and swap together; -1 for as much swap as there is. Without it, twice --memory', group },
  { name: 'pids-limit', kind: 'int', value: 'N', help: 'How many processes and threads it may have; -1 for no limit', group },
] as const satisfies readonly Flag[];

/** Limits that are set at the start alone. */
export const lasting = [
  { name: 'blkio-weight-device', kind: 'list', value: 'DEVICE:N', help: 'Share of one disk, as in /dev/sda:500', group, complete: 'files' },
  { name: 'cgroup-parent', kind: 'string', value: 'NAME', help: 'Where its cgroup is made: a slice of your systemd user manager, or else a cgroup of yours', group },
  { name: 'device-read-bps', kind: 'list', value: 'DEVICE:SIZE', help: 'Most bytes that it may read from a disk in a second, as in /dev/sda:1mb', group, complete: 'files' },
  { name: 'device-read-iops', kind: 'list', value: 'DEVICE:N', help: 'Most reads from a disk in a second', group, complete: 'files' },
  { name: 'device-write-bps', kind: 'list', value: 'DEVICE:SIZE', help: 'Most bytes that it may write to a disk in a second', group, complete: 'files' },
  { name: 'device-write-iops', kind: 'list', value: 'DEVICE:N', help: 'Most writes to a disk in a second', group, complete: 'files' },
] as const satisfies readonly Flag[];

const realtime = { reason: 'cgroups of version 2 give out no real-time processor time', instead: 'allow it to take some with --ulimit rtprio=N' } as const;

/** What only cgroups of version 1 could do. */
export const refusedLimits = [
  { name: 'cpu-rt-period', ...realtime },
  { name: 'cpu-rt-runtime', ...realtime },
  { name: 'kernel-memory', reason: 'cgroups of version 2 count the memory of the kernel with all other', instead: 'limit both with --memory' },
] as const satisfies readonly RefusedFlag[];

export const refusedAtStart = [
  { name: 'memory-swappiness', reason: 'cgroups of version 2 have no swappiness of their own', instead: 'forbid swapping with --memory-swap equal to --memory' },
  { name: 'oom-kill-disable', reason: 'cgroups of version 2 do not let processes wait for memory', instead: 'have more with --memory, or others killed first with --oom-score-adj' },
] as const satisfies readonly RefusedFlag[];
