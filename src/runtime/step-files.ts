/** Files of a pile of layers, seen from outside of any container: looked at, taken out, put in. Used by builds. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultMap, mapText } from '../core/id-maps.ts';
import { need } from '../core/invalid.ts';
import { containerIds, helperPath, inUserNamespace, keeperArguments } from '../system/helper.ts';
import { mountPoints } from './diff.ts';
import { encodePlan } from './plan-records.ts';
import { chooseStorage } from './root-filesystem.ts';
import type { DriverName } from '../storage/driver.ts';
import type { PlanRecord } from '../core/plan-record.ts';
import type { Surroundings } from './surroundings.ts';

/** Layers, and what is changed on top of them. */
export interface Pile {
  /** Absolute directories, the lowest first; at least one. */
  readonly layers: readonly string[];
  /** A directory with `upper`, `work` and `merged` in it, and the plan. */
  readonly directory: string;
}

const plainNeeds = { hasMounts: false, isForeign: false, isShifted: false };

/** The driver that piles are mounted with. */
export const pileDriver = async (surroundings: Surroundings): Promise<DriverName> => (await chooseStorage(surroundings, plainNeeds)).driver.name;

const writePilePlan = async (surroundings: Surroundings, { layers, directory }: Pile): Promise<string> => {
  const { host } = surroundings;
  const { driver } = await chooseStorage(surroundings, plainNeeds);
  const at = (name: string): string => join(directory, name);
  const rootfs = need(driver.plan({ lowers: layers.toReversed(), upper: at('upper'), work: at('work'), target: at('merged'), volatile: true }));
  const { uids, gids } = containerIds(host.idMap);
  const single = host.idMap.mode === 'single' ? [['single-uid'] as PlanRecord] : [];
  const plan: readonly PlanRecord[] = [rootfs, ['child-map', mapText(defaultMap(uids)), mapText(defaultMap(gids))], ...single];
  const path = join(directory, 'plan');
  writeFileSync(path, encodePlan(plan), { mode: 0o600 });
  return path;
};

/**
 * The argv that runs `skiff-tree WORDS` as root of a container's user namespace with the pile as working directory: to look at it, or with `change` to
 * change it, which goes to `upper`.
 */
export const pileCommand = async (surroundings: Surroundings, pile: Pile, words: readonly string[], change: boolean): Promise<readonly string[]> => {
  const { paths, host } = surroundings;
  const plan = await writePilePlan(surroundings, pile);
  return [helperPath(paths, 'skiff-helper'), change ? 'visit' : 'view', ...keeperArguments(paths, host), plan, '0', '0', helperPath(paths, 'skiff-tree'), ...words];
};

/** The argv that writes what is in `upper` of the pile as a layer; empty entries at `hidden` paths (relative) are no change, and no time is later than `epoch` (seconds since 1970). */
export const pileLayerCommand = async (surroundings: Surroundings, { layers, directory }: Pile, hidden: readonly string[], epoch?: number): Promise<readonly string[]> => {
  const { paths, host } = surroundings;
  const { driver } = await chooseStorage(surroundings, plainNeeds);
  return inUserNamespace(paths, host, [
    helperPath(paths, 'skiff-tree'),
    'pack-changes',
    ...['--upper', join(directory, 'upper')],
    ...layers.toReversed().flatMap((lower) => ['--lower', lower]),
    ...(epoch === undefined ? [] : ['--epoch', String(epoch)]),
    ...[...mountPoints, ...hidden].flatMap((path) => ['--hide', path]),
    ...(driver.name === 'fuse-overlayfs' ? ['--fuse'] : []),
    ...(host.idMap.mode === 'single' ? ['--single-uid'] : []),
  ]);
};
