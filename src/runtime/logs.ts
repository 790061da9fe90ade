/** `skiff logs`: what a container has printed, and with `follow` what it goes on to print. */
import * as TE from 'fp-ts/TaskEither';
import { fail, SkiffFailure, toSkiffError } from '../core/errors.ts';
import { keepsFiles, logLimits } from '../core/log-options.ts';
import { momentOf } from '../core/log-times.ts';
import { makerIsAlive } from './markers.ts';
import { watchDirectory } from '../system/directory-watch.ts';
import { closeFile, logPath, openFiles, tailOf } from './logs-files.ts';
import { lineFormat } from './logs-format.ts';
import { readGzip } from './logs-gzip.ts';
import { lineReader } from './logs-lines.ts';
import { gather } from './logs-output.ts';
import { joinReaders } from './logs-readers.ts';
import { readersPath } from './container-places.ts';
import { readContainer } from './records.ts';
import type { TaskEither } from 'fp-ts/TaskEither';
import type { SkiffError } from '../core/errors.ts';
import type { DirectoryWatch } from '../system/directory-watch.ts';
import type { Paths } from '../system/paths.ts';
import type { LogFile } from './logs-files.ts';
import type { LogChoice } from './logs-format.ts';
import type { LineReader, TakeLine } from './logs-lines.ts';
import type { LogOutput } from './logs-output.ts';
import type { LogQueue } from './logs-readers.ts';
import type { Container } from './records.ts';

export interface LogsOptions extends LogChoice {
  /** The last so many lines; undefined: all. */
  readonly tail?: number;
  /** Go on until the container has ended. */
  readonly follow: boolean;
}

export interface LogsOutput extends LogOutput {
  /** A sentence about what was left out. */
  readonly warn: (sentence: string) => void;
}

/** Milliseconds between two looks while there is output: lines that come one by one are worth few system calls each. */
const pause = 10;
/** And while there is none, when nothing tells us of a change: a monitor that was killed changes no file. */
const pollLongest = 1000;
/** Between two looks at whether it comes back. */
const step = 50;
/** How long one that has ended may take to be started again by `skiff restart`. */
const grace = 250;

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Whether somebody may yet write to the log of container `id`; undefined when it does not exist any more. */
const isActive = (paths: Paths, id: string): boolean | undefined => {
  try {
    const { status } = readContainer(paths, id).state;
    return (status !== 'exited' && status !== 'created') || makerIsAlive(paths, id);
  } catch (error) {
    if (!(error instanceof SkiffFailure)) throw error;
    return undefined;
  }
};

const now = (): string => momentOf(BigInt(Date.now()) * 1_000_000n);

/** Everything that one `logs` works with. `files` are open and not yet read to their end, the oldest first. */
interface Reading {
  readonly paths: Paths;
  readonly container: Container;
  readonly options: LogsOptions;
  readonly reader: LineReader;
  readonly files: LogFile[];
  /** Where the files come from. */
  readonly queue: LogQueue;
  /** Tells of changes while it is followed. */
  readonly watch: DirectoryWatch;
  readonly take: TakeLine;
  readonly flush: () => void;
  readonly damaged: () => void;
}

/** Goes on from the first file, which is at its end, to the next one. */
const nextFile = (reading: Reading): void => {
  const { files, reader } = reading;
  if (reader.hasRest()) reading.damaged();
  const done = files.shift();
  if (done !== undefined) closeFile(done);
  const [next] = files;
  if (next !== undefined) reader.go(next.gzip === undefined ? next.fd : -1, 0);
};

/** A compressed file, without its first `skip` lines; false when what follows is not wanted. */
const readPacked = async ({ reader, take, damaged, options }: Reading, file: LogFile, skip: number): Promise<boolean> => {
  if (options.since !== undefined && file.gzip?.lastTime !== undefined && file.gzip.lastTime < options.since) return true;
  let left = skip;
  const takeRest: TakeLine = (...place) => (left > 0 ? (left -= 1) >= 0 : take(...place));
  const outcome = await readGzip(file, (bytes) => reader.feed(bytes, takeRest));
  if (outcome === 'damaged') damaged();
  return outcome !== 'stopped';
};

/** Lets signals and timers have their turn: a log may be long. */
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What was there when the files were opened; false when what follows is not wanted. The newest file stays open. */
const readFirst = async (reading: Reading, skip: number): Promise<boolean> => {
  const { files, reader, take } = reading;
  for (let [file] = files, leave = skip; file !== undefined; [file] = files, leave = 0) {
    if (file.gzip !== undefined) {
      if (!(await readPacked(reading, file, leave))) return false;
    } else {
      for (let state = reader.read(file.size, take); state !== 'end'; state = reader.read(file.size, take)) {
        if (state === 'stopped') return false;
        await breathe();
      }
    }
    if (files.length === 1) return true;
    nextFile(reading);
  }
  return true;
};

