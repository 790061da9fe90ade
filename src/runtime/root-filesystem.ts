/** The container's root file system: which directories are joined, by which driver, and as whose files appear. */
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { defaultMap, keepIdMap, shiftBetween } from '../core/id-maps.ts';
import { need } from '../core/invalid.ts';
import { storageDriver } from '../storage/probe.ts';
import { wantedDriver } from '../storage/wanted.ts';
import { containerIds } from '../system/helper.ts';
import type { IdMapping } from '../core/id-maps.ts';
import type { DriverChoice, Wanted } from '../storage/choose.ts';
import type { OverlayMount } from '../storage/driver.ts';
import type { Host } from '../system/host.ts';
import type { RunFlags } from './run-flags.ts';
import type { SkiffSpec } from './spec-types.ts';
import type { Surroundings } from './surroundings.ts';

/** What the kernel's overlay will not do for a user. */
export interface RootfsNeeds {
  /** Other file systems are mounted below the directory of --rootfs. */
  readonly hasMounts: boolean;
  /** That directory belongs to somebody for whom the user's namespace has no id, as `/` does. */
  readonly isForeign: boolean;
  /** An image's files must appear under other ids than on disk. */
  readonly isShifted: boolean;
}

/** What is asked of the root file system: by the flags of `run`, or by a container that was made with them. */
type RootfsFlags = Pick<RunFlags, 'rootfs' | 'userns' | 'mountedImages'>;

/** The directory of --rootfs as mount points are written: absolute, without links. The empty string when there is none to look at. */
const realRootfs = (flags: RootfsFlags): string => {
  try {
    return flags.rootfs === undefined ? '' : realpathSync(flags.rootfs);
  } catch {
    return '';
  }
};

/** Whether something is mounted below the directory of --rootfs, proc_pid_mountinfo(5). */
const hasMountsBelow = (flags: RootfsFlags): boolean => {
  const root = realRootfs(flags);
  if (root === '') return false;
  const below = root === '/' ? '/' : `${root}/`;
  const points = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').map((line) => line.split(' ')[4] ?? '');
  return points.some((point) => point.length > below.length && point.startsWith(below));
};

/**
 * Whether an image's files must appear under other ids than on disk. A directory given with --rootfs shows its files as they are, and
 * where the caller's id is the only one, every file has it already.
 */
const isShifted = (host: Host, flags: RootfsFlags): boolean =>
  host.idMap.mode === 'ranges' && (flags.rootfs === undefined || flags.mountedImages !== undefined) && (flags.userns ?? '').startsWith('keep-id');

/** Whether the directory's owner has no id in the user's namespace. */
const isForeign = (host: Host, flags: RootfsFlags): boolean => {
  const root = realRootfs(flags);
  if (root === '') return false;
  const owner = statSync(root).uid;
  return !containerIds(host.idMap).uids.some(({ hostId, size }) => owner >= hostId && owner < hostId + size);
};

/** Looks at what --rootfs and --userns ask for; nothing is read without them. */
export const rootfsNeeds = (host: Host, flags: RootfsFlags): RootfsNeeds => ({
  hasMounts: hasMountsBelow(flags),
  isForeign: isForeign(host, flags),
  isShifted: isShifted(host, flags),
});

/**
 * The driver for this command: flag, environment, settings, probe. Where the kernel's overlay will not do, `auto` is fuse-overlayfs; a pinned
 * driver stays what it is, and refuses. Throws SkiffFailure.
 */
export const chooseStorage = async ({ paths, host, env, storageDriver: flag }: Surroundings, needs: RootfsNeeds): Promise<DriverChoice> => {
  const asked = need(await wantedDriver(paths, env, flag)());
  const special = needs.hasMounts || needs.isForeign || needs.isShifted;
  const wanted: Wanted = asked.driver === 'auto' && special ? { driver: 'fuse-overlayfs', source: 'this container' } : asked;
  return need(await storageDriver(paths, host, env, wanted)());
};

/** How the container's ids map to those of the keeper's namespace, which are the host's. */
export const mapsOf = (host: Host, { userns }: SkiffSpec): { readonly uids: readonly IdMapping[]; readonly gids: readonly IdMapping[] } => {
  const { uids, gids } = containerIds(host.idMap);
  return userns.mode === 'default'
    ? { uids: defaultMap(uids), gids: defaultMap(gids) }
    : { uids: keepIdMap(uids, userns.uid), gids: keepIdMap(gids, userns.gid) };
};

/** As whose the files of an image appear in the container. */
export const imageShift = (host: Host, skiff: SkiffSpec): Pick<OverlayMount, 'shift'> => {
  if (host.idMap.mode === 'single' || skiff.userns.mode === 'default') return {};
  const { uids, gids } = containerIds(host.idMap);
  const shown = mapsOf(host, skiff);
  return { shift: { uids: shiftBetween(defaultMap(uids), shown.uids), gids: shiftBetween(defaultMap(gids), shown.gids) } };
};

/** Everything in the directory appears as the container's root's: its owner has no id inside, and without one nothing could be changed. */
const squashOf = (host: Host, skiff: SkiffSpec): Pick<OverlayMount, 'squash'> => {
  const { uids, gids } = mapsOf(host, skiff);
  const root = (map: readonly IdMapping[], own: number): number => map.find(({ containerID }) => containerID === 0)?.hostID ?? own;
  return { squash: { uid: root(uids, host.uid), gid: root(gids, host.gid) } };
};

/** A directory given with --rootfs is the only layer; image layers are listed lowest first, mounts take them topmost first. */
export const lowersOf = (skiff: SkiffSpec): readonly string[] => (skiff.rootfs.kind === 'directory' ? [skiff.rootfs.path] : [...skiff.rootfs.layers].reverse());

/** The overlay of a container whose record is in `directory`. */
export const overlayOf = (host: Host, skiff: SkiffSpec, directory: string, needs: RootfsNeeds): OverlayMount => ({
  lowers: lowersOf(skiff),
  upper: join(directory, 'upper'),
  work: join(directory, 'work'),
  target: join(directory, 'merged'),
  volatile: skiff.autoRemove,
  hasMounts: needs.hasMounts,
  ...(needs.isForeign ? squashOf(host, skiff) : {}),
  ...(skiff.rootfs.kind === 'directory' ? {} : imageShift(host, skiff)),
});
