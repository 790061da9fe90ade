/** The networks of a new container, by their own names. */
import { usage } from '../core/invalid.ts';
import { findNetwork } from '../network/store.ts';
import type { Paths } from '../system/paths.ts';
import type { ContainerSpec } from './spec-types.ts';

/** `spec` with the names of networks where it had ids. Throws NotFound, Usage where two words mean one network. */
export const withNetworkNames = (paths: Paths, spec: ContainerSpec): ContainerSpec => {
  const networks = (spec.skiff.networks ?? []).map((wish) => ({ ...wish, name: findNetwork(paths, wish.name).name }));
  for (const { name } of networks) if (networks.filter((other) => other.name === name).length > 1) usage(`network "${name}" is specified multiple times`);
  return { ...spec, skiff: { ...spec.skiff, networks } };
};
