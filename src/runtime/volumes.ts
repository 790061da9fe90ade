/** A container's volumes, from the command that makes or starts it: those that are missing are made, and what the helpers do with them is written down. */
import { join } from 'node:path';
import { fail } from '../core/errors.ts';
import { volumePoints } from '../core/mount-points.ts';
import { createVolume } from '../volumes/create.ts';
import { volumeDriver } from '../volumes/drivers/choose.ts';
import { dataDirectory, volumeDirectory, volumesDirectory } from '../volumes/places.ts';
import { removeVolumes } from '../volumes/remove.ts';
import { hasVolume, readVolume, requireVolume } from '../volumes/store.ts';
import type { MountPoint } from '../core/mount-points.ts';
import type { Paths } from '../system/paths.ts';
import type { VolumeAccess } from '../volumes/driver.ts';
import type { PlanRecord } from '../core/plan-record.ts';
import type { ContainerSpec, SkiffSpec } from './spec-types.ts';
import type { Surroundings } from './surroundings.ts';

type VolumePoint = MountPoint & { readonly name: string };

/** Makes the volume of a mount point if it is missing; one that was taken over from another container is not ours to make. Returns its driver. */
const makeOne = async (surroundings: Surroundings, { autoRemove }: SkiffSpec, { name, make, anonymous = false }: VolumePoint): Promise<string> => {
  if (make === undefined) return requireVolume(surroundings.paths, name).driver;
  const { volume } = await createVolume(surroundings, { name, ...make, anonymous, fleeting: anonymous && autoRemove });
  return volume.driver;
};

/**
 * Makes what is missing of the volumes that a new container names, and notes the driver of each. On failure those that were made for it alone are gone again.
 * Throws Conflict where a volume of that name has another driver, NotFound for one that was to be taken over.
 */
export const makeVolumes = async (surroundings: Surroundings, spec: ContainerSpec): Promise<ContainerSpec> => {
  const drivers = new Map<string, string>();
  try {
    for (const point of volumePoints(spec.skiff.mountPoints)) drivers.set(point.name, await makeOne(surroundings, spec.skiff, point));
  } catch (error) {
    await dropVolumes(surroundings, spec.skiff);
    throw error;
  }
  const mountPoints = (spec.skiff.mountPoints ?? []).map((point) => (point.type === 'volume' ? { ...point, driver: drivers.get(point.name ?? '') ?? 'local' } : point));
  return { ...spec, skiff: { ...spec.skiff, mountPoints } };
};

/** Removes the volumes that were made for a container which has not come to be. What cannot be removed is left to `volume prune`. */
export const dropVolumes = async (surroundings: Surroundings, { mountPoints }: SkiffSpec): Promise<void> => {
  await removeVolumes(surroundings, volumePoints(mountPoints).filter(({ anonymous }) => anonymous === true).map(({ name }) => name), true);
};

/**
 * The container's record names its volumes from now on, so that nobody removes them; what somebody has removed before that is made anew. For a container that was
 * made before, one that is missing is an error: what it held is gone.
 */
export const keepVolumes = async (surroundings: Surroundings, skiff: SkiffSpec, isNew: boolean): Promise<void> => {
  for (const point of volumePoints(skiff.mountPoints)) {
    if (hasVolume(surroundings.paths, point.name)) continue;
    if (isNew) await makeOne(surroundings, skiff, point);
    else fail({ _tag: 'NotFound', kind: 'volume', name: point.name, hint: `make it with 'skiff volume create ${point.name}', and put back what it held` });
  }
};

/** Letters of the record: fill it, durably, the data are in the volume's own directory, bind the source, which is read-only. */
const howOf = (point: VolumePoint, access: VolumeAccess, isOwn: boolean, isFirst: boolean): string => {
  const bound = access.kind === 'directory' && !isOwn;
  const readOnly = access.kind === 'directory' && access.readOnly === true;
  const letters = [point.copy === true && !readOnly && 'f', point.anonymous !== true && 'd', isOwn && 'o', bound && isFirst && 'b', bound && readOnly && 'r'];
  return letters.filter((letter) => letter !== false).join('');
};

