import { refusedAtStart, refusedLimits } from './limits.ts';
import type { RefusedFlag } from './table.ts';

const windows = 'only Windows has it';

/** What Docker's `run` and `create` take and Skiff's do not. */
export const refused = [
  ...refusedLimits,
  ...refusedAtStart,
  { name: 'cpu-count', reason: windows, instead: 'on Linux --cpus limits processors' },
  { name: 'cpu-percent', reason: windows, instead: 'on Linux --cpus limits processors' },
  {
    name: 'device-cgroup-rule',
    reason: 'rules for devices are programs that only root may put on a cgroup, and without them the permissions of the device nodes decide',
    instead: 'make single devices available with --device',
  },
  {
    name: 'gpus',
    reason: 'passing on GPUs is the work of a hook of their maker that a daemon runs as root',
    instead: 'make their device nodes available with --device, and the libraries with -v',
  },
  { name: 'io-maxbandwidth', reason: windows, instead: 'on Linux --device-read-bps and --device-write-bps limit disks' },
  { name: 'io-maxiops', reason: windows, instead: 'on Linux --device-read-iops and --device-write-iops limit disks' },
  {
    name: 'storage-opt',
    reason: 'limiting the size of the writable layer needs a quota that only root can set',
    instead: 'use --read-only, and --tmpfs DIR:size=SIZE for what is written',
  },
  { name: 'use-api-socket', reason: 'there is no daemon, and so no socket of its API', instead: 'run skiff on the host' },
] as const satisfies readonly RefusedFlag[];
