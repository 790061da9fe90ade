/** The `NetworkSettings` of `inspect`. Pure. */
import { defaultNetwork } from '../core/network-mode.ts';
import { goMap } from '../images/inspect-config.ts';
import { portMapOf, readBound } from '../core/published-ports.ts';
import type { PortMap } from '../core/published-ports.ts';
import type { Endpoint } from '../network/types.ts';
import type { State } from './container-state.ts';
import type { NetworkWish, SkiffSpec } from './spec-types.ts';

type Subject = Pick<SkiffSpec, 'network' | 'exposed' | 'networks'>;

/**
 * NetworkSettings.Ports of `inspect`, which `port` and `ps` show too: exposed ports and open ones, as long as there is a network of the container's own on which they
 * could be reached.
 */
export const portMap = ({ network, exposed = [] }: Pick<SkiffSpec, 'network' | 'exposed'>, { status, ports = [] }: Pick<State, 'status' | 'ports'>): PortMap =>
  status === 'running' && (network.mode === 'slirp4netns' || network.mode === 'networks') ? portMapOf(exposed, readBound(ports)) : new Map();

/** Names of the networks that a container is in or would be in; of those that are shared none, as in Docker. */
export const networkNames = ({ network, networks = [] }: Pick<SkiffSpec, 'network' | 'networks'>): readonly string[] => {
  if (network.mode === 'networks') return networks.map(({ name }) => name).toSorted();
  return network.mode === 'container' ? [] : [network.mode];
};

interface Addresses {
  readonly Gateway: string;
  readonly IPAddress: string;
  readonly IPPrefixLen: number;
  readonly IPv6Gateway: string;
  readonly GlobalIPv6Address: string;
  readonly GlobalIPv6PrefixLen: number;
}

const noAddresses: Addresses = { Gateway: '', IPAddress: '', IPPrefixLen: 0, IPv6Gateway: '', GlobalIPv6Address: '', GlobalIPv6PrefixLen: 0 };

/** A network exists as long as its container runs; slirp4netns gives the same address to everyone. */
const slirpAddresses = ({ network }: Subject, running: boolean): Addresses =>
  running && network.mode === 'slirp4netns'
    ? { ...noAddresses, Gateway: network.gateway, IPAddress: network.address, IPPrefixLen: Number(network.cidr.split('/')[1]) }
    : noAddresses;

const addressesOf = ({ ipv4, ipv6 }: Endpoint): Addresses => ({
  Gateway: ipv4?.gateway ?? '',
  IPAddress: ipv4?.address ?? '',
  IPPrefixLen: ipv4?.prefix ?? 0,
  IPv6Gateway: ipv6?.gateway ?? '',
  GlobalIPv6Address: ipv6?.address ?? '',
  GlobalIPv6PrefixLen: ipv6?.prefix ?? 0,
});

const wished = ({ ipv4, ipv6, linkLocal }: NetworkWish): object | null => {
  const given = { ...(ipv4 === undefined ? {} : { IPv4Address: ipv4 }), ...(ipv6 === undefined ? {} : { IPv6Address: ipv6 }), ...(linkLocal.length === 0 ? {} : { LinkLocalIPs: linkLocal }) };
  return Object.keys(given).length === 0 ? null : given;
};

const orNull = <A>(list: readonly A[]): readonly A[] | null => (list.length === 0 ? null : list);

const withoutNetwork = {
  IPAMConfig: null,
  Links: null,
  Aliases: null,
  MacAddress: '',
  DriverOpts: null,
  GwPriority: 0,
  NetworkID: '',
  EndpointID: '',
};

/** Docker's `EndpointSettings`; what only a container that runs has is empty without `endpoint`. */
const settingsOf = (wish: NetworkWish, endpoint: Endpoint | undefined, networkId: string): object => ({
  IPAMConfig: wished(wish),
  Links: orNull((wish.name === defaultNetwork ? [] : wish.links).map(({ target, alias }) => `${target}:${alias}`)),
  Aliases: orNull(wish.aliases),
  MacAddress: endpoint?.mac ?? '',
  DriverOpts: Object.keys(wish.driverOpts).length === 0 ? null : goMap(wish.driverOpts),
  GwPriority: wish.gwPriority,
  NetworkID: networkId,
  EndpointID: endpoint?.endpointId ?? '',
  ...(endpoint === undefined ? noAddresses : addressesOf(endpoint)),
  DNSNames: orNull(endpoint?.dnsNames ?? []),
});

const networksOf = (spec: Subject, running: boolean, endpoints: readonly Endpoint[]): Readonly<Record<string, object>> => {
  if (spec.network.mode !== 'networks') return Object.fromEntries(networkNames(spec).map((name) => [name, { ...withoutNetwork, ...slirpAddresses(spec, running), DNSNames: null }]));
  return Object.fromEntries((spec.networks ?? []).map((wish) => {
    const last = endpoints.find(({ networkName }) => networkName === wish.name);
    return [wish.name, settingsOf(wish, running ? last : undefined, last?.networkId ?? '')];
  }));
};

/** The members of `NetworkSettings` itself speak of the default network alone, for old clients. */
const oldMembers = (spec: Subject, running: boolean, endpoints: readonly Endpoint[]): Addresses & { readonly EndpointID: string; readonly MacAddress: string } => {
  const endpoint = running ? endpoints.find(({ networkName }) => networkName === defaultNetwork) : undefined;
  return { ...(endpoint === undefined ? slirpAddresses(spec, running) : addressesOf(endpoint)), EndpointID: endpoint?.endpointId ?? '', MacAddress: endpoint?.mac ?? '' };
};

/** `state` says whether it has a process, where its network namespace is found. `endpoints`: the places that it had when they were written last. */
export const inspectedNetwork = (spec: Subject, state: Pick<State, 'pid' | 'status' | 'ports'>, endpoints: readonly Endpoint[]): object => {
  const { pid } = state;
  const running = pid > 0;
  const old = oldMembers(spec, running, endpoints);
  return {
    Bridge: '',
    SandboxID: '',
    SandboxKey: running ? `/proc/${pid}/ns/net` : '',
    Ports: running ? portMap(spec, state) : new Map(),
    // Docker has these five for old clients, and never sets them.
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: old.EndpointID,
    Gateway: old.Gateway,
    GlobalIPv6Address: old.GlobalIPv6Address,
    GlobalIPv6PrefixLen: old.GlobalIPv6PrefixLen,
    IPAddress: old.IPAddress,
    IPPrefixLen: old.IPPrefixLen,
    IPv6Gateway: old.IPv6Gateway,
    MacAddress: old.MacAddress,
    Networks: goMap(networksOf(spec, running, endpoints)),
  };
};
