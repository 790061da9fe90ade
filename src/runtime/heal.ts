/**
 * Crash-only: whatever a killed command, monitor or keeper left behind is put right by the next one. Every container that is being
 * made or runs has a marker in the runtime directory, which a reboot empties, so that looking for trouble costs one directory
 * listing.
 */
import { existsSync, lstatSync, readFileSync, readdirSync, readlinkSync, renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fail, SkiffFailure } from '../core/errors.ts';
import { releaseLeasesOf } from '../network/leases.ts';
import { removeCgroup } from '../system/cgroup-removal.ts';
import { removeIfPresent, writeFileAtomic } from '../system/files.ts';
import { helperPath, inUserNamespace } from '../system/helper.ts';
import { isAlive, ownIdentity } from '../system/process-identity.ts';
import { deadHolders } from '../volumes/held.ts';
import { tell } from './container-events.ts';
import { unmountForgotten } from './heal-plugins.ts';
import { holderIsLeft, keeperIsLeft, mend } from './keeper.ts';
import { sweepReaders } from './logs-sweep.ts';
import { clearTraces, makerIsAlive, markedIds, takeMarker } from './markers.ts';
import { readersPath, socketPath } from './container-places.ts';
import { forgetPorts } from './port-notes.ts';
import { atRest, ended, isAttended, isStale, isWaiting, listIds, readContainer, readRawState } from './records.ts';
import { isTold } from './told-events.ts';
import { doomedPath, doomedPrefix, makingPath, makingPrefix } from './trees.ts';
import type { State } from './container-state.ts';
import type { SkiffSpec } from './spec-types.ts';
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';

/** Removes trees as root of the user's namespace, for they hold files of subordinate ids. Throws System with the helper's words. */
const removeTrees = (paths: Paths, host: Host, trees: readonly string[]): void => {
  const [program = '', ...args] = inUserNamespace(paths, host, [helperPath(paths, 'skiff-helper'), 'rm', ...trees]);
  const { status, stderr, error } = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  if (error !== undefined) throw error;
  if (status !== 0) fail({ _tag: 'System', operation: 'remove', subject: trees[0] ?? '', reason: stderr.trim().replace(/^skiff: (cannot remove \S+: )?/, '') });
};

/** Whether the plan at `path` tells of volumes that go with their container. */
const hasAnonymous = (path: string): boolean => {
  try {
    return readFileSync(path, 'latin1').includes('\0volume-remove\0');
  } catch {
    return false;
  }
};

/** Removes the anonymous volumes of containers, by their plans; what fails is left to `volume prune`, as after a kill. */
const dropVolumes = (paths: Paths, host: Host, plans: readonly string[]): void => {
  if (plans.length === 0) return;
  const { pid, start } = ownIdentity();
  const [program = '', ...args] = inUserNamespace(paths, host, [helperPath(paths, 'skiff-helper'), 'drop-volumes', String(pid), start, ...plans]);
  spawnSync(program, args, { stdio: 'ignore' });
};

const unlinkName = (paths: Paths, name: string, id: string): void => {
  try {
    const path = join(paths.names, name);
    if (readlinkSync(path).endsWith(id)) unlinkSync(path);
  } catch {
    // Somebody was faster.
  }
};

/** The id that a name stands for; empty when the name has just been given free. */
const idBehind = (paths: Paths, name: string): string => {
  try {
    return readlinkSync(join(paths.names, name)).slice(-64);
  } catch {
    return '';
  }
};

const nameBehind = (paths: Paths, id: string): string | undefined => readdirSync(paths.names).find((name) => idBehind(paths, name) === id);

/** What is told of a container's end: nothing of one that cannot be read. */
const lastWords = (paths: Paths, id: string): { readonly name: string | undefined; readonly say: () => void } => {
  try {
    const { spec } = readContainer(paths, id);
    const state = readRawState(paths, id);
    const say = (): void => {
      if (state.status === 'running') tellKilled(paths, spec, state);
      tell(paths, spec, 'destroy');
    };
    return { name: spec.name, say };
  } catch {
    return { name: nameBehind(paths, id), say: () => undefined };
  }
};

/** Renames unless there is nothing (any more) to rename. */
const moveIfPresent = (from: string, to: string): boolean => {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return false;
  }
};

