/** What a network is, and what a container has in one: the nouns of this folder. */

/** One range of addresses of a network; Docker's `IPAM.Config`. All addresses in canonical form (RFC 5952). */
export interface Pool {
  readonly family: 4 | 6;
  /** CIDR of the network's own address. */
  readonly subnet: string;
  /** CIDR inside of `subnet`, from which addresses are given; absent: all of it. */
  readonly range?: string;
  /** The bridge's own address, and the containers' default route. Absent for a network without one (a config-only network, or ipvlan in mode l3). */
  readonly gateway?: string;
  /** By name, addresses that are never given away. */
  readonly auxiliary: Readonly<Record<string, string>>;
}

export type DriverName = 'bridge' | 'macvlan' | 'ipvlan' | 'host' | 'null';

/** A network, as it is kept in `networks/NAME.json`; the members are Docker's. */
export interface Network {
  readonly name: string;
  /** 64 hex digits. */
  readonly id: string;
  /** RFC 3339. */
  readonly created: string;
  readonly driver: DriverName;
  readonly enableIPv4: boolean;
  readonly enableIPv6: boolean;
  /** At most one for each family. */
  readonly pools: readonly Pool[];
  readonly internal: boolean;
  readonly attachable: boolean;
  /** Only a set of options that other networks are made from. */
  readonly configOnly: boolean;
  /** The config-only network that it was made from; empty where there is none. */
  readonly configFrom: string;
  /** Options of the driver, as given. */
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

/** Where a lease of an endpoint is. */
export interface Lease {
  /** Its name is the address, and the lock on it. */
  readonly path: string;
  /** A second name of the same file, there while the endpoint is attached. */
  readonly up: string;
}

/** An address of an endpoint. */
export interface EndpointAddress {
  readonly address: string;
  /** Bits of the network part. */
  readonly prefix: number;
  readonly gateway?: string;
}

/** A container's place in a network, with the addresses that it holds there; kept in `endpoints.json` and told to the monitor. */
export interface Endpoint {
  readonly networkId: string;
  readonly networkName: string;
  /** 64 hex digits. */
  readonly endpointId: string;
  /** The device's name inside, `eth0`. */
  readonly interface: string;
  /** Six pairs of lower-case hex digits with colons. */
  readonly mac: string;
  readonly ipv4?: EndpointAddress;
  readonly ipv6?: EndpointAddress;
  /** As Docker's `Aliases`. */
  readonly aliases: readonly string[];
  /** As Docker's `DNSNames`: the container's name, the aliases, the short id; what 127.0.0.11 answers for. Empty in the default network. */
  readonly dnsNames: readonly string[];
  readonly leases: readonly Lease[];
}

/** What a container asks of a network. */
export interface EndpointWishes {
  readonly containerId: string;
  readonly containerName: string;
  readonly interface: string;
  readonly aliases: readonly string[];
  /** `--ip`: only in a network whose subnet was chosen by its user. */
  readonly ipv4?: string;
  /** `--ip6`. */
  readonly ipv6?: string;
  /** `--mac-address`; absent: made from the IPv4 address. */
  readonly mac?: string;
}

/** Somebody who is attached, as a lease tells it. */
export interface Attached {
  readonly containerId: string;
  readonly containerName: string;
  readonly endpointId: string;
  readonly mac: string;
  /** With prefix. */
  readonly ipv4?: string;
  readonly ipv6?: string;
}
