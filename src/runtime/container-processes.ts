/**
 * The processes of containers, found through /proc: there is no cgroup that would list them. They are in the mount namespace of the
 * container's command, as whatever `exec` starts is too, or descend from such a process.
 */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import type { State } from './container-state.ts';

/** A line of /proc/PID/stat, proc_pid_stat(5); times in clock ticks. */
export interface ProcessStat {
  readonly pid: number;
  /** At most 15 bytes, and any of them may be strange. */
  readonly command: string;
  readonly state: string;
  readonly parent: number;
  /** The device number of its terminal; 0 without one. */
  readonly terminal: number;
  /** Its own time on a processor, in user and in kernel mode. */
  readonly ownTicks: number;
  /** That of its children that have ended and were waited for. */
  readonly childTicks: number;
  readonly threads: number;
  /** After boot; as text it tells one user of a pid from the next. */
  readonly start: string;
}

/** Linux shows times to programs in this unit on every architecture that Skiff is built for (USER_HZ, time(7)). */
export const ticksPerSecond = 100;

/** Takes a line of /proc/PID/stat apart; undefined where it is none. */
export const parseStat = (text: string): ProcessStat | undefined => {
  const [open, close] = [text.indexOf('('), text.lastIndexOf(')')];
  const fields = text.slice(close + 2).split(' ');
  const start = fields[19];
  if (open < 0 || start === undefined) return undefined;
  const number = (at: number): number => Number(fields[at]);
  return {
    pid: Number(text.slice(0, open)),
    command: text.slice(open + 1, close),
    state: fields[0] ?? '',
    parent: number(1),
    terminal: number(4),
    ownTicks: number(11) + number(12),
    childTicks: number(13) + number(14),
    threads: number(17),
    start,
  };
};

/** What a file of /proc says; undefined for a process that is gone or that we may not look at. */
export const readProc = (pid: number, file: string): string | undefined => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
};

const mountNamespaceOf = (pid: number): string | undefined => {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`);
  } catch {
    return undefined;
  }
};

/** Every process that can be seen, at one time. */
export interface Census {
  readonly processes: ReadonlyMap<number, ProcessStat>;
  /** By mount namespace: only of processes that we may look into. */
  readonly byNamespace: ReadonlyMap<string, readonly number[]>;
  readonly byParent: ReadonlyMap<number, readonly number[]>;
}

const grouped = <K>(pairs: Iterable<readonly [K, number]>): ReadonlyMap<K, readonly number[]> => {
  const groups = new Map<K, number[]>();
  for (const [key, pid] of pairs) {
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [pid]);
    else group.push(pid);
  }
  return groups;
};

/** Looks at all of /proc once: about 30 microseconds for each process of the machine. */
export const takeCensus = (): Census => {
  const processes = new Map<number, ProcessStat>();
  const namespaces: (readonly [string, number])[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const stat = Number.isInteger(pid) ? parseStat(readProc(pid, 'stat') ?? '') : undefined;
    if (stat === undefined) continue;
    processes.set(pid, stat);
    const namespace = mountNamespaceOf(pid);
    if (namespace !== undefined) namespaces.push([namespace, pid]);
  }
  const parents = [...processes.values()].map(({ parent, pid }) => [parent, pid] as const);
  return { processes, byNamespace: grouped(namespaces), byParent: grouped(parents) };
};

/** The processes of a container by ascending pid; none where its command has ended. */
export const membersOf = ({ processes, byNamespace, byParent }: Census, { pid, pidStart }: State): readonly ProcessStat[] => {
  if (pid === 0 || processes.get(pid)?.start !== pidStart) return [];
  const found = new Set<number>();
  const queue = [pid, ...(byNamespace.get(mountNamespaceOf(pid) ?? '') ?? [])];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    queue.push(...(byParent.get(next) ?? []));
  }
  return [...found].toSorted((a, b) => a - b).flatMap((member) => processes.get(member) ?? []);
};
