/**
 * Crash-only: whatever a killed command, monitor or keeper left behind is put right by the next one. Every container that is being
 * made or runs has a marker in the runtime directory, which a reboot empties, so that looking for trouble costs one directory
 * listing.
 */
import { closeSync, constants, lstatSync, openSync, readdirSync, readlinkSync, renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { isContainerId } from '../core/names.ts';
import { fail, SkiffFailure } from '../core/errors.ts';
import { removeIfPresent, writeFileAtomic } from '../system/files.ts';
import { helperPath, inUserNamespace } from '../system/helper.ts';
import { isAlive, ownIdentity } from '../system/process-identity.ts';
import { createdState, isStale, listIds, readContainer, readRawState, socketPath } from './records.ts';
import type { State } from './records.ts';
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';

/** Trees on their way out; whoever finds one goes on removing it. */
const doomedPrefix = '.removing-';

const markerPath = (paths: Paths, id: string): string => join(paths.runtime, 'c', `${id}.made`);

/** Says that this process is making container `id`; removed with the container's socket when it has ended. */
export const writeMarker = (paths: Paths, id: string): string => {
  const path = markerPath(paths, id);
  const { pid, start } = ownIdentity();
  symlinkSync(`${pid}:${start}`, path);
  return path;
};

const makerIsAlive = (paths: Paths, id: string): boolean => {
  try {
    const [pid = '0', start = ''] = readlinkSync(markerPath(paths, id)).split(':');
    return isAlive({ pid: Number(pid), start });
  } catch {
    return false;
  }
};

/** Whether a keeper holds the namespace: then some container lives, and looking at them all would be work for nothing. */
const keeperIsAlive = (paths: Paths): boolean => {
  try {
    // A FIFO opens for writing without waiting only when somebody reads it, fifo(7).
    closeSync(openSync(join(paths.runtime, 'keeper'), constants.O_WRONLY | constants.O_NONBLOCK));
    return true;
  } catch {
    return false;
  }
};

/** Removes trees as root of the user's namespace, for they hold files of subordinate ids. Throws System with the helper's words. */
export const removeTrees = (paths: Paths, host: Host, trees: readonly string[]): void => {
  if (trees.length === 0) return;
  const [program = '', ...args] = inUserNamespace(paths, host, [helperPath(paths, 'skiff-helper'), 'rm', ...trees]);
  const { status, stderr, error } = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  if (error !== undefined) throw error;
  if (status !== 0) fail({ _tag: 'System', operation: 'remove', subject: trees[0] ?? '', reason: stderr.trim().replace(/^skiff: /, '') });
};

const unlinkName = (paths: Paths, name: string, id: string): void => {
  try {
    const path = join(paths.names, name);
    if (readlinkSync(path).endsWith(id)) unlinkSync(path);
  } catch {
    // Somebody was faster.
  }
};

const nameOf = (paths: Paths, id: string): string | undefined => {
  try {
    return readContainer(paths, id).spec.name;
  } catch {
    return readdirSync(paths.names).find((name) => readlinkSync(join(paths.names, name)).endsWith(id));
  }
};

/**
 * Takes containers off the listing at once, by rename, gives their names free, and then removes their trees. None of them may run.
 * Idempotent; interrupted, the next command finishes it.
 */
export const discard = (paths: Paths, host: Host, ids: readonly string[]): void => {
  const doomed: string[] = [];
  for (const id of ids) {
    const name = nameOf(paths, id);
    const target = join(paths.containers, `${doomedPrefix}${id}`);
    try {
      renameSync(join(paths.containers, id), target);
      doomed.push(target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    if (name !== undefined) unlinkName(paths, name, id);
    for (const path of [socketPath(paths, id), markerPath(paths, id)]) removeIfPresent(path);
  }
  removeTrees(paths, host, doomed);
};

const exited = (state: State): State => ({ ...state, status: 'exited', pid: 0, pidStart: '0', monitorPid: 0, monitorStart: '0', exitCode: 137, finishedAt: new Date().toISOString() });

/** What becomes of one container whose monitor is gone: recorded as killed, or removed where it was not to stay or never ran. */
const settle = (paths: Paths, id: string): 'remove' | 'keep' => {
  try {
    const { directory, spec } = readContainer(paths, id);
    const state = readRawState(paths, id);
    if (!isStale(state)) return 'keep';
    if (spec.autoRemove || state.status === 'created') return 'remove';
    writeFileAtomic(join(directory, 'state.json'), JSON.stringify(exited(state)));
    for (const path of [socketPath(paths, id), markerPath(paths, id)]) removeIfPresent(path);
    return 'keep';
  } catch (error) {
    if (!(error instanceof SkiffFailure)) throw error;
    // Without a whole record and without a maker it never was a container; a damaged record of one that ran is left for a person to see.
    return error.error._tag === 'NotFound' || lstatSync(join(paths.containers, id, 'state.json'), { throwIfNoEntry: false }) === undefined ? 'remove' : 'keep';
  }
};

const doomedTrees = (paths: Paths): readonly string[] =>
  readdirSync(paths.containers)
    .filter((name) => name.startsWith(doomedPrefix))
    .map((name) => join(paths.containers, name));

const danglingNames = (paths: Paths): readonly string[] => {
  const ids = new Set(listIds(paths));
  return readdirSync(paths.names).filter((name) => {
    const id = readlinkSync(join(paths.names, name)).slice(-64);
    return !ids.has(id) && !makerIsAlive(paths, id);
  });
};

/** Puts everything right that nobody alive is responsible for. For commands that list or remove; costs a look at every record. */
export const heal = (paths: Paths, host: Host): void => {
  const doomed = doomedTrees(paths);
  const orphans = listIds(paths).filter((id) => !makerIsAlive(paths, id) && settle(paths, id) === 'remove');
  if (orphans.length > 0) discard(paths, host, orphans);
  for (const name of danglingNames(paths)) removeIfPresent(join(paths.names, name));
  for (const id of markedIds(paths)) {
    if (lstatSync(join(paths.containers, id), { throwIfNoEntry: false }) !== undefined || makerIsAlive(paths, id)) continue;
    for (const path of [socketPath(paths, id), markerPath(paths, id)]) removeIfPresent(path);
  }
  sweepSessions(paths);
  // A tree that a living monitor is just removing may vanish under our hands, which is what we want.
  removeTrees(paths, host, doomed);
};

/** Plans of `exec` are read and unlinked at once; one whose writer is gone was never read. */
const sweepSessions = (paths: Paths): void => {
  for (const name of readdirSync(join(paths.runtime, 'c'))) {
    const [, pid, start] = /^exec-(\d+)-(\d+)/.exec(name) ?? [];
    if (pid !== undefined && start !== undefined && !isAlive({ pid: Number(pid), start })) removeIfPresent(join(paths.runtime, 'c', name));
  }
};

const markedIds = (paths: Paths): readonly string[] => [...new Set(readdirSync(join(paths.runtime, 'c')).map((name) => name.slice(0, 64)))].filter(isContainerId);

/**
 * The part of healing that `run` can afford: when markers are left but no keeper lives, somebody was killed, and only then is
 * there anything to look at.
 */
export const healIfNobodyLives = (paths: Paths, host: Host): void => {
  if (markedIds(paths).length > 0 && !keeperIsAlive(paths)) heal(paths, host);
};

/** Makes the record say that this process is about to start the container. */
export const writeCreated = (directory: string): void => writeFileAtomic(join(directory, 'state.json'), JSON.stringify(createdState(ownIdentity())));
