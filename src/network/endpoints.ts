/** A container's place in a network: taken with its addresses, given back with them, and told to the helpers as records. */
import { fail } from '../core/errors.ts';
import { refuse, usage } from '../core/invalid.ts';
import { newId } from '../system/new-id.ts';
import { parseAddress } from './cidr.ts';
import { driverOf } from './drivers/choose.ts';
import { allLeases, attachedLeases, forgetLeases, renameLease, returnLease, takeLease } from './leases.ts';
import { defaultBridge } from './predefined.ts';
import { isCurrent } from './store.ts';
import type { PlanRecord } from '../core/plan-record.ts';
import type { LeaseText } from './lease-file.ts';
import type { Attached, Endpoint, EndpointAddress, EndpointWishes, Lease, Network, Pool } from './types.ts';
import type { Paths } from '../system/paths.ts';

export { releaseLeasesOf } from './leases.ts';
export { upDirectory } from './places.ts';

const hexPairs = (bytes: readonly number[]): string => bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');

/** Docker's: `02:42` and the IPv4 address, which is unique within a network; at random where there is none. */
const macFor = (ipv4: string | undefined): string => {
  const value = ipv4 === undefined ? undefined : parseAddress(ipv4)?.value;
  const tail = value === undefined ? [...crypto.getRandomValues(new Uint8Array(4))] : [24n, 16n, 8n, 0n].map((shift) => Number((value >> shift) & 0xffn));
  return hexPairs([0x02, 0x42, ...tail]);
};

const checkWishes = (network: Network, { ipv4, ipv6 }: EndpointWishes): void => {
  if (network.configOnly) refuse(`network ${network.name} is only a set of options for others`, `make one with 'skiff network create --config-from ${network.name} NAME'`);
  if (ipv4 === undefined && ipv6 === undefined) return;
  if (network.id === defaultBridge.id) usage('invalid --ip: user specified IP address is supported on user defined networks only', "make one with 'skiff network create --subnet CIDR NAME'");
  for (const [family, wish] of [[4, ipv4], [6, ipv6]] as const) {
    if (wish !== undefined && !network.pools.some((pool) => pool.family === family)) usage(`invalid --ip${family === 6 ? '6' : ''} ${wish}: network ${network.name} has no IPv${family} subnet`);
  }
};

/** What its names are: its own, then those that were asked for, then the short id; each once. */
const namesOf = ({ containerId, containerName, aliases }: EndpointWishes): readonly string[] => [...new Set([containerName, ...aliases, containerId.slice(0, 12)])];

const placeOf = ({ subnet, gateway }: Pool, address: string): EndpointAddress => ({ address, prefix: Number(subnet.split('/')[1]), ...(gateway === undefined ? {} : { gateway }) });

/** Takes an address of each family, and gives all back where one cannot be had. */
const takeAddresses = (paths: Paths, network: Network, wishes: EndpointWishes, endpointId: string, names: readonly string[]) => {
  const taken: { readonly pool: Pool; readonly address: string; readonly lease: Lease; readonly mac: string }[] = [];
  try {
    for (const pool of [...network.pools].sort((a, b) => a.family - b.family)) {
      let mac = wishes.mac ?? taken[0]?.mac;
      const textOf = (address: string): LeaseText => {
        mac = wishes.mac ?? taken[0]?.mac ?? macFor(pool.family === 4 ? address : undefined);
        return { container: wishes.containerId, endpoint: endpointId, mac, address: `${address}/${pool.subnet.split('/')[1]}`, names };
      };
      const { path, up, address } = takeLease(paths, network, pool, pool.family === 4 ? wishes.ipv4 : wishes.ipv6, textOf);
      taken.push({ pool, address, lease: { path, up }, mac: mac ?? '' });
    }
    if (taken.length > 0 && isCurrent(paths, network)) return taken;
    return fail({ _tag: 'NotFound', kind: 'network', name: network.name });
  } catch (error) {
    for (const { lease } of taken) returnLease(lease);
    if (!isCurrent(paths, network)) forgetLeases(paths, network.id);
    throw error;
  }
};

/**
 * A place in `network` with an address of each of its families, which are taken when it returns: nobody else gets them until `giveBack`. The container must have
 * its marker already, so that healing finds what we leave when we are killed. Takes a listing of the network's leases and four more system calls for an address.
 * Throws Usage for addresses that the network does not have, Conflict where they are taken, NotFound where the network is gone, Refused for config-only ones.
 */
export const takeEndpoint = (paths: Paths, network: Network, wishes: EndpointWishes): Endpoint => {
  checkWishes(network, wishes);
  const endpointId = newId();
  const dnsNames = network.id === defaultBridge.id ? [] : namesOf(wishes);
  const taken = takeAddresses(paths, network, wishes, endpointId, namesOf(wishes));
  const of = (family: 4 | 6): EndpointAddress | undefined => taken.filter(({ pool }) => pool.family === family).map(({ pool, address }) => placeOf(pool, address))[0];
  const [ipv4, ipv6] = [of(4), of(6)];
  return {
    networkId: network.id,
    networkName: network.name,
    endpointId,
    interface: wishes.interface,
    mac: taken[0]?.mac ?? '',
    ...(ipv4 === undefined ? {} : { ipv4 }),
    ...(ipv6 === undefined ? {} : { ipv6 }),
    aliases: wishes.aliases,
    dnsNames,
    leases: taken.map(({ lease }) => lease),
  };
};

/** The endpoint of a container that is called otherwise now; its leases tell the new name. */
export const renameEndpoint = (paths: Paths, endpoint: Endpoint, oldName: string, name: string): Endpoint => {
  const renamed = (names: readonly string[]): readonly string[] => [...new Set([name, ...names.filter((known) => known !== oldName)])];
  const leaseNames = renamed(endpoint.dnsNames);
  for (const lease of endpoint.leases) renameLease(paths, lease, leaseNames);
  return { ...endpoint, dnsNames: endpoint.dnsNames.length === 0 ? [] : leaseNames };
};

/** Gives all addresses of an endpoint back. Idempotent. */
export const giveBack = (_paths: Paths, { leases }: Endpoint): void => leases.forEach(returnLease);

/** The records of an endpoint for the network file, those of its bridge or parent first. Pure. */
export const endpointRecords = (network: Network, endpoint: Endpoint): readonly PlanRecord[] => driverOf(network.driver)?.records(network, endpoint) ?? [];

/** Several leases of an endpoint as one. */
const merge = (leases: readonly LeaseText[]): readonly Attached[] => {
  const byEndpoint = new Map<string, Attached>();
  for (const { container, endpoint, mac, address, names } of leases) {
    const known = byEndpoint.get(endpoint) ?? { containerId: container, containerName: names[0] ?? '', endpointId: endpoint, mac };
    byEndpoint.set(endpoint, { ...known, ...(address.includes(':') ? { ipv6: address } : { ipv4: address }) });
  }
  return [...byEndpoint.values()].sort((a, b) => (a.containerId < b.containerId ? -1 : 1));
};

/** Who is attached to the network at this moment on this host, by id. */
export const endpointsOf = (paths: Paths, { id }: Pick<Network, 'id'>): readonly Attached[] => merge(attachedLeases(paths, id));

/** The same with those who are about to be attached, or have just been: who keeps the network from being removed. */
export const holdersOf = (paths: Paths, { id }: Pick<Network, 'id'>): readonly Attached[] => merge(allLeases(paths, id));
