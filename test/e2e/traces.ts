/** Starting `skiff` without waiting for it, and looking for whatever it left on the machine: for tests of crashes and of crowds. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, leftovers, root, skiffCommand } from './skiff.ts';
import type { ChildProcess } from 'node:child_process';

/** What SKIFF_SOAK=true (`npm run soak`) makes of a number of tries: the full one instead of the short one. */
export const tries = (short: number, full: number): number => (process.env['SKIFF_SOAK'] === 'true' ? full : short);

export interface Ending {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly end: Promise<Ending>;
}

/** Starts a program of the host with closed standard input; `end` resolves when it and everybody who has its output is gone. */
export const startProgram = (command: readonly string[], env: Readonly<Record<string, string>> = {}): Started => {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  const texts = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => void (texts.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => void (texts.stderr += chunk.toString()));
  const end = new Promise<Ending>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => resolve({ status, signal, ...texts }));
  });
  return { child, end };
};

/** Starts `skiff` with these words. */
export const start = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Started => startProgram([...skiffCommand, ...args], env);

/** Ends when `all` have ended; at most `width` are under way at a time. */
export const crowd = async (count: number, width: number, one: (index: number) => Promise<void>): Promise<void> => {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await one(next++);
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, worker));
};

export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly state: string;
}

const readProcess = (pid: number): Process | undefined => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const close = text.lastIndexOf(')');
    const [state = '', parent = '0'] = text.slice(close + 2).split(' ');
    return { pid, parent: Number(parent), name: text.slice(text.indexOf('(') + 1, close), state };
  } catch {
    return undefined;
  }
};

const allProcesses = (): readonly Process[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? []);

/**
 * Everything that this test has started and that still runs. The runner's reaper is the parent of whatever daemonises, so none can
 * hide; processes of other tests and other users are none of ours.
 */
export const ourProcesses = (): readonly Process[] => {
  const all = allProcesses();
  const ours = new Set<number>([process.ppid]);
  for (let size = 0; size < ours.size; ) {
    size = ours.size;
    for (const { pid, parent } of all) if (ours.has(parent)) ours.add(pid);
  }
  return all.filter(({ pid, state }) => ours.has(pid) && pid !== process.pid && pid !== process.ppid && state !== 'Z');
};

/** Our processes of that name, as /proc/PID/comm has it. */
export const processesCalled = (name: string): readonly Process[] => ourProcesses().filter((one) => one.name === name);

/** Kills a process at once; that it is gone already is no failure. */
export const killNow = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

const runtime = join(process.env['XDG_RUNTIME_DIR'] ?? '', 'skiff');

const namesIn = (directory: string): readonly string[] => (existsSync(directory) ? readdirSync(directory) : []);

const temporaryTrees = (): readonly string[] =>
  ['layers', 'images', ...namesIn(join(root, 'hosts')).map((host) => join('hosts', host))].flatMap((part) =>
    namesIn(join(root, part)).filter((name) => name.startsWith('.') && !name.endsWith('lock')).map((name) => `tree ${join(part, name)}`),
  );

const mountsOfOurs = (): readonly string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((path) => path.startsWith(process.env['HOME'] ?? '/nowhere') || path.startsWith(runtime))
    .map((path) => `mount ${path}`);

/** Everything there is of Skiff but images, caches and empty directories: one line each. */
export const traces = (): readonly string[] => [
  ...ourProcesses().map(({ pid, name }) => `process ${pid} ${name}`),
  ...namesIn(runtime).filter((name) => name !== 'c').map((name) => `runtime ${name}`),
  ...leftovers(),
  ...temporaryTrees(),
  ...mountsOfOurs(),
];

/** Processes end in their own time; waits for that, and not for what is on disk. */
export const quiet = (timeout = 15000): Promise<void> => eventually('every process ends', () => ourProcesses().length === 0, timeout);

/** Throws, naming it, when anything is still there although every process has had its time to end. */
export const nothingLeft = async (when: string): Promise<void> => {
  await quiet().catch(() => undefined);
  const left = traces();
  if (left.length > 0) throw new Error(`left behind ${when}:\n${left.join('\n')}`);
};

/** A process's place in one kind of namespace; undefined when it is gone. */
export const namespaceOf = (pid: number, kind: string): string | undefined => {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`);
  } catch {
    return undefined;
  }
};

/** The start time of a process in clock ticks, proc_pid_stat(5); undefined when it is gone. */
export const startTimeOf = (pid: number): string | undefined => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
};

/** Waits that many milliseconds. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
