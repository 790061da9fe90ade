/** The `NetworkSettings` of `inspect`. Pure. */
import { goMap } from '../images/inspect-config.ts';
import type { NetworkMode } from '../core/network-mode.ts';
import type { PortMap } from '../core/published-ports.ts';
import type { SkiffSpec } from './spec-types.ts';

interface Addresses {
  readonly Gateway: string;
  readonly IPAddress: string;
  readonly IPPrefixLen: number;
}

/** A network exists as long as its container runs; slirp4netns gives the same address to everyone. */
const addressesOf = (network: NetworkMode, running: boolean): Addresses =>
  running && network.mode === 'slirp4netns'
    ? { Gateway: network.gateway, IPAddress: network.address, IPPrefixLen: Number(network.cidr.split('/')[1]) }
    : { Gateway: '', IPAddress: '', IPPrefixLen: 0 };


/** The ports that show in listings: exposed ones, as long as there is a network of the container's own on which they could be reached. None are published. */
export const shownPorts = ({ network, exposed = [] }: Pick<SkiffSpec, 'network' | 'exposed'>, running: boolean): readonly string[] =>
  running && network.mode === 'slirp4netns' ? exposed : [];

/** NetworkSettings.Ports of `inspect`, which `port` shows too. */
export const portMap = (spec: Pick<SkiffSpec, 'network' | 'exposed'>, running: boolean): PortMap =>
  goMap(Object.fromEntries(shownPorts(spec, running).map((name) => [name, null])));

/** `pid` is the command's, 0 where it does not run: its network namespace is found there. */
export const inspectedNetwork = (spec: Pick<SkiffSpec, 'network' | 'exposed'>, pid: number): object => {
  const { network } = spec;
  const { Gateway, IPAddress, IPPrefixLen } = addressesOf(network, pid > 0);
  const endpoint = {
    IPAMConfig: null,
    Links: null,
    Aliases: null,
    MacAddress: '',
    DriverOpts: null,
    GwPriority: 0,
    NetworkID: '',
    EndpointID: '',
    Gateway,
    IPAddress,
    IPPrefixLen,
    IPv6Gateway: '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    DNSNames: null,
  };
  return {
    Bridge: '',
    SandboxID: '',
    SandboxKey: pid > 0 ? `/proc/${pid}/ns/net` : '',
    Ports: portMap(spec, pid > 0),
    // Docker has these five for old clients, and never sets them.
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: '',
    Gateway,
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    IPAddress,
    IPPrefixLen,
    IPv6Gateway: '',
    MacAddress: '',
    Networks: goMap(network.mode === 'container' ? {} : { [network.mode]: endpoint }),
  };
};
