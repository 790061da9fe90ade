/** `skiff network rm` and `prune`. */
import { fail, SkiffFailure } from '../core/errors.ts';
import { holdersOf } from './endpoints.ts';
import { removeDevice } from './device.ts';
import { closeLeases, forgetLeases } from './leases.ts';
import { tellNetwork, tellNetworksPruned } from './network-events.ts';
import { isPredefined } from './predefined.ts';
import { dropNetwork, findNetwork, listNetworks, whileChanging } from './store.ts';
import type { SkiffError } from '../core/errors.ts';
import type { Network } from './types.ts';
import type { Paths } from '../system/paths.ts';

const inUse = (paths: Paths, network: Network): never => {
  const names = holdersOf(paths, network).map(({ containerName, containerId }) => `name:"${containerName}" id:"${containerId.slice(0, 12)}"`);
  const list = names.length === 0 ? '' : ` (${names.join(', ')})`;
  return fail({
    _tag: 'Conflict',
    message: `error while removing network: network ${network.name} id ${network.id} has active endpoints${list}`,
    hint: `stop these containers, or take them off with 'skiff network disconnect ${network.name} CONTAINER'`,
  });
};

const checkDependants = (paths: Paths, { name, configOnly }: Network): void => {
  const dependant = configOnly ? listNetworks(paths).networks.find(({ configFrom }) => configFrom === name) : undefined;
  if (dependant !== undefined) fail({ _tag: 'Conflict', message: `configuration network ${name} is in use by network ${dependant.name}`, hint: 'remove that one first' });
};

/** Removes a network that nobody is in. Interrupted, it can be repeated. Throws Conflict where somebody is, Refused for a predefined one. */
const removeOne = (paths: Paths, network: Network): void => {
  if (isPredefined(network.name)) fail({ _tag: 'Refused', message: `${network.name} is a pre-defined network and cannot be removed` });
  checkDependants(paths, network);
  if (!closeLeases(paths, network.id)) inUse(paths, network);
  removeDevice(paths, network);
  dropNetwork(paths, network);
  forgetLeases(paths, network.id);
  tellNetwork(paths, 'destroy', network);
};

export interface Removal {
  /** As typed. */
  readonly word: string;
  readonly error?: SkiffError;
}

/** One at a time, and none while one is made: the record that is read is the one that is removed. */
const removeBy = async (paths: Paths, word: string): Promise<Removal> => {
  try {
    await whileChanging(paths, () => removeOne(paths, findNetwork(paths, word)));
    return { word };
  } catch (error) {
    if (!(error instanceof SkiffFailure)) throw error;
    return { word, error: error.error };
  }
};

/** Removes each of `words` for itself. What ended badly has its error. */
export const removeNetworks = async (paths: Paths, words: readonly string[]): Promise<readonly Removal[]> => {
  const removals: Removal[] = [];
  for (const word of words) removals.push(await removeBy(paths, word));
  return removals;
};

export interface PrunedNetworks {
  readonly names: readonly string[];
  /** A sentence for each record that could not be read, and was left alone. */
  readonly warnings: readonly string[];
}

/**
 * Removes the networks of users that `passes` lets through and that nobody is in. As in Docker a container that does not run is in none: it finds its network
 * missing when it is started. Config-only networks, which none is ever in, stay.
 */
export const pruneNetworks = async (paths: Paths, passes: (network: Network) => boolean): Promise<PrunedNetworks> => {
  const { networks, warnings } = listNetworks(paths);
  const chosen = networks.filter((network) => !isPredefined(network.name) && !network.configOnly && passes(network) && holdersOf(paths, network).length === 0);
  const removals = await removeNetworks(paths, chosen.map(({ name }) => name));
  tellNetworksPruned(paths);
  return { names: removals.filter(({ error }) => error === undefined).map(({ word }) => word), warnings: warnings.map(({ message }) => message) };
};
