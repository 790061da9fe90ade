/** `skiff network connect` and `disconnect`: another network for a container that is there, running or not. */
import { join } from 'node:path';
import { fail, SkiffFailure } from '../core/errors.ts';
import { refuse } from '../core/invalid.ts';
import { optionsOf, readIPv4, readIPv6, readLinkLocal } from '../core/network-attachment.ts';
import { defaultNetwork } from '../core/network-mode.ts';
import { giveBack, holdersOf, releaseLeasesOf } from '../network/endpoints.ts';
import { findNetwork } from '../network/store.ts';
import { withLock } from '../system/files.ts';
import { orderNetwork } from './monitor-client.ts';
import { readEndpoints } from './endpoints-file.ts';
import { takeWish, writeEndpoints } from './network-attach.ts';
import { findContainer, readContainer } from './records.ts';
import { changeSpecFile } from './spec-file.ts';
import { checkWishes, linkOf } from './spec-network.ts';
import { askWhileRunning } from './stop.ts';
import type { Endpoint, Network } from '../network/types.ts';
import type { Paths } from '../system/paths.ts';
import type { Container } from './records.ts';
import type { NetworkWish, SkiffSpec } from './spec-types.ts';

/** The flags of `network connect` as typed. */
export interface ConnectFlags {
  readonly alias: readonly string[];
  readonly driverOpt: readonly string[];
  readonly gwPriority: number;
  readonly ip?: string | undefined;
  readonly ip6?: string | undefined;
  readonly link: readonly string[];
  readonly linkLocalIp: readonly string[];
}

const wishFrom = (paths: Paths, { name }: Network, { alias, driverOpt, gwPriority, ip, ip6, link, linkLocalIp }: ConnectFlags): NetworkWish => ({
  name,
  aliases: alias,
  ...(ip === undefined ? {} : { ipv4: readIPv4(ip, '--ip') }),
  ...(ip6 === undefined ? {} : { ipv6: readIPv6(ip6, '--ip6') }),
  linkLocal: linkLocalIp.map((text) => readLinkLocal(text, '--link-local-ip')),
  links: link.map((text) => linkOf(text, (word) => findContainer(paths, word))),
  driverOpts: optionsOf(driverOpt),
  gwPriority,
});

const isPrivate = 'container cannot be connected to multiple networks with one of the networks in private (none) mode';

const runAgain = "run it with --network NAME, which may be 'bridge', to change its networks later";

/** The networks that it has; throws Refused, in Docker's words, for one that can have no other. */
const networksOf = ({ spec: { network, networks = [] } }: Container): readonly NetworkWish[] => {
  switch (network.mode) {
    case 'networks':
      return networks;
    case 'none':
      return refuse(isPrivate, runAgain);
    case 'slirp4netns':
      return refuse('container has a private network stack, slirp4netns, which has no place beside others', runAgain);
    default:
      return refuse('container sharing network namespace with another container or host cannot be connected to any other network', runAgain);
  }
};

/** Writes down which networks the container has, and makes it so where it runs. What fails leaves all as it was. The caller has it `locked`. */
export const changeNetworks = async (paths: Paths, container: Container, networks: readonly NetworkWish[], endpointsAfter: (now: readonly Endpoint[], spec: SkiffSpec) => readonly Endpoint[]): Promise<void> => {
  const { id, directory, spec, state } = container;
  const write = (wishes: readonly NetworkWish[]): void => changeSpecFile(directory, (members) => ({ ...members, networks: wishes }));
  if (state.status !== 'running') return write(networks);
  const changed = { ...spec, networks };
  const before = readEndpoints(directory);
  const after = endpointsAfter(before, changed);
  const without = (all: readonly Endpoint[], others: readonly Endpoint[]): readonly Endpoint[] => all.filter(({ endpointId }) => !others.some((other) => other.endpointId === endpointId));
  try {
    write(networks);
    writeEndpoints(paths, changed, before, after);
    const outcome = await askWhileRunning(paths, id, () => orderNetwork(paths, id));
    if (outcome?.result === 'failed') fail({ _tag: 'System', operation: 'change the networks of', subject: spec.name, reason: outcome.words });
    // It has ended meanwhile: its next start takes an address anew.
    if (outcome === undefined || outcome.result === 'not-running') after.forEach((endpoint) => giveBack(paths, endpoint));
  } catch (error) {
    write(spec.networks ?? []);
    writeEndpoints(paths, spec, after, before);
    for (const endpoint of without(after, before)) giveBack(paths, endpoint);
    throw error;
  }
  for (const endpoint of without(before, after)) giveBack(paths, endpoint);
};

/** `body` while nobody else changes the networks or the name of the container that `word` means. Throws NotFound. */
export const locked = (paths: Paths, word: string, body: (container: Container) => Promise<void>): Promise<void> => {
  const { id, directory } = findContainer(paths, word);
  return withLock(paths, join(directory, 'rename.lock'), 'exclusive', () => body(readContainer(paths, id)));
};

/**
 * Puts a container into a network: at once where it runs, else from its next start on. Throws NotFound, Usage for wishes that the network cannot fulfil, Conflict where it
 * is there already or an address is taken, Refused where its network is not one of several.
 */
export const connectNetwork = async (paths: Paths, networkWord: string, word: string, flags: ConnectFlags): Promise<void> => {
  const network = findNetwork(paths, networkWord);
  if (network.driver === 'host') refuse('container cannot be disconnected from host network or connected to host network', 'run it with --network host, and no other');
  if (network.driver === 'null') refuse(isPrivate, 'run it with --network none, and no other');
  const wish = wishFrom(paths, network, flags);
  await locked(paths, word, async (container) => {
    const networks = networksOf(container);
    if (networks.some(({ name }) => name === network.name)) fail({ _tag: 'Conflict', message: `endpoint with name ${container.spec.name} already exists in network ${network.name}` });
    if (wish.name === defaultNetwork && wish.links.length > 0) refuse('links are only supported for user-defined networks', 'give them to skiff run, or make a network with names');
    checkWishes([...networks, wish]);
    await changeNetworks(paths, container, [...networks, wish], (now, spec) => [...now, takeWish(paths, spec, wish, now.map((endpoint) => endpoint.interface))]);
  });
};

/** What a container that is gone has left in a network is given back. */
const forget = (paths: Paths, network: Network, word: string): boolean => {
  const left = holdersOf(paths, network).find(({ containerName, containerId }) => containerName === word || containerId.startsWith(word));
  if (left !== undefined) releaseLeasesOf(paths, [left.containerId]);
  return left !== undefined;
};

/**
 * Takes a container out of a network: at once where it runs. With `force` one that is gone, too. Throws NotFound, Conflict where it is not in there.
 */
export const disconnectNetwork = async (paths: Paths, networkWord: string, word: string, force: boolean): Promise<void> => {
  const network = findNetwork(paths, networkWord);
  try {
    await locked(paths, word, async (container) => {
      const networks = container.spec.networks ?? [];
      if (!networks.some(({ name }) => name === network.name)) fail({ _tag: 'Conflict', message: `container ${word} is not connected to network ${network.name}` });
      await changeNetworks(paths, container, networks.filter(({ name }) => name !== network.name), (now) => now.filter(({ networkId }) => networkId !== network.id));
    });
  } catch (error) {
    const isGone = error instanceof SkiffFailure && error.error._tag === 'NotFound';
    if (!force || !isGone || !forget(paths, network, word)) throw error;
  }
};
