/** `skiff run`: everything is decided and written down, then the helper takes over. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SkiffFailure, fail } from '../core/errors.ts';
import { mapText } from '../core/id-maps.ts';
import { need } from '../core/invalid.ts';
import { capabilityLimit } from '../system/kernel.ts';
import { withLock } from '../system/files.ts';
import { helperPath, keeperArguments } from '../system/helper.ts';
import { createContainer, newId } from './create.ts';
import { discard, doomedPath, healIfNobodyLives } from './heal.ts';
import { makeHostView } from './host-view.ts';
import { makePlan } from './plan.ts';
import { encodePlan } from './plan-records.ts';
import { findContainer, socketPath } from './records.ts';
import { isCapabilityName } from './capabilities.ts';
import { seccompProgram } from './seccomp-cache.ts';
import { chooseStorage, mapsOf, overlayOf, rootfsNeeds } from './root-filesystem.ts';
import { makeSpec } from './spec.ts';
import { onlyIds, singleUidParts, writeSingleUidFiles } from './single-uid.ts';
import type { DriverChoice } from '../storage/choose.ts';
import type { Paths } from '../system/paths.ts';
import type { Created } from './create.ts';
import type { Launch, Surroundings } from './surroundings.ts';
import type { PlanInputs } from './plan.ts';
import type { RootfsNeeds } from './root-filesystem.ts';
import type { RunFlags } from './run-flags.ts';
import type { ContainerSpec, ImageConfigView, SkiffSpec } from './spec-types.ts';

const find = (paths: Paths) => (word: string) => {
  try {
    return findContainer(paths, word);
  } catch (error) {
    if (error instanceof SkiffFailure && error.error._tag === 'NotFound') return undefined;
    throw error;
  }
};

const donorStart = (paths: Paths, skiff: SkiffSpec): string | undefined => (skiff.sharesWith === undefined ? undefined : findContainer(paths, skiff.sharesWith).state.pidStart);

/** Everything of the plan that has to be looked up, before anything is made: its errors leave nothing behind. */
const gather = async (surroundings: Surroundings, spec: ContainerSpec, choice: DriverChoice, needs: RootfsNeeds): Promise<Omit<PlanInputs, 'oci' | 'skiff' | 'remove' | 'release' | 'retract'>> => {
  const { paths, host, env } = surroundings;
  const { oci, skiff } = spec;
  const directory = join(paths.containers, skiff.id);
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
    rootfs: need(choice.driver.plan(overlayOf(host, skiff, directory, needs))),
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
 * `run` takes no lock. The record keeps the layers from now on, so one that is missing now was removed before that. Whoever is removing may
 * yet give it back: it looks at the records once more before it lets go of the lock.
 */
const requireLayers = async (paths: Paths, { skiff: { rootfs } }: ContainerSpec, image: string | undefined): Promise<void> => {
  const isWhole = (): boolean => rootfs.kind !== 'image' || rootfs.layers.every((layer) => existsSync(layer));
  if (isWhole()) return;
  await withLock(paths, join(paths.images, '.lock'), 'exclusive', () => Promise.resolve());
  if (!isWhole()) fail({ _tag: 'NotFound', kind: 'image', name: image ?? '', hint: 'it has just been removed' });
};

/**
 * Makes the record of a new container and says how to start it. Throws SkiffFailure, leaving nothing behind. From here on the
 * helper answers for what was made: the process that gets the result must become it.
 */
export const prepareRun = async (surroundings: Surroundings, image: ImageConfigView | undefined, flags: RunFlags): Promise<Launch> => {
  const { paths, host, env } = surroundings;
  healIfNobodyLives(paths, host);
  const needs = rootfsNeeds(host, flags);
  const choice = await chooseStorage(surroundings, needs);
  const id = newId();
  const view = makeHostView({ paths, host, env, storageDriver: choice.driver.name, id, find: find(paths) });
  const spec = need(makeSpec(image, flags, view, id));
  const gathered = await gather(surroundings, spec, choice, needs);
  const created = createContainer(paths, host, spec, flags.name !== undefined && flags.name !== '');
  try {
    await requireLayers(paths, spec, image?.reference);
    return { program: helperPath(paths, 'skiff-helper'), args: ['launch', writePlan(paths, created, gathered)], warnings: spec.warnings };
  } catch (error) {
    discard(paths, host, [id]);
    throw error;
  }
};
