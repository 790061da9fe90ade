/** `skiff volume rm` and `prune`. */
import { SkiffFailure, fail } from '../core/errors.ts';
import { volumeDriver } from './drivers/choose.ts';
import { tellVolume } from './events.ts';
import { deleteTrees, giveBack, listVolumes, readVolume, requireVolume, sweepVolumes, takeAway, whileChanging } from './store.ts';
import { readVolumeUsers, usersOf } from './users.ts';
import type { SkiffError } from '../core/errors.ts';
import type { VolumeContext } from './driver.ts';
import type { Volume } from './types.ts';
import type { VolumeUsers } from './users.ts';

const requireUnused = (users: VolumeUsers, name: string): void => {
  const ids = usersOf(users, name).map(({ id }) => id);
  if (ids.length > 0) {
    fail({ _tag: 'Conflict', message: `remove ${name}: volume is in use - [${ids.join(', ')}]`, hint: `remove the container with 'skiff rm ${(ids[0] ?? '').slice(0, 12)}'` });
  }
  const [doubt] = users.doubts;
  if (doubt !== undefined) fail({ _tag: 'Conflict', message: `remove ${name}: ${doubt}` });
};

/**
 * Takes the name of a volume away that no container names. The containers are read once more behind that: whoever makes one publishes its record before it looks
 * for the volume, so one of the two sees the other. Returns where the volume is now; throws Conflict where it is used, and then it is as before.
 */
const takeUnused = (context: VolumeContext, name: string): Promise<string | undefined> =>
  whileChanging(context.paths, () => {
    requireUnused(readVolumeUsers(context.paths), name);
    const taken = takeAway(context.paths, name);
    if (taken === undefined) return undefined;
    try {
      requireUnused(readVolumeUsers(context.paths), name);
      return taken;
    } catch (error) {
      giveBack(context.paths, taken, name);
      throw error;
    }
  });

/**
 * Removes a volume that no container names. Interrupted, the next command that removes volumes ends it. With `force` our record goes even where its plugin does not let go of it, or is
 * not there any more (moby volume/service/store.go, PurgeOnError).
 */
const removeOne = async (context: VolumeContext, volume: Volume, force: boolean): Promise<void> => {
  const driver = await volumeDriver(volume.driver);
  const taken = await takeUnused(context, volume.name);
  if (taken === undefined) return;
  try {
    await driver.remove(context, volume);
  } catch (error) {
    if (!force) await whileChanging(context.paths, () => giveBack(context.paths, taken, volume.name));
    if (!force) throw error;
  }
  tellVolume(context.paths, 'destroy', volume);
  deleteTrees(context.paths, context.host, [taken]);
};

/** Removes a volume that a plugin has and we do not know; whether there was one. */
const removeForeign = async (context: VolumeContext, name: string): Promise<boolean> => {
  const found = await (await import('./plugins/list.ts')).foundInPlugins(context, name);
  if (found === undefined) return false;
  await (await volumeDriver(found.driver)).remove(context, found);
  tellVolume(context.paths, 'destroy', found);
  return true;
};

export interface VolumeRemoval {
  /** As typed. */
  readonly word: string;
  readonly error?: SkiffError;
}

const removeBy = async (context: VolumeContext, word: string, force: boolean): Promise<VolumeRemoval> => {
  try {
    const volume = readVolume(context.paths, word);
    if (volume !== undefined) await removeOne(context, volume, force);
    else if (!(await removeForeign(context, word)) && !force) requireVolume(context.paths, word);
    return { word };
  } catch (error) {
    if (!(error instanceof SkiffFailure)) throw error;
    return { word, error: error.error };
  }
};

/** Removes each of `words` for itself; with `force` one that is not there is no error. What ended badly has its error. */
export const removeVolumes = async (context: VolumeContext, words: readonly string[], force: boolean): Promise<readonly VolumeRemoval[]> => {
  const removals: VolumeRemoval[] = [];
  for (const word of words) removals.push(await removeBy(context, word, force));
  return removals;
};

export interface PrunedVolumes {
  readonly names: readonly string[];
  /** A sentence for each record that could not be read, and was left alone. */
  readonly warnings: readonly string[];
}

/**
 * Removes the volumes of the driver `local` that `passes` lets through and no container names; as in Docker anonymous ones only, unless `all`. What killed commands
 * have left is put right before. One that somebody comes to name meanwhile stays.
 */
export const pruneVolumes = async (context: VolumeContext, all: boolean, passes: (volume: Volume) => boolean): Promise<PrunedVolumes> => {
  const { paths, host } = context;
  await sweepVolumes(paths, host, (name) => usersOf(readVolumeUsers(paths), name).length > 0);
  const { volumes, warnings } = listVolumes(paths);
  const users = readVolumeUsers(paths);
  const chosen = users.doubts.length > 0 ? [] : volumes.filter((volume) => volume.driver === 'local' && (all || volume.anonymous) && passes(volume) && usersOf(users, volume.name).length === 0);
  const removals = await removeVolumes(context, chosen.map(({ name }) => name), true);
  return { names: removals.filter(({ error }) => error === undefined).map(({ word }) => word), warnings: [...warnings.map(({ message }) => message), ...users.doubts] };
};
