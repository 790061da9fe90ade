/** What containers use at one moment: counted by their cgroups where they have one, and read from /proc elsewhere. */
import { readOptional } from '../system/read-optional.ts';
import { membersOf, readProc, ticksPerSecond } from './container-processes.ts';
import { cgroupUsage } from './stats-cgroup.ts';
import type { Census, ProcessStat } from './container-processes.ts';
import type { Container } from './records.ts';

export interface Sample {
  /** Milliseconds of a clock that only goes forward. */
  readonly at: number;
  /** Milliseconds on processors; of those that have ended, those that another one of the container waited for. */
  readonly processor: number;
  /** Bytes. */
  readonly memory: number;
  readonly received: number;
  readonly sent: number;
  readonly read: number;
  readonly written: number;
  /** Threads, as Docker counts. */
  readonly tasks: number;
  /** Bytes of memory that it may use; absent without a limit. */
  readonly limit?: number;
}

const numberIn = (text: string | undefined, form: RegExp): number | undefined => {
  const digits = form.exec(text ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
};

/** Pss counts a page that several processes share once; a process that does not tell is counted by all of its pages. */
const memoryOf = ({ pid }: ProcessStat): number => {
  const kibibytes = numberIn(readProc(pid, 'smaps_rollup'), /^Pss: +(\d+) kB$/m) ?? numberIn(readProc(pid, 'status'), /^VmRSS:\s+(\d+) kB$/m) ?? 0;
  return kibibytes * 1024;
};

/** Bytes that came from and went to disks, those of its children that have ended with them: proc_pid_io(5). */
const blocksOf = ({ pid }: ProcessStat): { readonly read: number; readonly written: number } => {
  const text = readProc(pid, 'io');
  return { read: numberIn(text, /^read_bytes: (\d+)$/m) ?? 0, written: numberIn(text, /^write_bytes: (\d+)$/m) ?? 0 };
};

/** Bytes of all interfaces of /proc/PID/net/dev but the loopback one: bytes received are the first column, bytes sent the ninth. */
export const networkBytes = (text: string): { readonly received: number; readonly sent: number } => {
  let [received, sent] = [0, 0];
  for (const line of text.split('\n').slice(2)) {
    const [name = '', counters = ''] = line.split(/:(.*)/s);
    if (name.trim() === 'lo' || counters === '') continue;
    const columns = counters.trim().split(/\s+/).map(Number);
    received += columns[0] ?? 0;
    sent += columns[8] ?? 0;
  }
  return { received, sent };
};

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Added up over the processes that are there. */
const usageOf = (members: readonly ProcessStat[]): Pick<Sample, 'processor' | 'memory' | 'read' | 'written' | 'tasks'> => {
  const blocks = members.map(blocksOf);
  return {
    processor: (sum(members.map(({ ownTicks, childTicks }) => ownTicks + childTicks)) * 1000) / ticksPerSecond,
    memory: sum(members.map(memoryOf)),
    read: sum(blocks.map(({ read }) => read)),
    written: sum(blocks.map(({ written }) => written)),
    tasks: sum(members.map(({ threads }) => threads)),
  };
};

/** What `container` uses now; undefined where it does not run. With the host's network its traffic cannot be told from others': none is shown, as in Docker. */
export const sampleOf = (census: Census, { spec, state }: Container): Sample | undefined => {
  const members = membersOf(census, state);
  if (members.length === 0) return undefined;
  return {
    at: performance.now(),
    ...networkBytes(spec.network.mode === 'host' ? '' : (readProc(state.pid, 'net/dev') ?? '')),
    ...usageOf(members),
    ...(state.cgroup === undefined ? {} : cgroupUsage(state.cgroup)),
  };
};

/** Bytes of memory that the machine has. */
export const machineMemory = (): number => (numberIn(readOptional('/proc/meminfo'), /^MemTotal: +(\d+) kB$/m) ?? 0) * 1024;
