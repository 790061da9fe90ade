/** What a launch plan needs besides the specification, and the plan's file; the same for a first start and for every later one. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../core/errors.ts';
import { mapText } from '../core/id-maps.ts';
import { need } from '../core/invalid.ts';
import { imagePoints } from '../core/mount-points.ts';
import { eventsPath } from '../system/events.ts';
import { withLock, writeFileAtomic } from '../system/files.ts';
import { helperPath, keeperArguments } from '../system/helper.ts';
import { capabilityLimit } from '../system/kernel.ts';
import { isCapabilityName } from './capabilities.ts';
import { prepareLog } from './logs-record.ts';
import { makePlan } from './plan.ts';
import { healthPlan, healthPlanName } from './plan-health.ts';
import { encodePlan } from './plan-records.ts';
import { socketPath } from './container-places.ts';
import { mapsOf, overlayOf } from './root-filesystem.ts';
import { seccompProgram } from './seccomp-cache.ts';
import { onlyIds, singleUidParts, writeSingleUidFiles } from './single-uid.ts';
import { doomedPath } from './trees.ts';
import type { StorageDriver } from '../storage/driver.ts';
import type { Paths } from '../system/paths.ts';
import type { PlanInputs } from './plan.ts';
import type { RootfsNeeds } from './root-filesystem.ts';
import type { ContainerSpec, SkiffSpec } from './spec-types.ts';
import type { Surroundings } from './surroundings.ts';

export type Gathered = Omit<PlanInputs, 'oci' | 'skiff' | 'remove' | 'release' | 'retract' | 'again' | 'outputOnly' | 'volumes'>;

const donorStart = async (paths: Paths, { sharesWith }: SkiffSpec): Promise<string | undefined> =>
  sharesWith === undefined ? undefined : (await import('./records.ts')).findContainer(paths, sharesWith).state.pidStart;

/** Everything of the plan that has to be looked up, before anything is made: its errors leave nothing behind. Throws SkiffFailure. */
export const gather = async (surroundings: Surroundings, spec: ContainerSpec, driver: StorageDriver, needs: RootfsNeeds): Promise<Gathered> => {
  const { paths, host, env } = surroundings;
  const { oci, skiff } = spec;
  const directory = join(paths.containers, skiff.id);
  const maps = mapsOf(host, skiff);
  const { idMap } = host;
  const deps = { cache: paths.cache, helper: () => helperPath(paths, 'skiff-seccomp') };
  const singleUid = idMap.mode === 'single' ? { singleUid: onlyIds(oci) } : {};
  const seccomp = need(await seccompProgram(deps, skiff, oci.process.capabilities.bounding.filter(isCapabilityName), singleUid)());
  const slirp = skiff.network.mode === 'slirp4netns' ? await (await import('../network/slirp.ts')).slirpCommand(paths, env, skiff.network) : undefined;
  const childMap = [mapText(maps.uids), mapText(maps.gids)] as const;
  const networks = skiff.network.mode === 'networks' ? await (await import('./network-holder.ts')).networkParts(surroundings, skiff) : undefined;
  const cgroup = skiff.limits === undefined ? undefined : (await import('./cgroup-records.ts')).cgroupRecords(env, host.uid, skiff, skiff.limits);
  const start = await donorStart(paths, skiff);
  const images = skiff.mountPoints?.some(({ type }) => type === 'image') === true ? (await import('./image-mounts.ts')).imageMountRecords(host, skiff, driver) : undefined;
  const foreign = skiff.runtime === undefined ? undefined : (await import('./foreign.ts')).foreignRecords(env, oci, skiff, directory);
  return {
    directory,
    socket: socketPath(paths, skiff.id),
    events: eventsPath(paths),
    keeper: keeperArguments(paths, host),
    childMap,
    singleUid: idMap.mode === 'single',
    rootfs: need(driver.plan(overlayOf(host, skiff, directory, needs))),
    ...(images === undefined ? {} : { images }),
    seccomp,
    log: await prepareLog(paths, spec),
    ...(slirp === undefined ? {} : { slirp }),
    ...(networks === undefined ? {} : { networks }),
    ...(foreign === undefined ? {} : { foreign }),
    ...(cgroup === undefined ? {} : { cgroup }),
    ...(skiff.init ? { init: join(directory, 'init') } : {}),
    ...(idMap.mode === 'single' ? singleUidParts(oci, directory) : { extraEnvironment: [], extraMounts: [] }),
    ...(start === undefined ? {} : { donorStart: start }),
  };
};

/** The same with more variables for the container's processes, which it does not have by itself. */
export const withVariables = (gathered: Gathered, variables: readonly string[]): Gathered =>
  variables.length === 0 ? gathered : { ...gathered, extraEnvironment: [...variables, ...gathered.extraEnvironment] };

/** Which parts of a plan tell a first start from a later one. */
export type Occasion = Pick<PlanInputs, 'again' | 'outputOnly' | 'volumes'>;

/**
 * Writes the plan into the container's directory, by rename: of a start that runs already, the sandbox reads it. Returns its path.
 * A plan of a first start takes everything away again when it fails; a later one only what it has made, unless the container has --rm.
 */
export const writePlan = (paths: Paths, { oci, skiff }: ContainerSpec, marker: string, gathered: Gathered, occasion: Occasion): string => {
  const { directory, socket } = gathered;
  const stays = occasion.again !== undefined && !skiff.autoRemove;
  const remove = stays ? [] : [[directory, doomedPath(paths, skiff.id)] as const, [join(paths.names, skiff.name)] as const];
  const retract = skiff.cidFile === undefined || occasion.again !== undefined ? [] : [skiff.cidFile];
  const inputs: PlanInputs = { ...gathered, oci, skiff, remove, retract, release: [socket, marker], ...occasion };
  const plan = makePlan(inputs, capabilityLimit());
  const checks = healthPlan(inputs, capabilityLimit());
  const path = join(directory, 'plan');
  if (gathered.singleUid) writeSingleUidFiles(directory);
  if (checks !== undefined) writeFileAtomic(join(directory, healthPlanName), encodePlan(checks), { mode: 0o600 });
  writeFileAtomic(path, encodePlan(plan), { mode: 0o600 });
  return path;
};

/**
 * `run` takes no lock. The record keeps the layers from now on, so one that is missing now was removed before that. Whoever is removing may
 * yet give it back: it looks at the records once more before it lets go of the lock.
 */
export const requireLayers = async (paths: Paths, { rootfs, image, mountPoints }: SkiffSpec, hint: string): Promise<void> => {
  const own = rootfs.kind === 'image' ? [{ reference: image?.reference ?? '', layers: rootfs.layers }] : [];
  const images = [...own, ...imagePoints(mountPoints).map((point) => point.image)];
  const broken = (): string | undefined => images.find(({ layers }) => !layers.every((layer) => existsSync(layer)))?.reference;
  if (broken() === undefined) return;
  await withLock(paths, join(paths.images, '.lock'), 'exclusive', () => Promise.resolve());
  const name = broken();
  if (name !== undefined) fail({ _tag: 'NotFound', kind: 'image', name, hint });
};
