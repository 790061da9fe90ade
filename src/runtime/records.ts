/**
 * The records of containers on disk: one directory each with spec.json (what was asked for), config.json (OCI) and state.json
 * (what became of it, written by the monitor). Names are exclusive symbolic links.
 */
import { lstatSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as t from 'io-ts';
import { isLeft } from 'fp-ts/Either';
import { fail, SkiffFailure } from '../core/errors.ts';
import { isContainerId } from '../core/names.ts';
import { bootId } from '../system/kernel.ts';
import { otherHosts } from '../system/other-hosts.ts';
import { isAlive } from '../system/process-identity.ts';
import { decodeSkiffSpec } from './spec-codec.ts';
import type { State } from './container-state.ts';
import type { SkiffSpec } from './spec-types.ts';
import type { OtherHost } from '../system/other-hosts.ts';
import type { Paths } from '../system/paths.ts';

const stateCodec: t.Type<State, unknown, unknown> = t.intersection([
  t.type({
    version: t.literal(1),
    status: t.union([t.literal('created'), t.literal('running'), t.literal('exited')]),
    pid: t.number,
    pidStart: t.string,
    monitorPid: t.number,
    monitorStart: t.string,
    exitCode: t.number,
    startedAt: t.string,
    finishedAt: t.string,
  }),
  t.partial({
    kept: t.boolean,
    paused: t.boolean,
    restarting: t.boolean,
    restartCount: t.number,
    stoppedByUser: t.boolean,
    oomKilled: t.boolean,
    cgroup: t.string,
    health: t.keyof({ starting: null, healthy: null, unhealthy: null }),
    error: t.string,
    ports: t.readonlyArray(t.string),
    boot: t.string,
  }),
]) as unknown as t.Type<State, unknown, unknown>;

export interface Container {
  readonly id: string;
  readonly directory: string;
  readonly spec: SkiffSpec;
  readonly state: State;
}

/** The state with nobody at it, and no process. */
export const atRest = ({ cgroup: _, ...state }: State): State => ({ ...state, pid: 0, pidStart: '0', monitorPid: 0, monitorStart: '0' });

const readState = (directory: string): State => {
  const path = join(directory, 'state.json');
  const damaged = (reason: string): never => fail({ _tag: 'Corrupt', subject: path, reason });
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    return damaged(error instanceof SyntaxError ? 'it is not JSON' : ((error as NodeJS.ErrnoException).code ?? 'unreadable'));
  }
  const decoded = stateCodec.decode(value);
  return isLeft(decoded) ? damaged('it is not the state of a container') : decoded.right;
};

/** What ended a container that has no monitor any more: SIGKILL when that was killed; nobody knows, after a reboot, for which Docker has 255. */
const codeOf = ({ restarting, exitCode, boot }: State): number => {
  if (restarting === true) return exitCode;
  return boot === bootId() ? 137 : 255;
};

/** What becomes of a record whose monitor was killed. One that waited for its next run had ended by itself before. */
export const ended = (state: State): State => {
  const { restarting: _, paused: __, ports: ___, health, ...rest } = state;
  return { ...rest, status: 'exited', pid: 0, pidStart: '0', exitCode: codeOf(state), ...(health === undefined ? {} : { health: 'unhealthy' }) };
};

/**
 * What a record says, put right: without a living monitor nothing runs, whatever was last written. A monitor that was killed took
 * the container with it; one that died before the start left nothing that could be called a container.
 */
const trueState = (state: State): State => {
  if (state.status === 'exited' || isAttended(state)) return state;
  return state.status === 'running' ? ended(state) : state;
};

/**
 * Whether somebody alive answers for the record: its monitor or, before there is one, the command that makes it. Machines start in much the same way
 * each time, so that after a reboot a pid with its start time may well be somebody else's.
 */
export const isAttended = (state: State): boolean => isAlive({ pid: state.monitorPid, start: state.monitorStart }) && state.boot === bootId();

/** Whether it waits for its first start, and nobody is at it. */
export const isWaiting = (state: State): boolean => state.status === 'created' && state.monitorPid === 0;

/** Whether the last writer of the record is gone although the record says otherwise: the next command clears it up. */
export const isStale = (state: State): boolean => state.status !== 'exited' && !isWaiting(state) && !isAttended(state);

/** A state that cannot be read because the whole record has just been taken away is no damage. */
const readStateOf = (id: string, directory: string): State => {
  try {
    return readState(directory);
  } catch (error) {
    if (lstatSync(directory, { throwIfNoEntry: false }) !== undefined) throw error;
    return fail({ _tag: 'NotFound', kind: 'container', name: id });
  }
};

/** How a record is taken that nobody here can check. */
const asWritten = (state: State): State => state;

/** Reads one record. Throws NotFound when the directory is not there, Corrupt naming the file that does not decode. */
export const readContainer = (paths: Paths, id: string, judge: (state: State) => State = trueState): Container => {
  const directory = join(paths.containers, id);
  const path = join(directory, 'spec.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return fail(
      lstatSync(directory, { throwIfNoEntry: false }) === undefined
        ? { _tag: 'NotFound', kind: 'container', name: id }
        : { _tag: 'Corrupt', subject: directory, reason: 'it has no spec.json', hint: `remove it with 'skiff rm -f ${id.slice(0, 12)}'` },
    );
  }
  const spec = decodeSkiffSpec(text, path);
  if (isLeft(spec)) return fail(spec.left);
  return { id, directory, spec: spec.right, state: judge(readStateOf(id, directory)) };
};

