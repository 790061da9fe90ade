/** `skiff run`: everything is decided and written down, then the helper takes over. */
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SkiffFailure } from '../core/errors.ts';
import { need } from '../core/invalid.ts';
import { capabilityLimit } from '../system/kernel.ts';
import { defaultMap, keepIdMap, shiftBetween } from '../core/id-maps.ts';
import { containerIds, helperPath, keeperArguments } from '../system/helper.ts';
import { storageDriver } from '../storage/probe.ts';
import { parseWantedDriver } from '../storage/choose.ts';
import { createContainer, newId } from './create.ts';
import { discard, doomedPath, healIfNobodyLives } from './heal.ts';
import { makeHostView } from './host-view.ts';
import { makePlan } from './plan.ts';
import { encodePlan } from './plan-records.ts';
import { findContainer, socketPath } from './records.ts';
import { isCapabilityName } from './capabilities.ts';
import { seccompProgram } from './seccomp-cache.ts';
import { makeSpec } from './spec.ts';
import { onlyIds, singleUidParts, writeSingleUidFiles } from './single-uid.ts';
import type { DriverChoice } from '../storage/choose.ts';
import type { IdMapping } from '../core/id-maps.ts';
import type { OverlayMount } from '../storage/driver.ts';
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';
import type { Created } from './create.ts';
import type { Launch, Surroundings } from './surroundings.ts';
import type { PlanInputs } from './plan.ts';
import type { RunFlags } from './run-flags.ts';
import type { ContainerSpec, ImageConfigView, SkiffSpec } from './spec-types.ts';

/**
 * The driver for this command: flag, environment, probe. Where `special` says that the kernel's overlay will not do, `auto` is
 * fuse-overlayfs; a pinned driver stays what it is, and refuses.
 */
const chooseStorage = async ({ paths, host, env, storageDriver: flag }: Surroundings, special: boolean): Promise<DriverChoice> => {
  const wanted = need(
    flag === undefined ? parseWantedDriver(env['SKIFF_STORAGE_DRIVER'], 'SKIFF_STORAGE_DRIVER') : parseWantedDriver(flag, '--storage-driver'),
  );
  return need(await storageDriver(paths, host, env, wanted === 'auto' && special ? 'fuse-overlayfs' : wanted)());
};

/** The directory of --rootfs as mount points are written: absolute, without links. The empty string when there is none to look at. */
const realRootfs = (flags: RunFlags): string => {
  try {
    return flags.rootfs === undefined ? '' : realpathSync(flags.rootfs);
  } catch {
    return '';
  }
};

