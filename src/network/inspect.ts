/** What `skiff network inspect` shows: Docker's members in Docker's order (moby api/types/network). Pure. */
import type { Attached, Network, Pool } from './types.ts';

const poolView = ({ subnet, range, gateway, auxiliary }: Pool): object => ({
  Subnet: subnet,
  ...(range === undefined ? {} : { IPRange: range }),
  ...(gateway === undefined ? {} : { Gateway: gateway }),
  ...(Object.keys(auxiliary).length === 0 ? {} : { AuxiliaryAddresses: new Map(Object.entries(auxiliary)) }),
});

/** In the order of names, in which Go writes a map. */
const sorted = (record: Readonly<Record<string, string>>): ReadonlyMap<string, string> => new Map(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));

const containerView = ({ containerName, endpointId, mac, ipv4 = '', ipv6 = '' }: Attached): object => ({
  Name: containerName,
  EndpointID: endpointId,
  MacAddress: mac,
  IPv4Address: ipv4,
  IPv6Address: ipv6,
});

/** `attached`: by id. */
export const inspectedNetwork = (network: Network, attached: readonly Attached[]): object => ({
  Name: network.name,
  Id: network.id,
  Created: network.created,
  Scope: 'local',
  Driver: network.driver,
  EnableIPv4: network.enableIPv4,
  EnableIPv6: network.enableIPv6,
  IPAM: { Driver: 'default', Options: network.driver === 'host' || network.name === 'none' || network.name === 'bridge' ? null : new Map(), Config: network.pools.map(poolView) },
  Internal: network.internal,
  Attachable: network.attachable,
  Ingress: false,
  ConfigFrom: { Network: network.configFrom },
  ConfigOnly: network.configOnly,
  Containers: new Map(attached.map((container) => [container.containerId, containerView(container)])),
  Options: sorted(network.options),
  Labels: sorted(network.labels),
});