/** What has been written since; false when what follows is not wanted. */
const readOn = async (reading: Reading): Promise<boolean> => {
  const { files, reader, take, queue } = reading;
  if (files.length === 0) {
    files.push(...queue.open());
    const [first] = files;
    if (first !== undefined) reader.go(first.fd, 0);
  }
  for (let [file] = files; file !== undefined; [file] = files) {
    if (file.gzip !== undefined) return true; // there is no other one
    const state = reader.read(Infinity, take);
    if (state === 'stopped') return false;
    if (state === 'more') {
      await breathe();
      continue;
    }
    if (files.length === 1) {
      const next = queue.next(file);
      if (next === undefined) return true;
      files.push(next);
    }
    // The monitor was done with this one before it began the next, but perhaps not yet when we found its end.
    for (let rest = reader.read(Infinity, take); rest !== 'end'; rest = reader.read(Infinity, take)) if (rest === 'stopped') return false;
    nextFile(reading);
  }
  return true;
};

/** Whether `skiff restart` is starting it again, or somebody who was as quick. */
const comesBack = async ({ paths, container: { id } }: Reading): Promise<boolean> => {
  for (let waited = 0; waited < grace; waited += step) {
    await sleep(step);
    if (isActive(paths, id) === true) return true;
  }
  return false;
};

/** How long nothing need happen before it looks again. */
const longestWait = ({ until }: LogsOptions): number => Math.max(1, Math.min(pollLongest, until === undefined ? pollLongest : Date.parse(`${until}Z`) - Date.now() + 1));

const follow = async (reading: Reading): Promise<void> => {
  const { paths, container, options, reader, flush } = reading;
  let lines = 0;
  const counting: Reading = { ...reading, take: (...place) => ((lines += 1), reading.take(...place)) };
  for (;;) {
    // Looked at before the files are read, so that nothing of what was written until then is missed.
    const active = isActive(paths, container.id);
    lines = 0;
    const wanted = await readOn(counting);
    flush();
    if (!wanted || (options.until !== undefined && now() > options.until)) return;
    if (active === undefined || (!active && !(await comesBack(reading)))) break;
    if (lines > 0) await sleep(pause);
    else await reading.watch.change(longestWait(options));
  }
  if (reader.hasRest()) reading.damaged();
};

const readLog = async (reading: Reading, active: boolean): Promise<void> => {
  const { options, reader, files, queue, flush, damaged } = reading;
  files.push(...queue.open());
  const { index, position, skip } = options.tail === undefined ? { index: 0, position: 0, skip: 0 } : await tailOf(files, options.tail);
  files.splice(0, index).forEach(closeFile);
  const [first] = files;
  if (first !== undefined) reader.go(first.gzip === undefined ? first.fd : -1, position);
  const wanted = await readFirst(reading, skip);
  flush();
  if (wanted && active && options.follow) await follow(reading);
  else if (wanted && !active && reader.hasRest()) damaged();
};

/** A log whose file never becomes full, or that is only read once. */
const plainQueue = (directory: string): LogQueue => ({ open: () => openFiles(directory), next: () => undefined, close: () => undefined });

const noWatch: DirectoryWatch = { change: sleep, close: () => undefined };

/** Says each sentence once. */
const once = (say: (sentence: string) => void): ((sentence: string) => void) => {
  const said = new Set<string>();
  return (sentence) => {
    if (!said.has(sentence)) say(sentence);
    said.add(sentence);
  };
};

const cannotRead = ({ log }: Container['spec']): never =>
  fail({
    _tag: 'Refused',
    message: 'configured logging driver does not support reading',
    hint: log.driver === 'none' ? 'the container was made with --log-driver none' : 'the container was made with --log-opt cache-disabled',
  });

/**
 * Prints a container's log; of a driver that sends it, what is kept here besides. Errors: Refused where nothing is kept, System where it
 * cannot be read. Damaged lines and files are left out with one warning. Following loses nothing however fast files become full, as long as
 * it is not further behind than `READER_LIMIT` in helpers/logger-readers.h; then it says so.
 */
export const showLogs = (paths: Paths, container: Container, options: LogsOptions, output: LogsOutput): TaskEither<SkiffError, void> =>
  TE.tryCatch(async () => {
    const { directory, spec, id } = container;
    if (!keepsFiles(spec.log)) cannotRead(spec);
    const gathered = gather(output);
    const say = once(output.warn);
    const damaged = (): void => say(`${logPath(directory)} is damaged; the lines that cannot be read are left out`);
    const lost = (): void => say('lines are missing: this reader was so far behind that they were not kept for it');
    const files: LogFile[] = [];
    const { take } = lineFormat(options, gathered, damaged);
    // One that does not run has said all it has to say, as in Docker.
    const active = isActive(paths, id) === true;
    const queue = options.follow && active && logLimits(spec.log).maxSize > 0 ? joinReaders(readersPath(paths, id), directory, lost) : plainQueue(directory);
    const watch = options.follow && active ? watchDirectory(directory) : noWatch;
    try {
      await readLog({ paths, container, options, reader: lineReader(), files, queue, watch, take, flush: gathered.flush, damaged }, active);
    } finally {
      gathered.flush();
      files.forEach(closeFile);
      queue.close();
      watch.close();
    }
  }, toSkiffError('read the log of', container.spec.name));
