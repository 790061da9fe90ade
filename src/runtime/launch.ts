/** `skiff run` and `skiff create`: everything is decided and written down, then the helper takes over, now or later. */
import { SkiffFailure } from '../core/errors.ts';
import { need } from '../core/invalid.ts';
import { survivesReboot } from '../core/restart-policy.ts';
import { removeIfPresent } from '../system/files.ts';
import { helperPath } from '../system/helper.ts';
import { newId } from '../system/new-id.ts';
import { tell } from './container-events.ts';
import { createContainer } from './create.ts';
import { gather, requireLayers, withVariables, writePlan } from './gather.ts';
import { makeHostView } from './host-view.ts';
import { keeperIsAlive } from './keeper.ts';
import { hasLimits } from './limit-flags.ts';
import { markedIds } from './markers.ts';
import { chooseStorage, rootfsNeeds } from './root-filesystem.ts';
import { makeSpec } from './spec.ts';
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';
import type { Container } from './records.ts';
import type { Created, Wishes } from './create.ts';
import type { Gathered } from './gather.ts';
import type { Joined } from './network-attach.ts';
import type { Launch, Surroundings } from './surroundings.ts';
import type { RunFlags } from './run-flags.ts';
import type { ContainerSpec, ImageConfigView, SkiffSpec } from './spec-types.ts';

type Find = (word: string) => Container | undefined;

const findIn = async (paths: Paths): Promise<Find> => {
  const { findContainer } = await import('./records.ts');
  return (word) => {
    try {
      return findContainer(paths, word);
    } catch (error) {
      if (error instanceof SkiffFailure && error.error._tag === 'NotFound') return undefined;
      throw error;
    }
  };
};

const recordsAreWanted = Symbol();

/** What `make`, which is pure, says of a container. Few ask for another one, and its record is read with modules that take 3 ms: whoever does is asked again with them. */
const withRecords = async <A>(paths: Paths, make: (find: Find) => A): Promise<A> => {
  try {
    return make(() => {
      throw recordsAreWanted;
    });
  } catch (caught) {
    if (caught !== recordsAreWanted) throw caught;
    return make(await findIn(paths));
  }
};

/**
 * The part of healing that `run` can afford: when markers are left but no keeper lives, somebody was killed, and only then is
 * there anything to look at.
 */
const healIfNobodyLives = async (paths: Paths, host: Host): Promise<void> => {
  if (markedIds(paths).length > 0 && !keeperIsAlive(paths)) (await import('./heal.ts')).heal(paths, host);
};

interface Made {
  readonly created: Created;
  readonly plan: string;
  readonly warnings: readonly string[];
}

/** Makes the record and writes its plan; leaves nothing behind when that fails. */
const make = async (surroundings: Surroundings, image: ImageConfigView | undefined, flags: RunFlags, toStart: boolean): Promise<Made> => {
  const { paths, host, env } = surroundings;
  await healIfNobodyLives(paths, host);
  const needs = rootfsNeeds(host, flags);
  const { driver } = await chooseStorage(surroundings, needs);
  const id = newId();
  const limitless = await withRecords(paths, (find) => need(makeSpec(image, flags, makeHostView({ paths, host, env, storageDriver: driver.name, id, find }), id)));
  const limited = hasLimits(flags) ? (await import('./limits.ts')).withLimits(limitless, flags) : limitless;
  const named = limited.skiff.networks === undefined ? limited : (await import('./network-names.ts')).withNetworkNames(paths, limited);
  const gathered = await gather(surroundings, named, driver, needs);
  const volumes = hasVolumes(named.skiff) ? await import('./volumes.ts') : undefined;
  const spec = volumes === undefined ? named : await volumes.makeVolumes(surroundings, named);
  try {
    return await record(surroundings, spec, gathered, volumes, { named: flags.name !== undefined && flags.name !== '', toStart });
  } catch (error) {
    await volumes?.dropVolumes(surroundings, spec.skiff);
    throw error;
  }
};

const hasVolumes = ({ mountPoints }: SkiffSpec): boolean => mountPoints !== undefined && mountPoints.some(({ type }) => type === 'volume');

/** Of a container that is in no network. */
const joinedNone: Joined = { variables: [], warnings: [] };

/** The record, and what can only be done when it is there: it keeps others from removing what it names. */
const record = async (surroundings: Surroundings, spec: ContainerSpec, gathered: Gathered, volumes: typeof import('./volumes.ts') | undefined, wishes: Wishes): Promise<Made> => {
  const { paths, host } = surroundings;
  const created = await createContainer(paths, host, spec, wishes);
  try {
    if (survivesReboot(spec.skiff.restart)) (await import('./durable-record.ts')).makeRecordDurable(paths, created.directory);
    await requireLayers(paths, spec.skiff, 'it has just been removed');
    await volumes?.keepVolumes(surroundings, created.spec.skiff, true);
    const records = await volumes?.volumeRecords(surroundings, created.spec.skiff);
    const { variables, warnings } = wishes.toStart && spec.skiff.network.mode === 'networks' ? await (await import('./network-attach.ts')).joinNetworks(paths, created.spec, false) : joinedNone;
    const plan = writePlan(paths, created.spec, created.marker, withVariables(gathered, variables), records === undefined ? {} : { volumes: records });
    return { created, plan, warnings: [...created.spec.warnings, ...warnings] };
  } catch (error) {
    await volumes?.releaseVolumes(surroundings, spec.skiff);
    (await import('./heal.ts')).discard(paths, host, [spec.skiff.id]);
    throw error;
  }
};

/**
 * Makes the record of a new container and says how to start it. Throws SkiffFailure, leaving nothing behind. From here on the
 * helper answers for what was made: the process that gets the result must become it.
 */
export const prepareRun = async (surroundings: Surroundings, image: ImageConfigView | undefined, flags: RunFlags): Promise<Launch> => {
  const { created, plan, warnings } = await make(surroundings, image, flags, true);
  if (!created.spec.skiff.detached) tell(surroundings.paths, created.spec.skiff, 'attach');
  return { program: helperPath(surroundings.paths, 'skiff-helper'), args: ['launch', plan], warnings };
};

/** Makes the record of a new container that waits to be started. Throws SkiffFailure, leaving nothing behind. */
export const prepareLater = async (surroundings: Surroundings, image: ImageConfigView | undefined, flags: RunFlags): Promise<{ readonly id: string; readonly warnings: readonly string[] }> => {
  const { created, plan } = await make(surroundings, image, flags, false);
  if (hasVolumes(created.spec.skiff)) {
    await (await import('./volumes-fill.ts')).fillVolumes(surroundings, created.spec.skiff, plan);
    await (await import('./volumes.ts')).releaseVolumes(surroundings, created.spec.skiff);
  }
  removeIfPresent(created.marker);
  return { id: created.spec.skiff.id, warnings: created.spec.warnings };
};