/** The state as it was last written, for finding what is stale. Throws Corrupt. */
export const readRawState = (paths: Paths, id: string): State => readState(join(paths.containers, id));

/** Ids of all records, in no order. */
export const listIds = (paths: Paths): readonly string[] => readdirSync(paths.containers).filter(isContainerId);

/** The order of listings. */
export const newestFirst = ({ spec: a }: Container, { spec: b }: Container): number => (a.created < b.created ? 1 : a.created > b.created ? -1 : 0);

export interface Listing {
  /** Newest first. */
  readonly containers: readonly Container[];
  /** One sentence for each record that could not be read; it takes no other down with it. */
  readonly warnings: readonly SkiffFailure[];
}

/** All records that decode. A record that vanishes meanwhile is left out. */
export const listContainers = (paths: Paths): Listing => listRecords(paths, trueState);

/** The same of another host, whose processes cannot be seen from here: its containers are in the state that was last written. */
export const listElsewhere = ({ paths }: OtherHost): Listing =>
  [paths.containers, paths.names].every((path) => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true) ? listRecords(paths, asWritten) : { containers: [], warnings: [] };

const listRecords = (paths: Paths, judge: (state: State) => State): Listing => {
  const containers: Container[] = [];
  const warnings: SkiffFailure[] = [];
  for (const id of listIds(paths)) {
    try {
      containers.push(readContainer(paths, id, judge));
    } catch (error) {
      if (!(error instanceof SkiffFailure)) throw error;
      // Gone since the directory was read: its removal has only been overtaken.
      if (lstatSync(join(paths.containers, id), { throwIfNoEntry: false }) !== undefined) warnings.push(error);
    }
  }
  return { containers: containers.sort(newestFirst), warnings };
};

/** The id behind a name; undefined when nobody has it. */
export const idOfName = (paths: Paths, name: string): string | undefined => {
  // A name is a file name here: anything else cannot be one, and must not become a path.
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) return undefined;
  try {
    const id = basename(readlinkSync(join(paths.names, name)));
    return isContainerId(id) ? id : undefined;
  } catch {
    return undefined;
  }
};

/** Ids that begin so; `prefix` as a person has typed it. */
const idsFrom = (paths: Paths, prefix: string): readonly string[] => (/^[0-9a-f]{1,64}$/.test(prefix) ? listIds(paths).filter((id) => id.startsWith(prefix)) : []);

/** The host whose container `bare` means, if it is another one's. */
const ownerElsewhere = (paths: Paths, bare: string): OtherHost | undefined =>
  otherHosts(paths).find(({ paths: theirs }) => {
    try {
      return idOfName(theirs, bare) !== undefined || idsFrom(theirs, bare).length > 0;
    } catch {
      return false;
    }
  });

const notHere = (paths: Paths, word: string, bare: string): never => {
  const owner = ownerElsewhere(paths, bare);
  if (owner === undefined) return fail({ _tag: 'NotFound', kind: 'container', name: word });
  return fail({ _tag: 'Refused', message: `container ${word} is one of host ${owner.name}, with which this one shares its home directory`, hint: `run this command on ${owner.name}` });
};

/**
 * The id that a person means: a name, a whole id, or the beginning of one; in this order, as in Docker.
 * Throws NotFound, Refused where it is another host's, or Conflict where the beginning fits several.
 */
export const resolveId = (paths: Paths, word: string): string => {
  const bare = word.replace(/^\//, '');
  const named = idOfName(paths, bare);
  if (named !== undefined) return named;
  const matches = idsFrom(paths, bare);
  const [only] = matches;
  if (only === undefined) return notHere(paths, word, bare);
  if (matches.length > 1) return fail({ _tag: 'Conflict', message: `'${word}' begins the ids of ${matches.length} containers`, hint: 'give more digits, or a name' });
  return only;
};

/** `resolveId`, then `readContainer`. */
export const findContainer = (paths: Paths, word: string): Container => readContainer(paths, resolveId(paths, word));

/** The container itself where it runs; throws Conflict otherwise. */
export const requireRunning = (word: string, container: Container): Container =>
  container.state.status === 'running'
    ? container
    : fail({ _tag: 'Conflict', message: `container ${word} is not running`, hint: "see 'skiff ps -a'" });

/** `requireRunning`, and not paused either; in Docker's words. */
export const requireActive = (word: string, container: Container): Container =>
  requireProcess(word, container).state.paused === true
    ? fail({ _tag: 'Conflict', message: `container ${word} is paused, unpause the container before exec` })
    : container;

/** `requireRunning`, and not between two runs; in Docker's words. */
export const requireProcess = (word: string, container: Container): Container =>
  requireRunning(word, container).state.restarting === true
    ? fail({ _tag: 'Conflict', message: `container ${word} is restarting, wait until the container is running` })
    : container;

/** One word, as listings and `inspect` show it. */
export const statusWord = ({ status, paused, restarting }: State): 'created' | 'running' | 'paused' | 'restarting' | 'exited' => {
  if (status !== 'running') return status;
  return restarting === true ? 'restarting' : paused === true ? 'paused' : status;
};