/** What killed followers of its log have left; who follows it still keeps what he has. */
const removeReaders = (paths: Paths, id: string): void => {
  const directory = readersPath(paths, id);
  if (existsSync(directory)) sweepReaders(directory);
};

/** Gives the addresses of containers back, and only then removes what tells that they need healing. */
const clearAll = (paths: Paths, ids: readonly string[]): void => {
  releaseLeasesOf(paths, ids);
  forgetPorts(paths, ids);
  for (const id of ids) clearTraces(paths, id);
};

/**
 * Takes containers off the listing at once, by rename, gives their names free, and then removes their trees; with `volumes` also those of their anonymous volumes
 * that no other container names. None of them may run. Idempotent; interrupted, the next command finishes it.
 */
export const discard = (paths: Paths, host: Host, ids: readonly string[], volumes = false): void => {
  const doomed: string[] = [];
  releaseLeasesOf(paths, ids);
  forgetPorts(paths, ids);
  for (const id of ids) {
    const { name, say } = lastWords(paths, id);
    const target = doomedPath(paths, id);
    const wasThere = moveIfPresent(join(paths.containers, id), target);
    if (wasThere || moveIfPresent(makingPath(paths, id), target)) doomed.push(target);
    if (name !== undefined) unlinkName(paths, name, id);
    clearTraces(paths, id);
    removeReaders(paths, id);
    if (wasThere) say();
  }
  if (volumes) dropVolumes(paths, host, doomed.map((tree) => join(tree, 'plan')).filter(hasAnonymous));
  if (doomed.length > 0) removeTrees(paths, host, doomed);
};

const exited = (state: State): State => ({ ...atRest(ended(state)), finishedAt: state.restarting === true ? state.finishedAt : new Date().toISOString() });

/** The end of a container whose monitor was killed and took it along. One that waited for its next run has been told of. */
const tellKilled = (paths: Paths, spec: SkiffSpec, state: State): void => {
  const began = Date.parse(state.startedAt);
  if (state.restarting === true || isTold(paths, spec.id, 'die', began)) return;
  const seconds = Math.max(0, Math.floor((Date.now() - began) / 1000));
  tell(paths, spec, 'die', { execDuration: String(seconds), exitCode: String(ended(state).exitCode) });
};

/**
 * Takes a container that is not running yet from a monitor that may just be starting on behalf of a killed command: both want the
 * name of the control socket, and one gets it. A monitor has made the record its own before it binds.
 */
const claim = (paths: Paths, id: string): boolean => {
  try {
    symlinkSync('abandoned', socketPath(paths, id));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return isStale(readRawState(paths, id));
  }
};

/** Makes a record true whose monitor, or first start, was cut short. One that was made to be started later waits for the next start. */
const writeEnd = (paths: Paths, id: string, state: State): void => {
  writeFileAtomic(join(paths.containers, id, 'state.json'), JSON.stringify(state.status === 'created' ? atRest(state) : exited(state)));
  if (state.status === 'running') tellKilled(paths, readContainer(paths, id).spec, state);
};

const stateNow = (paths: Paths, id: string): State | undefined => {
  try {
    return readRawState(paths, id);
  } catch (error) {
    if (!(error instanceof SkiffFailure)) throw error;
    return undefined;
  }
};

/**
 * Takes the traces of a container away that nobody answers for, and before that makes its record true; of several commands one does. Not where
 * somebody is just starting it, and nobody can begin to meanwhile. Whoever is killed at it is followed by the next command.
 */
const layToRest = (paths: Paths, id: string): void => {
  if (makerIsAlive(paths, id) || takeMarker(paths, id) === undefined) return;
  const state = stateNow(paths, id);
  // Gone or damaged since we looked: the next command finds the marker. Or started: then the marker goes with it.
  if (state === undefined || isAttended(state)) return;
  if (isStale(state)) writeEnd(paths, id, state);
  clearAll(paths, [id]);
};

/** What becomes of one container whose maker is gone: recorded as killed, or removed where it was not to stay or never ran. */
const settle = (paths: Paths, id: string): 'remove' | 'keep' => {
  try {
    const state = readRawState(paths, id);
    if (!isStale(state)) return 'keep';
    if (state.cgroup !== undefined) removeCgroup(state.cgroup);
    if (state.status === 'created' && state.kept !== true) return claim(paths, id) ? 'remove' : 'keep';
    const { spec } = readContainer(paths, id);
    if (state.status === 'running' && spec.autoRemove) return 'remove';
    layToRest(paths, id);
    return 'keep';
  } catch (error) {
    // A damaged record is left for a person to see; one that has vanished meanwhile is in good hands.
    if (!(error instanceof SkiffFailure)) throw error;
    return 'keep';
  }
};