const dataRecord = (paths: Paths, point: VolumePoint, access: VolumeAccess, isFirst: boolean): PlanRecord => {
  const data = dataDirectory(paths, point.name);
  const source = access.kind === 'directory' ? access.path : '';
  const how = howOf(point, access, source === data, isFirst);
  return ['volume-data', point.name, volumeDirectory(paths, point.name), data, source === data ? '' : source, point.destination, how, point.subpath ?? '', point.stage ?? ''];
};

const members = (attributes: Readonly<Record<string, string>>): string => JSON.stringify(attributes).slice(1, -1);

const eventRecord = (id: string, { name, driver = 'local', destination, readOnly, propagation }: VolumePoint): PlanRecord => [
  'volume-event',
  name,
  members({ container: id, destination, driver, propagation, 'read/write': String(!readOnly) }),
  members({ container: id, driver }),
];

const removeRecord = ({ root }: Paths, volumes: string, { name, driver = 'local' }: VolumePoint): PlanRecord => ['volume-remove', volumes, name, join(root, 'hosts'), members({ driver })];

/**
 * Records of the launch plan for the container's volumes. From here on drivers may count the container among a volume's users. Throws what a driver finds
 * to be impossible.
 */
export const volumeRecords = async (surroundings: Surroundings, skiff: SkiffSpec): Promise<readonly PlanRecord[]> => {
  const accesses = new Map<string, VolumeAccess>();
  try {
    for (const { name } of volumePoints(skiff.mountPoints)) if (!accesses.has(name)) accesses.set(name, await useVolume(surroundings, name, skiff.id));
  } catch (error) {
    await releaseVolumes(surroundings, skiff);
    throw error;
  }
  return recordsOf(surroundings.paths, skiff, accesses);
};

const useVolume = async (surroundings: Surroundings, name: string, container: string): Promise<VolumeAccess> => {
  const volume = requireVolume(surroundings.paths, name);
  return await (await volumeDriver(volume.driver)).use(surroundings, volume, container);
};

const releaseOne = async (surroundings: Surroundings, name: string, container: string): Promise<void> => {
  const volume = readVolume(surroundings.paths, name);
  if (volume !== undefined) await (await volumeDriver(volume.driver)).release?.(surroundings, volume, container);
};

/** Takes back what `volumeRecords` has done, where the container is not started after all. Idempotent. What cannot be given back now is by a later command (heal-plugins.ts). */
export const releaseVolumes = async (surroundings: Surroundings, skiff: SkiffSpec): Promise<void> => {
  for (const { name } of volumePoints(skiff.mountPoints)) await releaseOne(surroundings, name, skiff.id).catch(() => undefined);
};

const recordsOf = (paths: Paths, skiff: SkiffSpec, accesses: ReadonlyMap<string, VolumeAccess>): readonly PlanRecord[] => {
  const records: PlanRecord[] = [];
  const seen = new Set<string>();
  for (const point of volumePoints(skiff.mountPoints)) {
    const access = accesses.get(point.name);
    if (access === undefined) continue;
    const isFirst = !seen.has(point.name);
    seen.add(point.name);
    records.push(...(isFirst ? accessRecords(access) : []), dataRecord(paths, point, access, isFirst), eventRecord(skiff.id, point));
    if (point.anonymous === true) records.push(removeRecord(paths, volumesDirectory(paths), point));
  }
  return records;
};

/** The same for a container that was made before. Throws NotFound for a volume that has gone. */
export const volumesAgain = async (surroundings: Surroundings, skiff: SkiffSpec): Promise<readonly PlanRecord[]> => {
  await keepVolumes(surroundings, skiff, false);
  return await volumeRecords(surroundings, skiff);
};

const accessRecords = ({ record }: VolumeAccess): readonly PlanRecord[] => (record === undefined ? [] : [record]);
