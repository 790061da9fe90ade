/**
 * What happens to containers when the machine starts and when it goes down. Nobody watches over them meanwhile: whoever starts first runs
 * `skiff system boot`, which is where `--restart always` and `unless-stopped` are kept across a reboot.
 */
import { limiter } from '../core/limit.ts';
import { survivesReboot } from '../core/restart-policy.ts';
import { SkiffFailure } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import { heal } from './heal.ts';
import { never } from './container-state.ts';
import { listContainers } from './records.ts';
import { startDetached } from './start.ts';
import { stopContainers } from './stop.ts';
import type { Paths } from '../system/paths.ts';
import type { Container } from './records.ts';
import type { Outcome } from './stop.ts';
import type { Surroundings } from './surroundings.ts';

/** Starts at a time: each is a process or two for a tenth of a second, on a machine that has just begun to work. */
const atOnce = 8;

/**
 * Whether a container that does not run is to run when the machine has started. Docker's documentation of restart policies: a policy takes effect
 * once the container has been started, and `on-failure` is none for a daemon that starts anew.
 */
export const comesBack = ({ spec, state }: Pick<Container, 'spec' | 'state'>): boolean =>
  state.status === 'exited' &&
  state.startedAt !== never &&
  survivesReboot(spec.restart) &&
  (spec.restart?.name === 'always' || state.stoppedByUser !== true);

/** How many of `all` a container waits for, one behind the other: those whose namespaces it shares. A circle, which no command makes, is cut. */
const depth = (all: ReadonlyMap<string, Container>, { id, spec }: Container, seen: ReadonlySet<string> = new Set()): number => {
  const donor = spec.sharesWith === undefined || seen.has(id) ? undefined : all.get(spec.sharesWith);
  return donor === undefined ? 0 : 1 + depth(all, donor, new Set([...seen, id]));
};

/** The containers in groups; each group needs only those before it. In the order in which they were made within a group. */
export const inBootOrder = (containers: readonly Container[]): readonly (readonly Container[])[] => {
  const all = new Map(containers.map((container) => [container.id, container]));
  const groups: Container[][] = [];
  for (const container of [...containers].sort((a, b) => (a.spec.created < b.spec.created ? -1 : 1))) (groups[depth(all, container)] ??= []).push(container);
  return groups.filter((group) => group !== undefined);
};

/** What became of one container; without an error it was started. */
const startOne = async (surroundings: Surroundings, { id, spec }: Container): Promise<readonly Outcome[]> => {
  try {
    return (await startDetached(surroundings, id)) ? [{ word: spec.name }] : [];
  } catch (error) {
    if (!(error instanceof SkiffFailure)) throw error;
    return [{ word: spec.name, error: error.error }];
  }
};

export interface Booted {
  /** By name: those that were started, and those that could not be. What ran already is not among them. */
  readonly outcomes: readonly Outcome[];
  /** Records that cannot be read. */
  readonly damaged: readonly SkiffError[];
}

/** Starts whatever is to come back and does not run. Idempotent, also when it runs twice at once: then one of them starts each container. */
export const bootContainers = async (surroundings: Surroundings): Promise<Booted> => {
  const { paths, host } = surroundings;
  heal(paths, host);
  const { containers, warnings } = listContainers(paths);
  const limited = limiter(atOnce);
  const outcomes: Outcome[] = [];
  for (const group of inBootOrder(containers.filter(comesBack))) {
    const results = await Promise.all(group.map((container) => limited(() => startOne(surroundings, container))));
    outcomes.push(...results.flat());
  }
  return { outcomes, damaged: warnings.map(({ error }) => error) };
};

/** Stops all that runs, each by its own signal and time and all at once, so that they come back at the next boot. Outcomes by name. */
export const shutDownContainers = (paths: Paths): Promise<readonly Outcome[]> =>
  stopContainers(paths, listContainers(paths).containers.filter(({ state }) => state.status === 'running').map(({ spec }) => spec.name), { reason: 'shutdown' });