/** Whether `name` begins with this, then PID-START, and that process is gone. */
export const isOfTheDead = (prefix: string, name: string): boolean => {
  const [, pid, start = ''] = name.startsWith(prefix) ? (/^(\d+)-(\d+)/.exec(name.slice(prefix.length)) ?? []) : [];
  return pid !== undefined && !isAlive({ pid: Number(pid), start });
};

/** Trees that are on their way out, those that a killed command was still filling, and trials of a storage driver. */
export const doomedTrees = (paths: Paths): readonly string[] => [
  ...readdirSync(paths.containers)
    .filter((name) => name.startsWith(doomedPrefix) || (name.startsWith(makingPrefix) && !makerIsAlive(paths, name.slice(makingPrefix.length))))
    .map((name) => join(paths.containers, name)),
  ...readdirSync(paths.host).filter((name) => isOfTheDead('.probe-', name)).map((name) => join(paths.host, name)),
];

const hasRecord = (paths: Paths, id: string): boolean => lstatSync(join(paths.containers, id), { throwIfNoEntry: false }) !== undefined;

/** Names that stand for no container, and that nobody is about to give to one. */
export const idleNames = (paths: Paths): readonly string[] => readdirSync(paths.names).filter((name) => isNobodys(paths, idBehind(paths, name)));

/** Looked at once more behind the maker, because a container has its directory before its maker goes; the first look saves the others. */
const isNobodys = (paths: Paths, id: string): boolean => id !== '' && !hasRecord(paths, id) && !makerIsAlive(paths, id) && !hasRecord(paths, id);

const isIdle = (paths: Paths, id: string): boolean => {
  try {
    const state = readRawState(paths, id);
    // One that is being started again is told by its monitor or, before there is one, by its marker.
    return (state.status === 'exited' || isWaiting(state)) && !isAttended(state) && !makerIsAlive(paths, id);
  } catch {
    return false;
  }
};

/** Frees names without a container, and removes markers and sockets without one that runs. */
const sweepTraces = (paths: Paths): void => {
  for (const name of idleNames(paths)) removeIfPresent(join(paths.names, name));
  for (const id of markedIds(paths)) {
    if (isNobodys(paths, id)) clearAll(paths, [id]);
    else if (isIdle(paths, id)) layToRest(paths, id);
  }
};

/** The cheap look: what a living monitor answers for, or has written to its end, needs no other. */
const mayBeOrphan = (paths: Paths, id: string): boolean => {
  try {
    return isStale(readRawState(paths, id));
  } catch {
    return true;
  }
};

/** Puts everything right that nobody alive is responsible for. For commands that list or remove; costs a look at every record. */
export const heal = (paths: Paths, host: Host): void => {
  if (keeperIsLeft(paths) || holderIsLeft(paths)) mend(paths, host);
  const doomed = doomedTrees(paths);
  const orphans = listIds(paths).filter((id) => mayBeOrphan(paths, id) && !makerIsAlive(paths, id) && settle(paths, id) === 'remove');
  if (orphans.length > 0) discard(paths, host, orphans, true);
  sweepTraces(paths);
  sweepSessions(paths);
  // A tree that a living monitor is just removing may vanish under our hands, which is what we want.
  if (doomed.length > 0) removeTrees(paths, host, doomed);
  sweepHolders(paths);
  unmountForgotten(paths);
};

/** What the holder of a volume has left that was killed. */
const sweepHolders = (paths: Paths): void => {
  const dead = deadHolders(paths);
  if (dead.length > 0) spawnSync(helperPath(paths, 'skiff-helper'), ['sweep-volumes', ...dead], { stdio: 'ignore' });
};

/** Plans of `exec` are read and unlinked at once; one whose writer is gone was never read. */
const sweepSessions = (paths: Paths): void => {
  for (const name of readdirSync(join(paths.runtime, 'c'))) if (isOfTheDead('exec-', name)) removeIfPresent(join(paths.runtime, 'c', name));
};
