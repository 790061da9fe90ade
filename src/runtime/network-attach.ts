/** A container's places in its networks: addresses are taken, and what tells its helpers and itself of them is written into its directory. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { allWanted } from '../core/publish.ts';
import { hasLinks } from '../core/network-mode.ts';
import { writeFileAtomic } from '../system/files.ts';
import { readOptional } from '../system/read-optional.ts';
import { giveBack, releaseLeasesOf, takeEndpoint, upDirectory } from '../network/endpoints.ts';
import { findNetwork } from '../network/store.ts';
import { forwardersOf, withAddresses, resolverFileOf } from './etc-networks.ts';
import { defaultAddress, networkRecords, unreachable } from './network-file.ts';
import { portNotes } from './port-notes.ts';
import { encodePlan } from './plan-records.ts';
import { wishedInterface } from './spec-network.ts';
import type { PortSpan } from '../core/publish.ts';
import type { Endpoint } from '../network/types.ts';
import type { Publishing } from './network-file.ts';
import type { Paths } from '../system/paths.ts';
import type { ContainerSpec, NetworkWish, SkiffSpec } from './spec-types.ts';

const hostResolver = (): string => readOptional('/etc/resolv.conf');

/** The first of eth0, eth1, … that none of `taken` has. */
const freeInterface = (taken: readonly string[]): string => {
  for (let number = 0; ; number += 1) if (!taken.includes(`eth${number}`)) return `eth${number}`;
};

/**
 * Takes a place with an address in the network of `wish`. `taken` has the names of the devices that the container has already. Throws NotFound, Usage, Conflict; `giveBack`
 * undoes it.
 */
export const takeWish = (paths: Paths, { id, name }: Pick<SkiffSpec, 'id' | 'name'>, wish: NetworkWish, taken: readonly string[]): Endpoint =>
  takeEndpoint(paths, findNetwork(paths, wish.name), {
    containerId: id,
    containerName: name,
    interface: wishedInterface(wish) ?? freeInterface(taken),
    aliases: wish.aliases,
    ...(wish.ipv4 === undefined ? {} : { ipv4: wish.ipv4 }),
    ...(wish.ipv6 === undefined ? {} : { ipv6: wish.ipv6 }),
    ...(wish.mac === undefined ? {} : { mac: wish.mac }),
  });

/** In place, because the file is bound into the container; not at all where it says that already. */
const rewrite = (path: string, change: (text: string) => string): void => {
  const before = readFileSync(path, 'utf8');
  const after = change(before);
  if (after !== before) writeFileSync(path, after);
};

/** The kernel's range for ports that nobody chooses, in which Docker looks for free ones too; the second where it cannot be read (moby portallocator). */
const freePorts = (): PortSpan => {
  const [first = 0, last = 0] = readOptional('/proc/sys/net/ipv4/ip_local_port_range').split(/\s+/).map(Number);
  return first > 0 && first <= last ? { first, last } : { first: 49153, last: 65535 };
};

const publishingOf = (paths: Paths, skiff: SkiffSpec): Publishing => {
  const { published = [], exposed = [], publishAll = false } = skiff;
  return { ports: allWanted(published, exposed, publishAll), holders: portNotes(paths), container: skiff, free: freePorts };
};

/** Where the network file of a container is. */
export const networkFilePath = (paths: Paths, id: string): string => join(paths.containers, id, 'network');

/** Where it is written which places a container has. */
export const endpointsPath = (paths: Paths, id: string): string => join(paths.containers, id, 'endpoints.json');

/**
 * Writes down that the container has the places `after`, where it had `before` when this was written last: the network file, endpoints.json, /etc/hosts and
 * /etc/resolv.conf. `skiff` has a wish for each of the networks. A monitor has to be told. Repeatable. Returns warnings.
 */
export const writeEndpoints = (paths: Paths, skiff: SkiffSpec, before: readonly Endpoint[], after: readonly Endpoint[]): readonly string[] => {
  const directory = join(paths.containers, skiff.id);
  const attachments = after.flatMap((endpoint) => {
    const wish = skiff.networks?.find(({ name }) => name === endpoint.networkName);
    return wish === undefined ? [] : [{ network: findNetwork(paths, endpoint.networkName), endpoint, wish }];
  });
  const resolver = hostResolver();
  const publishing = publishingOf(paths, skiff);
  const records = networkRecords(publishing, attachments, forwardersOf(skiff, resolver), (networkId) => upDirectory(paths, networkId));
  rewrite(join(directory, 'hosts'), (text) => withAddresses(text, skiff, before, after));
  rewrite(join(directory, 'resolv.conf'), (text) => {
    const [plain, named] = [false, true].map((isNamed) => resolverFileOf(skiff, resolver, isNamed));
    // What the container has written itself stays.
    return text !== plain && text !== named ? text : (after.some(({ dnsNames }) => dnsNames.length > 0) ? named : plain) ?? text;
  });
  writeFileAtomic(endpointsPath(paths, skiff.id), JSON.stringify({ version: 1, endpoints: after }), { mode: 0o600 });
  writeFileAtomic(networkFilePath(paths, skiff.id), encodePlan(records), { mode: 0o600 });
  return unreachable(attachments, publishing);
};

/**
 * Takes a place in each network that the container asks for, and writes all of it down, before it is started; whoever calls has its marker, and none of its places is held
 * any more. Throws NotFound where a network is gone, Conflict where there is no address, having given back what it had taken.
 */
const attachNetworks = (paths: Paths, skiff: SkiffSpec): { readonly endpoints: readonly Endpoint[]; readonly warnings: readonly string[] } => {
  const endpoints: Endpoint[] = [];
  const wishes = skiff.networks ?? [];
  try {
    for (const wish of wishes) endpoints.push(takeWish(paths, skiff, wish, [...endpoints.map((endpoint) => endpoint.interface), ...wishes.flatMap((other) => wishedInterface(other) ?? [])]));
    return { endpoints, warnings: writeEndpoints(paths, skiff, [], endpoints) };
  } catch (error) {
    for (const endpoint of endpoints) giveBack(paths, endpoint);
    throw error;
  }
};

/** What a container gets by its networks: variables of its links, as `NAME=value`, and what a person should know. */
export interface Joined {
  readonly variables: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Puts a container that is about to be started into its networks. `again`: it was there before, and what a
 * killed monitor has left of its last run is given back first. Throws NotFound, Conflict, having given back what it had taken.
 */
export const joinNetworks = async (paths: Paths, spec: ContainerSpec, again: boolean): Promise<Joined> => {
  const { skiff } = spec;
  const before = again ? defaultAddress((await import('./endpoints-file.ts')).readEndpoints(join(paths.containers, skiff.id))) : undefined;
  if (again) releaseLeasesOf(paths, [skiff.id]);
  const variables = hasLinks(skiff.networks) ? (await import('./links.ts')).takeLinks(paths, spec) : [];
  const { endpoints, warnings } = attachNetworks(paths, skiff);
  const after = defaultAddress(endpoints);
  if (before !== undefined && after !== undefined && before !== after) (await import('./links.ts')).updateLinkers(paths, skiff.id, after);
  return { variables, warnings };
};
