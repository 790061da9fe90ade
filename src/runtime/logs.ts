/** `skiff logs`: what a container has printed, and with `follow` what it goes on to print. */
import * as TE from 'fp-ts/TaskEither';
import { fail, SkiffFailure, toSkiffError } from '../core/errors.ts';
import { momentOf } from '../core/log-times.ts';
import { makerIsAlive } from './heal.ts';
import { closeFile, isReplaced, logPath, openNewer, tailOf } from './logs-files.ts';
import { lineFormat } from './logs-format.ts';
import { lineReader } from './logs-lines.ts';
import { gather } from './logs-output.ts';
import { readContainer } from './records.ts';
import type { TaskEither } from 'fp-ts/TaskEither';
import type { SkiffError } from '../core/errors.ts';
import type { Paths } from '../system/paths.ts';
import type { LogFile } from './logs-files.ts';
import type { LogChoice } from './logs-format.ts';
import type { LineReader, TakeLine } from './logs-lines.ts';
import type { LogOutput } from './logs-output.ts';
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

/** Milliseconds between two looks: short while there is output, long otherwise. */
const pollShortest = 10;
const pollLongest = 50;
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
  readonly take: TakeLine;
  readonly flush: () => void;
  readonly damaged: () => void;
}

/** Opens what the monitor has begun meanwhile. An open file can be read to its end even when it has been removed. */
const openNew = ({ container: { directory }, files, reader }: Reading): void => {
  const known = files.at(-1);
  if (!isReplaced(directory, known)) return;
  files.push(...openNewer(directory, known));
  const [first] = files;
  if (known === undefined && first !== undefined) reader.go(first.fd, 0);
};

/** Goes on from the first file, which is at its end, to the next one. */
const nextFile = (reading: Reading): void => {
  const { files, reader } = reading;
  if (reader.hasRest()) reading.damaged();
  const done = files.shift();
  if (done !== undefined) closeFile(done);
  const [next] = files;
  if (next !== undefined) reader.go(next.fd, 0);
};

/** Reads all files to their ends; false when what follows is not wanted. With `bounded`, only what was there when they were opened. */
const readAll = (reading: Reading, bounded: boolean): boolean => {
  const { files, reader, take } = reading;
  for (let [file] = files; file !== undefined; [file] = files) {
    const state = reader.read(bounded ? file.size : Infinity, take);
    if (state === 'stopped') return false;
    if (!bounded) openNew(reading);
    if (state === 'more') continue;
    if (files.length === 1) return true;
    // The monitor was done with this one before it began the next, but perhaps not yet when we found its end.
    while (!bounded && reader.read(Infinity, take) === 'more');
    nextFile(reading);
  }
  return true;
};

/** Whether `skiff restart` is starting it again, or somebody who was as quick. */
const comesBack = async ({ paths, container: { id } }: Reading): Promise<boolean> => {
  for (let waited = 0; waited < grace; waited += pollLongest) {
    await sleep(pollLongest);
    if (isActive(paths, id) === true) return true;
  }
  return false;
};

const follow = async (reading: Reading): Promise<void> => {
  const { paths, container, options, reader, flush } = reading;
  for (let pause = pollShortest; ; ) {
    // Looked at before the files are read, so that nothing of what was written until then is missed.
    const active = isActive(paths, container.id);
    let lines = 0;
    openNew(reading);
    const wanted = reading.files.length === 0 || readAll({ ...reading, take: (...place) => ((lines += 1), reading.take(...place)) }, false);
    flush();
    if (!wanted || (options.until !== undefined && now() > options.until)) return;
    if (active === undefined || (!active && !(await comesBack(reading)))) break;
    pause = lines > 0 ? pollShortest : Math.min(2 * pause, pollLongest);
    await sleep(pause);
  }
  if (reader.hasRest()) reading.damaged();
};

const readLog = async (reading: Reading): Promise<void> => {
  const { paths, container, options, reader, files, flush, damaged } = reading;
  // One that does not run has said all it has to say, as in Docker.
  const active = isActive(paths, container.id) === true;
  files.push(...openNewer(container.directory, undefined));
  const { index, position } = options.tail === undefined ? { index: 0, position: 0 } : tailOf(files, options.tail);
  files.splice(0, index).forEach(closeFile);
  const [first] = files;
  if (first !== undefined) reader.go(first.fd, position);
  const wanted = readAll(reading, true);
  flush();
  if (wanted && active && options.follow) await follow(reading);
  else if (wanted && !active && reader.hasRest()) damaged();
};

/**
 * Prints a container's log. Errors: Refused where none is kept (`--log-driver none`), System where it cannot be read. Damaged lines are
 * left out with one warning. Following loses nothing while no more is written between two looks (50 ms) than the files hold that are kept.
 */
export const showLogs = (paths: Paths, container: Container, options: LogsOptions, output: LogsOutput): TaskEither<SkiffError, void> =>
  TE.tryCatch(async () => {
    if (container.spec.log.driver === 'none') fail({ _tag: 'Refused', message: 'configured logging driver does not support reading', hint: 'the container was made with --log-driver none' });
    const gathered = gather(output);
    let told = false;
    const damaged = (): void => {
      if (!told) output.warn(`${logPath(container.directory)} is damaged; the lines that cannot be read are left out`);
      told = true;
    };
    const files: LogFile[] = [];
    const { take } = lineFormat(options, gathered, damaged);
    try {
      await readLog({ paths, container, options, reader: lineReader(), files, take, flush: gathered.flush, damaged });
    } finally {
      gathered.flush();
      files.forEach(closeFile);
    }
  }, toSkiffError('read the log of', container.spec.name));
