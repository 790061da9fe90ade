/**
 * The volumes on disk: a directory each, made whole under another name and renamed. Whoever gives a name or takes one away holds the lock, so that one
 * that is taken away for a look at its users can be given back.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fail, SkiffFailure } from '../core/errors.ts';
import { syncDirectory, withLock, writeFileAtomic } from '../system/files.ts';
import { helperPath, inUserNamespace } from '../system/helper.ts';
import { isAlive, ownIdentity } from '../system/process-identity.ts';
import { decodeVolume, encodeVolume } from './codec.ts';
import { isVolumeName } from '../core/volume-name.ts';
import { makingPrefix, recordPath, removingPrefix, volumeDirectory, volumesDirectory, volumesLock } from './places.ts';
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';
import type { Volume } from './types.ts';

const unless = <A>(codes: readonly string[], body: () => A): A | undefined => {
  try {
    return body();
  } catch (error) {
    if (!codes.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return undefined;
  }
};

/** Whether there is a volume of that name, readable or not. One system call. */
export const hasVolume = (paths: Paths, name: string): boolean => isVolumeName(name) && existsSync(volumeDirectory(paths, name));

/** The volume called `name`; undefined where there is none. Throws Corrupt. */
export const readVolume = (paths: Paths, name: string): Volume | undefined => {
  if (!isVolumeName(name)) return undefined;
  const path = recordPath(paths, name);
  const text = unless(['ENOENT', 'ENOTDIR'], () => readFileSync(path, 'utf8'));
  if (text !== undefined) return decodeVolume(text, path, name);
  if (!hasVolume(paths, name)) return undefined;
  return fail({ _tag: 'Corrupt', subject: volumeDirectory(paths, name), reason: 'it has no volume.json', hint: 'what the volume holds is in _data there' });
};

/** `readVolume`; throws NotFound where there is none. */
export const requireVolume = (paths: Paths, name: string): Volume => readVolume(paths, name) ?? fail({ _tag: 'NotFound', kind: 'volume', name });

export interface Volumes {
  /** By name. */
  readonly volumes: readonly Volume[];
  /** One for each record that could not be read; it takes no other down with it. */
  readonly warnings: readonly SkiffFailure[];
}

const entries = (paths: Paths): readonly string[] => unless(['ENOENT'], () => readdirSync(volumesDirectory(paths))) ?? [];

/** Every volume whose record decodes. One that vanishes meanwhile is left out. */
export const listVolumes = (paths: Paths): Volumes => {
  const volumes: Volume[] = [];
  const warnings: SkiffFailure[] = [];
  for (const name of entries(paths).filter(isVolumeName)) {
    try {
      const volume = readVolume(paths, name);
      if (volume !== undefined) volumes.push(volume);
    } catch (error) {
      if (!(error instanceof SkiffFailure)) throw error;
      warnings.push(error);
    }
  }
  return { volumes: volumes.sort((a, b) => (a.name < b.name ? -1 : 1)), warnings };
};

/** Runs `body` while nobody else gives a volume a name or takes one away. Takes a few milliseconds; never hold it for longer. */
export const whileChanging = async <A>(paths: Paths, body: () => A): Promise<A> => {
  mkdirSync(volumesDirectory(paths), { recursive: true, mode: 0o700 });
  return await withLock(paths, volumesLock(paths), 'exclusive', async () => body());
};

let serial = 0;

/** Makes a volume with an empty `_data` under a name that is none; returns where. Whoever calls publishes it, or deletes it. */
export const prepareVolume = (paths: Paths, volume: Volume, durable: boolean): string => {
  const { pid, start } = ownIdentity();
  const making = join(volumesDirectory(paths), `${makingPrefix}${pid}-${start}-${serial++}`);
  mkdirSync(join(making, '_data'), { recursive: true, mode: 0o700 });
  // What a container's root directory has, whatever our umask is.
  chmodSync(join(making, '_data'), 0o755);
  writeFileAtomic(join(making, 'volume.json'), encodeVolume(volume), { durable });
  return making;
};