/** Whether something is mounted below the directory of --rootfs, proc_pid_mountinfo(5). */
const hasMountsBelow = (flags: RunFlags): boolean => {
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
const isShifted = (host: Host, flags: RunFlags): boolean =>
  host.idMap.mode === 'ranges' && flags.rootfs === undefined && (flags.userns ?? '').startsWith('keep-id');

const find = (paths: Paths) => (word: string) => {
  try {
    return findContainer(paths, word);
  } catch (error) {
    if (error instanceof SkiffFailure && error.error._tag === 'NotFound') return undefined;
    throw error;
  }
};

/** A directory given with --rootfs is the only layer; image layers are listed lowest first, mounts take them topmost first. */
const lowersOf = (skiff: SkiffSpec): readonly string[] => (skiff.rootfs.kind === 'directory' ? [skiff.rootfs.path] : [...skiff.rootfs.layers].reverse());

const donorStart = (paths: Paths, skiff: SkiffSpec): string | undefined => (skiff.sharesWith === undefined ? undefined : findContainer(paths, skiff.sharesWith).state.pidStart);

const mapsOf = (host: Host, { userns }: SkiffSpec): { readonly uids: readonly IdMapping[]; readonly gids: readonly IdMapping[] } => {
  const { uids, gids } = containerIds(host.idMap);
  return userns.mode === 'default'
    ? { uids: defaultMap(uids), gids: defaultMap(gids) }
    : { uids: keepIdMap(uids, userns.uid), gids: keepIdMap(gids, userns.gid) };
};

/** The kernel's text form of a map, user_namespaces(7). */
const mapText = (map: readonly IdMapping[]): string => map.map(({ containerID, hostID, size }) => `${containerID} ${hostID} ${size}\n`).join('');

const shiftOf = (host: Host, skiff: SkiffSpec): Pick<OverlayMount, 'shift'> => {
  if (host.idMap.mode === 'single' || skiff.userns.mode === 'default' || skiff.rootfs.kind === 'directory') return {};
  const { uids, gids } = containerIds(host.idMap);
  const shown = mapsOf(host, skiff);
  return { shift: { uids: shiftBetween(defaultMap(uids), shown.uids), gids: shiftBetween(defaultMap(gids), shown.gids) } };
};

/** Everything of the plan that has to be looked up, before anything is made: its errors leave nothing behind. */
const gather = async (surroundings: Surroundings, spec: ContainerSpec, choice: DriverChoice, hasMounts: boolean): Promise<Omit<PlanInputs, 'oci' | 'skiff' | 'remove' | 'release' | 'retract'>> => {
  const { paths, host, env } = surroundings;
  const { oci, skiff } = spec;
  const directory = join(paths.containers, skiff.id);
  const places = { upper: join(directory, 'upper'), work: join(directory, 'work'), target: join(directory, 'merged') };
  const mount = { lowers: lowersOf(skiff), ...places, volatile: skiff.autoRemove, hasMounts, ...shiftOf(host, skiff) };
  const maps = mapsOf(host, skiff);
  const { idMap } = host;
  const deps = { cache: paths.cache, helper: () => helperPath(paths, 'skiff-seccomp') };
  const singleUid = idMap.mode === 'single' ? { singleUid: onlyIds(oci) } : {};
  const seccomp = need(await seccompProgram(deps, skiff, oci.process.capabilities.bounding.filter(isCapabilityName), singleUid)());
  const slirp = skiff.network.mode === 'slirp4netns' ? await (await import('../network/slirp.ts')).slirpCommand(paths, env, skiff.network) : undefined;
  const start = donorStart(paths, skiff);
  const foreign = skiff.runtime === undefined ? undefined : (await import('./foreign.ts')).foreignRecords(env, oci, skiff, directory);
  return {
    directory,
    socket: socketPath(paths, skiff.id),
    keeper: keeperArguments(paths, host),
    childMap: [mapText(maps.uids), mapText(maps.gids)],
    singleUid: idMap.mode === 'single',
    rootfs: need(choice.driver.plan(mount)),
    seccomp,
    ...(slirp === undefined ? {} : { slirp }),
    ...(foreign === undefined ? {} : { foreign }),
    ...(skiff.init ? { init: join(directory, 'init') } : {}),
    ...(idMap.mode === 'single' ? singleUidParts(oci, directory) : { extraEnvironment: [], extraMounts: [] }),
    ...(start === undefined ? {} : { donorStart: start }),
  };
};

const writePlan = (paths: Paths, created: Created, gathered: Awaited<ReturnType<typeof gather>>): string => {
  const { directory, marker, spec } = created;
  const { oci, skiff } = spec;
  const remove = [[directory, doomedPath(paths, skiff.id)], [join(paths.names, skiff.name)]] as const;
  const retract = skiff.cidFile === undefined ? [] : [skiff.cidFile];
  const plan = makePlan({ ...gathered, oci, skiff, remove, retract, release: [gathered.socket, marker] }, capabilityLimit());
  const path = join(directory, 'plan');
  if (gathered.singleUid) writeSingleUidFiles(directory);
  writeFileSync(path, encodePlan(plan), { mode: 0o600 });
  return path;
};

/**
 * Makes the record of a new container and says how to start it. Throws SkiffFailure, leaving nothing behind. From here on the
 * helper answers for what was made: the process that gets the result must become it.
 */
export const prepareRun = async (surroundings: Surroundings, image: ImageConfigView | undefined, flags: RunFlags): Promise<Launch> => {
  const { paths, host, env } = surroundings;
  healIfNobodyLives(paths, host);
  const hasMounts = hasMountsBelow(flags);
  const choice = await chooseStorage(surroundings, hasMounts || isShifted(host, flags));
  const id = newId();
  const view = makeHostView({ paths, host, env, storageDriver: choice.driver.name, id, find: find(paths) });
  const spec = need(makeSpec(image, flags, view, id));
  const gathered = await gather(surroundings, spec, choice, hasMounts);
  const created = createContainer(paths, host, spec, flags.name !== undefined && flags.name !== '');
  try {
    return { program: helperPath(paths, 'skiff-helper'), args: ['launch', writePlan(paths, created, gathered)], warnings: spec.warnings };
  } catch (error) {
    discard(paths, host, [id]);
    throw error;
  }
};
