/** Making a container's record: its name, its directory and the files in it. */
import { chmodSync, copyFileSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { explainErrno, fail } from '../core/errors.ts';
import { generateName, shortId } from '../core/names.ts';
import { encodeOciSpec } from '../core/oci-runtime.ts';
import { writeFileAtomic } from '../system/files.ts';
import { helperPath } from '../system/helper.ts';
import { noteHostName } from '../system/other-hosts.ts';
import { makeAll } from '../system/paths.ts';
import { ownIdentity } from '../system/process-identity.ts';
import { tell } from './container-events.ts';
import { writeMarker } from './markers.ts';
import { createdState, waitingState } from './container-state.ts';
import { withName } from './spec.ts';
import { makingPath } from './trees.ts';
import type { ContainerSpec } from './spec-types.ts';
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';

const tryName = (paths: Paths, name: string, id: string): boolean => {
  try {
    symlinkSync(`../containers/${id}`, join(paths.names, name));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
};

/** Takes `name` for `id`: the symbolic link is made or it is not, so of two commands one wins. A name left by a dead one is freed first. */
const claimName = async (paths: Paths, host: Host, name: string, id: string): Promise<void> => {
  if (tryName(paths, name, id)) return;
  (await import('./heal.ts')).heal(paths, host);
  if (tryName(paths, name, id)) return;
  const holder = (await import('./records.ts')).idOfName(paths, name);
  fail({
    _tag: 'Conflict',
    message: `the container name "${name}" is already in use by container ${holder === undefined ? 'another one' : shortId(holder)}`,
    hint: `remove it with 'skiff rm ${name}', or choose another name`,
  });
};

const claimAnyName = (paths: Paths, wanted: string, id: string): string => {
  for (let tries = 0, name = wanted; ; name = generateName(Math.random, ++tries)) if (tryName(paths, name, id)) return name;
};

/** The config.json of a container for another OCI runtime is completed at each start, from this. */
export const pristineConfig = 'config-made.json';

/** The profile of --security-opt seccomp=FILE as it was: later starts do not depend on the file. */
export const seccompCopy = 'seccomp.json';

/** The small files that are bound over the image's own, and the tree's directories. */
const fillDirectory = (paths: Paths, directory: string, { oci, skiff }: ContainerSpec): void => {
  for (const name of ['upper', 'work', 'merged']) mkdirSync(join(directory, name), { mode: 0o755 });
  // Owned by others inside: the mode is what a container's root directory has, whatever our umask is.
  chmodSync(join(directory, 'upper'), 0o755);
  writeFileSync(join(directory, 'hostname'), skiff.etc.hostname);
  writeFileSync(join(directory, 'hosts'), skiff.etc.hosts);
  writeFileSync(join(directory, 'resolv.conf'), skiff.etc.resolvConf);
  for (const name of ['hostname', 'hosts', 'resolv.conf']) chmodSync(join(directory, name), 0o644);
  writeFileSync(join(directory, 'config.json'), encodeOciSpec(oci), { mode: 0o600 });
  writeFileSync(join(directory, 'spec.json'), JSON.stringify(skiff), { mode: 0o600 });
  if (skiff.runtime !== undefined) writeFileSync(join(directory, pristineConfig), encodeOciSpec(oci), { mode: 0o600 });
  if (skiff.seccomp.kind === 'file') copyFileSync(skiff.seccomp.path, join(directory, seccompCopy));
  if (skiff.init) copyInit(paths, directory);
};

/**
 * A copy of its own for a container with --init, because one with the right to remount could write to what is bound into it; the
 * program that all others run from stays out of reach.
 */
const copyInit = (paths: Paths, directory: string): void => {
  copyFileSync(helperPath(paths, 'skiff-helper'), join(directory, 'init'));
  chmodSync(join(directory, 'init'), 0o555);
};

/** The first state of a new record: this process is about to start the container, or it waits for `skiff start`. */
const writeCreated = (directory: string, toStart: boolean): void =>
  writeFileAtomic(join(directory, 'state.json'), JSON.stringify(toStart ? createdState(ownIdentity()) : waitingState()));

/** Makes the missing sources of bind mounts. Idempotent. Throws System in Docker's words. */
export const makeSources = (paths: readonly string[]): void => {
  for (const path of paths) {
    try {
      makeAll(path, 0o777);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      fail({ _tag: 'System', operation: 'create the mount source path', subject: path, reason: explainErrno(code ?? 'failed'), hint: 'make it, or have it made, before' });
    }
  }
};

export interface Wishes {
  /** The name is the user's own, and none but this will do. */
  readonly named: boolean;
  /** This process is about to start it; otherwise it waits for `skiff start`. */
  readonly toStart: boolean;
}

export interface Created {
  readonly spec: ContainerSpec;
  readonly directory: string;
  readonly marker: string;
}

/**
 * Makes the record of a new container under a name of its own. On failure nothing is left. Not synced to disk: a container that
 * a power cut ends is worth nothing (DESIGN.md section 4), unless its policy brings it back (durable-record.ts). Throws Conflict when the name is taken, errno errors otherwise.
 */
export const createContainer = async (paths: Paths, host: Host, spec: ContainerSpec, { named: nameWasGiven, toStart }: Wishes): Promise<Created> => {
  const { id } = spec.skiff;
  const marker = writeMarker(paths, id);
  try {
    noteHostName(paths);
    if (nameWasGiven) await claimName(paths, host, spec.skiff.name, id);
    const named = nameWasGiven ? spec : withName(spec, claimAnyName(paths, spec.skiff.name, id));
    const making = makingPath(paths, id);
    mkdirSync(making, { mode: 0o700 });
    writeCreated(making, toStart);
    fillDirectory(paths, making, named);
    const directory = join(paths.containers, id);
    renameSync(making, directory);
    tell(paths, named.skiff, 'create');
    makeSources(spec.skiff.createDirectories);
    if (spec.skiff.cidFile !== undefined) writeCidFile(spec.skiff.cidFile, id);
    return { spec: named, directory, marker };
  } catch (error) {
    await discardQuietly(paths, host, id);
    throw error;
  }
};

/** What failed is what the user hears; a disk that is full now may also refuse the clearing up, which the next command does. */
const discardQuietly = async (paths: Paths, host: Host, id: string): Promise<void> => {
  try {
    (await import('./heal.ts')).discard(paths, host, [id]);
  } catch {
    // Left to `heal`.
  }
};

const writeCidFile = (path: string, id: string): void => {
  try {
    writeFileSync(path, id, { flag: 'wx', mode: 0o644 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    fail({ _tag: 'System', operation: 'write the container id file', subject: path, reason: code ?? 'failed' });
  }
};
