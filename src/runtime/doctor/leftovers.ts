/** What killed commands, monitors and machines have left behind: only looked at here. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SkiffFailure } from '../../core/errors.ts';
import { cachedDigests } from '../../images/build-cache.ts';
import { garbageOf, takeInventory } from '../../images/inventory.ts';
import { readIndex } from '../../images/layout.ts';
import { heldDigests } from '../../images/lease.ts';
import { needsOf } from '../../images/needs.ts';
import { idleLeases, leasesOfEarlierBoots } from '../../network/lease-sweep.ts';
import { isAlive } from '../../system/process-identity.ts';
import { deadHolders } from '../../volumes/held.ts';
import { abandonedVolumes } from '../../volumes/store.ts';
import { readOptional } from '../../system/read-optional.ts';
import { doomedTrees, idleNames, isOfTheDead } from '../heal.ts';
import { holderIsLeft, keeperIsLeft } from '../keeper.ts';
import { readImageUsers } from '../image-users.ts';
import { readerOf } from '../logs-sweep.ts';
import { makerIsAlive, markedIds } from '../markers.ts';
import { isAttended, isStale, listIds, readRawState } from '../records.ts';
import { mountsIn } from '../../system/mounts.ts';
import type { Paths } from '../../system/paths.ts';

/** Things of one kind. */
export interface Leftover {
  readonly kind: string;
  readonly count: number;
  /** Says so many of them. */
  readonly words: (count: number) => string;
  /** One of them. */
  readonly example: string;
  readonly remedy: string;
}

const byRepair = "run 'skiff doctor --repair'";

const leftover = (kind: string, one: string, many: string, found: readonly string[], remedy = byRepair): readonly Leftover[] => {
  const [example] = found;
  if (example === undefined) return [];
  return [{ kind, count: found.length, words: (count) => (count === 1 ? `1 ${one}` : `${count} ${many}`), example, remedy }];
};

/** Whether somebody alive answers for a container: its monitor, or who makes, starts or heals it. False where its record says that it rests. */
export const isAnsweredFor = (paths: Paths, id: string): boolean => {
  if (makerIsAlive(paths, id)) return true;
  try {
    return isAttended(readRawState(paths, id));
  } catch {
    return false;
  }
};

/** Containers that by their record still run, or are being made, though nobody is at it. One that cannot be read is damaged, not left. */
const abandonedRecords = (paths: Paths): readonly string[] =>
  listIds(paths).filter((id) => {
    try {
      return isStale(readRawState(paths, id)) && !makerIsAlive(paths, id);
    } catch (error) {
      if (!(error instanceof SkiffFailure)) throw error;
      return false;
    }
  });

/** Plans of `exec` that nobody has read, and markers that were being pulled away. */
const deadSessions = (paths: Paths): readonly string[] => readdirSync(join(paths.runtime, 'c')).filter((name) => isOfTheDead('exec-', name));

/** Directories in which followers of a log made themselves known, of containers that are gone. */
export const idleReaders = (paths: Paths): readonly string[] => {
  const directory = join(paths.host, 'log-readers');
  const isDead = (id: string): boolean => readdirSync(join(directory, id)).every((name) => !isAlive(readerOf(name)));
  return existsSync(directory) ? readdirSync(directory).filter((id) => !existsSync(join(paths.containers, id)) && isDead(id)) : [];
};

/** Absolute paths of what killed builds have left: their files, and their secrets (build/workspace.ts). */
export const deadBuilds = (paths: Paths): readonly string[] =>
  [join(paths.host, 'build'), join(paths.runtime, 'build')].flatMap((home) => (existsSync(home) ? readdirSync(home).filter((name) => isOfTheDead('', name)).map((name) => join(home, name)) : []));

/** What `image prune` would take though it is no image; nothing where the index cannot be read, which is told as damage. */
const garbage = (paths: Paths): readonly string[] => {
  if (!existsSync(join(paths.images, 'index.json'))) return [];
  try {
    const needs = needsOf(paths, readIndex(paths), readImageUsers(paths), new Set([...heldDigests(paths), ...cachedDigests(paths)]));
    const { blobs, partial, layers, abandoned } = garbageOf(takeInventory(paths), needs);
    return [...[...blobs, ...partial].map(({ path }) => path), ...layers.map(({ directory, name }) => join(directory, name)), ...abandoned];
  } catch (error) {
    if (!(error instanceof SkiffFailure)) throw error;
    return [];
  }
};

/** Mounts in the host's mount namespace below our directories: Skiff makes none there, so nobody's containers need them. */
const foreignMounts = (paths: Paths): readonly string[] =>
  mountsIn(readOptional('/proc/self/mountinfo')).map(({ point }) => point).filter((point) => [paths.root, paths.runtime].some((directory) => point.startsWith(`${directory}/`)));

/** Everything there is, by kind. Changes nothing; takes no lock, so that what others are just doing may be seen half done. */
export const findLeftovers = (paths: Paths): readonly Leftover[] => [
  ...leftover('records', 'record of a container that was killed', 'records of containers that were killed', abandonedRecords(paths)),
  ...leftover('markers', 'marker or socket without an owner', 'markers or sockets without an owner', markedIds(paths).filter((id) => !isAnsweredFor(paths, id) && !abandonedRecords(paths).includes(id))),
  ...leftover('names', 'name without a container', 'names without containers', idleNames(paths)),
  ...leftover('trees', 'half-made or half-removed tree', 'half-made or half-removed trees', doomedTrees(paths)),
  ...leftover('sessions', 'plan of a killed exec', 'plans of killed execs', deadSessions(paths)),
  ...leftover('keeper', "file of a killed keeper of the user's namespaces", 'files of killed keepers', [...(keeperIsLeft(paths) ? [join(paths.runtime, 'keeper')] : []), ...(holderIsLeft(paths) ? [join(paths.runtime, 'network')] : [])]),
  ...leftover('boots', 'directory of addresses from before the machine was started', 'directories of addresses from before the machine was started', leasesOfEarlierBoots(paths)),
  ...leftover('leases', 'address of a container that does not run', 'addresses of containers that do not run', idleLeases(paths, (id) => isAnsweredFor(paths, id)).map(({ address }) => address)),
  ...leftover('readers', 'directory of a killed reader of a log', 'directories of killed readers of logs', idleReaders(paths)),
  ...leftover('volumes', 'half-made or half-removed volume', 'half-made or half-removed volumes', abandonedVolumes(paths)),
  ...leftover('holders', 'trace of a killed holder of a volume', 'traces of killed holders of volumes', deadHolders(paths)),
  ...leftover('builds', 'directory of a killed build', 'directories of killed builds', deadBuilds(paths)),
  ...leftover('store', 'blob, layer or download that no image needs', 'blobs, layers or downloads that no image needs', garbage(paths)),
  ...leftover('mounts', 'mount below our directories, which is not ours', 'mounts below our directories, which are not ours', foreignMounts(paths), "unmount it, with 'fusermount3 -u' where it is yours"),
];
