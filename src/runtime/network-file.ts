/** The network file of a container: everything about its networks that may change while it runs, in plan format (helpers/README.md). Pure. */
import { defaultNetwork } from '../core/network-mode.ts';
import { driverOf } from '../network/drivers/choose.ts';
import { endpointRecords } from '../network/endpoints.ts';
import type { PortSpan, WantedPort } from '../core/publish.ts';
import type { PlanRecord } from '../core/plan-record.ts';
import type { Endpoint, Network } from '../network/types.ts';
import type { NetworkWish } from './spec-types.ts';

/** A container's place in one network. */
export interface Attachment {
  readonly network: Network;
  readonly endpoint: Endpoint;
  readonly wish: NetworkWish;
}

/** Whom its name server asks for names that are nobody's here. */
export interface Forwarders {
  readonly servers: readonly string[];
  /** Where they are reached from: the host's own may be on its loopback. */
  readonly from: 'host' | 'container';
  /** The user has asked for `ndots` of at least 1. */
  readonly ndots: boolean;
}

/** Whether containers reach the world by this network. */
export const hasEgress = ({ driver, internal }: Network): boolean => !internal && driverOf(driver)?.hasEgress === true;

const byPriority = (a: Attachment, b: Attachment): number => b.wish.gwPriority - a.wish.gwPriority || (a.network.name < b.network.name ? -1 : 1);

/** The network that leads to the world: the highest priority, then the first name, as in Docker. */
export const gatewayOf = (attachments: readonly Attachment[], family: 'ipv4' | 'ipv6'): Attachment | undefined =>
  attachments.filter(({ network, endpoint }) => hasEgress(network) && endpoint[family]?.gateway !== undefined).toSorted(byPriority)[0];

const routeOf = (attachments: readonly Attachment[], family: 'ipv4' | 'ipv6'): readonly PlanRecord[] => {
  const chosen = gatewayOf(attachments, family)?.endpoint;
  const gateway = chosen?.[family]?.gateway;
  return chosen === undefined || gateway === undefined ? [] : [['default-route', gateway, chosen.interface]];
};

/** The address of one of these places that is in the default network. */
export const defaultAddress = (places: readonly Endpoint[]): string | undefined => places.find(({ networkName }) => networkName === defaultNetwork)?.ipv4?.address;

/** Members of the object of attributes that events of this network have, with a comma between them. */
const eventText = (containerId: string, { name, driver }: Network): string => JSON.stringify({ container: containerId, name, type: driver }).slice(1, -1);

const placeRecords = (containerId: string, { network, endpoint, wish }: Attachment): readonly PlanRecord[] => [
  ...endpointRecords(network, endpoint),
  ...wish.linkLocal.map((address): PlanRecord => ['address', `${address}/${address.includes(':') ? 64 : 16}`]),
  ['endpoint-event', eventText(containerId, network)],
];

const nameRecords = (attachments: readonly Attachment[], { servers, from, ndots }: Forwarders, scopeOf: (networkId: string) => string): readonly PlanRecord[] => {
  const named = attachments.filter(({ endpoint }) => endpoint.dnsNames.length > 0);
  if (named.length === 0) return [];
  // What is asked from inside of an internal network stays there; what the host asked would not.
  const reachable = from === 'container' || attachments.some(({ network }) => hasEgress(network)) ? servers : [];
  return [
    ...named.map(({ network }): PlanRecord => ['dns-scope', scopeOf(network.id), network.name]),
    ...named.flatMap(({ wish }) => wish.links.map(({ alias, target }): PlanRecord => ['dns-link', alias, target])),
    ...reachable.map((address): PlanRecord => ['dns-server', address]),
    ['dns-from', from],
    ...(ndots ? [['dns-ndots'] as PlanRecord] : []),
  ];
};

/** What of a container's publishing is told to the helper that does it. */
export interface Publishing {
  readonly ports: readonly WantedPort[];
  /** Where holders of ports make themselves known. */
  readonly holders: string;
  readonly container: { readonly id: string; readonly name: string };
  /** From which a port is taken that nobody has chosen. */
  readonly free: () => PortSpan;
}

/** Where published ports lead: to the network that leads to the world. What the container answers to directly, in any of its networks, must not be shown as a client. */
const targetRecords = (attachments: readonly Attachment[], family: 'ipv4' | 'ipv6'): readonly PlanRecord[] => {
  const place = gatewayOf(attachments, family)?.endpoint[family];
  const subnets = attachments.flatMap(({ network }) => network.pools.flatMap((pool) => (pool.family === (family === 'ipv4' ? 4 : 6) ? [pool.subnet] : [])));
  return place?.gateway === undefined ? [] : [['port-target', place.address, place.gateway, ...subnets]];
};

const everywhere = ['0.0.0.0', '?::'];

const publishRecord = ({ protocol, address, port, host }: WantedPort, free: () => PortSpan): PlanRecord => {
  const { first, last } = host ?? free();
  return ['publish', protocol, `${first}`, `${last}`, `${port}`, ...(address === undefined ? everywhere : [address])];
};

/** Those that have no choice come first, so that none of the others takes what they need. */
const publishRecords = (attachments: readonly Attachment[], { ports, holders, container, free }: Publishing): readonly PlanRecord[] => {
  if (ports.length === 0) return [];
  const isFixed = ({ host }: WantedPort): boolean => host !== undefined && host.first === host.last;
  return [
    ...[...ports.filter(isFixed), ...ports.filter((port) => !isFixed(port))].map((port) => publishRecord(port, free)),
    ...targetRecords(attachments, 'ipv4'),
    ...targetRecords(attachments, 'ipv6'),
    ['port-holders', holders, container.id, container.name],
  ];
};

const nameOf = ({ network: { name, driver, internal } }: Attachment): string => `network ${name} (${internal ? 'internal' : driver})`;

/** What of a container's publishing has no effect, as things are: Docker says nothing of it. */
export const unreachable = (attachments: readonly Attachment[], { ports, container }: Publishing): readonly string[] => {
  if (ports.length === 0 || attachments.length === 0 || attachments.some(({ network }) => hasEgress(network))) return [];
  return [`no published port leads to this container: ${attachments.map(nameOf).join(', ')} can be reached from no host; add a bridge with 'skiff network connect bridge ${container.name}'`];
};

/** All records. `scopeOf` says where the leases of a network are whose owners are attached. */
export const networkRecords = (publishing: Publishing, attachments: readonly Attachment[], forwarders: Forwarders, scopeOf: (networkId: string) => string): readonly PlanRecord[] => [
  ...attachments.flatMap((attachment) => placeRecords(publishing.container.id, attachment)),
  ...routeOf(attachments, 'ipv4'),
  ...routeOf(attachments, 'ipv6'),
  ...nameRecords(attachments, forwarders, scopeOf),
  ...publishRecords(attachments, publishing),
];
