/** `skiff doctor --repair`: takes away what nobody alive is responsible for. */
import { join } from 'node:path';
import { SkiffFailure } from '../../core/errors.ts';
import { collectAfter } from '../../images/collect.ts';
import { removeTrees } from '../../images/layer-files.ts';
import { forgetEarlierBoots, idleLeases } from '../../network/lease-sweep.ts';
import { releaseLeasesOf } from '../../network/leases.ts';
import { ensureDirectories } from '../../system/paths.ts';
import { sweepVolumes } from '../../volumes/store.ts';
import { readVolumeUsers, usersOf } from '../../volumes/users.ts';
import { heal } from '../heal.ts';
import { readImageUsers } from '../image-users.ts';
import { sweepReaders } from '../logs-sweep.ts';
import { clearTraces, takeMarker } from '../markers.ts';
import type { Surroundings } from '../surroundings.ts';
import { deadBuilds, findLeftovers, idleReaders, isAnsweredFor } from './leftovers.ts';
import type { Leftover } from './leftovers.ts';

/** Whose marker can be taken is nobody's; and while we have it, nobody begins to start the container. */
const releaseIdle = ({ paths }: Surroundings): void => {
  for (const id of new Set(idleLeases(paths, (container) => isAnsweredFor(paths, container)).map(({ container }) => container))) {
    if (takeMarker(paths, id) === undefined) continue;
    releaseLeasesOf(paths, [id]);
    clearTraces(paths, id);
  }
};

/** Where the directories cannot be made there is nothing to repair, and looking says why. */
const isReady = ({ paths }: Surroundings): boolean => {
  try {
    ensureDirectories(paths);
    return true;
  } catch (error) {
    if (!(error instanceof SkiffFailure)) throw error;
    return false;
  }
};

/**
 * Heals, and says what is gone: the same kinds as `findLeftovers`, with the numbers by which they have become less. Removes no image, container or
 * network that a person has made, but for those that killed commands were just making. Idempotent. Throws `System`, `Corrupt`.
 */
export const repair = async (surroundings: Surroundings): Promise<readonly Leftover[]> => {
  if (!isReady(surroundings)) return [];
  const { paths, host } = surroundings;
  const before = findLeftovers(paths);
  heal(paths, host);
  releaseIdle(surroundings);
  forgetEarlierBoots(paths);
  const users = readVolumeUsers(paths);
  await sweepVolumes(paths, host, (name) => users.doubts.length > 0 || usersOf(users, name).length > 0);
  for (const id of idleReaders(paths)) sweepReaders(join(paths.host, 'log-readers', id));
  await removeTrees(paths, host, deadBuilds(paths));
  if (before.some(({ kind }) => kind === 'store')) await collectAfter({ paths, host, readUsers: () => readImageUsers(paths) }, () => ({ result: undefined }));
  const after = new Map(findLeftovers(paths).map(({ kind, count }) => [kind, count]));
  return before.map((found) => ({ ...found, count: found.count - (after.get(found.kind) ?? 0) })).filter(({ count }) => count > 0);
};
