/** `skiff container prune`: every container that does not run goes. */
import { tellPrune } from '../images/image-events.ts';
import { readPruneFilters } from '../images/prune-filters.ts';
import { usageOf } from '../images/disk-usage.ts';
import { discard, heal } from './heal.ts';
import { isAttended, listContainers, readContainer } from './records.ts';
import type { Container } from './records.ts';
import type { Surroundings } from './surroundings.ts';

export interface PrunedContainers {
  /** Whole ids, newest first. */
  readonly ids: readonly string[];
  /** On disk, that are free now. */
  readonly bytes: number;
  /** A sentence for each record that could not be read, and was left alone. */
  readonly warnings: readonly string[];
}

/** Looked at again at the last moment: one may have been started, or removed, while bytes were counted, and one may just be being made. */
const isIdle = ({ paths }: Surroundings, id: string): boolean => {
  try {
    const { state } = readContainer(paths, id);
    return state.status !== 'running' && !isAttended(state);
  } catch {
    return false;
  }
};

/** Those of `containers` that may go: not running, and let through by `filters` as typed. Throws Usage. */
export const choosePrunable = (containers: readonly Container[], filters: readonly string[], now: number): readonly Container[] => {
  const { limit, passes } = readPruneFilters(filters, now);
  return containers.filter(({ spec, state }) => state.status !== 'running' && Date.parse(spec.created) <= limit && passes(spec.labels));
};

/**
 * Removes all containers that do not run and were made before `until`, with these labels. Throws Usage for a bad filter, Missing
 * (du), System. Interrupted, the next command finishes what was begun.
 */
export const pruneContainers = async (surroundings: Surroundings, filters: readonly string[], now: number): Promise<PrunedContainers> => {
  const { paths, host } = surroundings;
  heal(paths, host);
  const { containers, warnings } = listContainers(paths);
  const chosen = choosePrunable(containers, filters, now);
  const bytes = await usageOf({ paths, host }, chosen.map(({ directory }) => directory));
  const ids = chosen.map(({ id }) => id).filter((id) => isIdle(surroundings, id));
  discard(paths, host, ids);
  const freed = ids.length === 0 ? 0 : bytes;
  tellPrune(paths, 'container', freed);
  return { ids, bytes: freed, warnings: warnings.map(({ message }) => message) };
};