/** Gives what was prepared its name, whole or not at all; whether it did: false where the name is taken. Only inside `whileChanging`, for a name that others may give too. */
export const publishVolume = (paths: Paths, making: string, name: string, durable: boolean): boolean => {
  // A directory that is not empty is never replaced: rename(2).
  const done = unless(['EEXIST', 'ENOTEMPTY'], () => (renameSync(making, volumeDirectory(paths, name)), true)) ?? false;
  if (done && durable) syncDirectory(volumesDirectory(paths));
  return done;
};

/** Both in one, for an empty volume. With `durable` it survives a power cut. */
export const addVolume = (paths: Paths, volume: Volume, durable: boolean): boolean => {
  const making = prepareVolume(paths, volume, durable);
  try {
    return publishVolume(paths, making, volume.name, durable);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
};

/** Writes a volume's record anew, durably: `volume update`. Only inside `whileChanging`. */
export const replaceVolume = (paths: Paths, volume: Volume): void => writeFileAtomic(recordPath(paths, volume.name), encodeVolume(volume), { durable: true });

/** Takes a volume's name away, and returns where it is now: for a last look at its users. Undefined where it is not there. Only inside `whileChanging`. */
export const takeAway = (paths: Paths, name: string): string | undefined => {
  const { pid, start } = ownIdentity();
  const taken = join(volumesDirectory(paths), `${removingPrefix}${pid}-${start}-${serial++}`);
  return unless(['ENOENT'], () => (renameSync(volumeDirectory(paths, name), taken), taken));
};

/** Gives a volume that was taken away its name back. Inside the same `whileChanging`. */
export const giveBack = (paths: Paths, taken: string, name: string): void => renameSync(taken, volumeDirectory(paths, name));

/** Removes trees that were taken away, as root of the user's namespace: their files belong to other uids. Throws System with the helper's words. */
export const deleteTrees = (paths: Paths, host: Host, trees: readonly string[]): void => {
  if (trees.length === 0) return;
  const [program = '', ...args] = inUserNamespace(paths, host, [helperPath(paths, 'skiff-helper'), 'rm', ...trees]);
  const { status, stderr, error } = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  if (error !== undefined) throw error;
  if (status !== 0) fail({ _tag: 'System', operation: 'remove', subject: trees[0] ?? '', reason: stderr.trim().replace(/^skiff: (cannot remove \S+: )?/, '') });
};

const ownerOf = (name: string, prefix: string): { readonly pid: number; readonly start: string } | undefined => {
  const [, pid, start] = name.startsWith(prefix) ? (/^(\d+)-(\d+)-/.exec(name.slice(prefix.length)) ?? []) : [];
  return pid === undefined || start === undefined ? undefined : { pid: Number(pid), start };
};

/** Names, in the directory of volumes, of what killed commands have left there. */
export const abandonedVolumes = (paths: Paths): readonly string[] =>
  entries(paths).filter((name) => [makingPrefix, removingPrefix].some((prefix) => {
    const owner = ownerOf(name, prefix);
    return owner !== undefined && !isAlive(owner);
  }));

/**
 * Puts right what killed commands have left: a half-made volume is removed; one that was taken away and not yet deleted goes back when `isNamed` says that a
 * container names it, and is removed otherwise. Directories of living processes stay. Costs one listing where nothing is left.
 */
export const sweepVolumes = async (paths: Paths, host: Host, isNamed: (name: string) => boolean): Promise<void> => {
  const left = abandonedVolumes(paths);
  if (left.length === 0) return;
  const doomed = await whileChanging(paths, () => left.flatMap((entry): string[] => (restored(paths, entry, isNamed) ? [] : [join(volumesDirectory(paths), entry)])));
  deleteTrees(paths, host, doomed.filter((path) => existsSync(path)));
};

/** Whether a volume that was taken away has its name again. */
const restored = (paths: Paths, entry: string, isNamed: (name: string) => boolean): boolean => {
  const taken = join(volumesDirectory(paths), entry);
  const name = entry.startsWith(removingPrefix) ? nameIn(taken) : undefined;
  if (name === undefined || !isNamed(name) || hasVolume(paths, name)) return false;
  giveBack(paths, taken, name);
  return true;
};

const nameIn = (directory: string): string | undefined => {
  try {
    const { name } = JSON.parse(readFileSync(join(directory, 'volume.json'), 'utf8')) as { name?: unknown };
    return typeof name === 'string' && isVolumeName(name) && existsSync(join(directory, '_data')) ? name : undefined;
  } catch {
    return undefined;
  }
};
