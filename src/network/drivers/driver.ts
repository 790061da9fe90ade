/**
 * What a network driver is. A driver decides; it touches neither disk nor kernel. What it decides are records of the network file
 * (helpers/README.md), which the helpers make so.
 *
 * Room for an overlay driver, which spans several hosts: its network's record is in `networks/`, as every other's. Its `check` would take options that name
 * a store which is there already (etcd, for instance) and the address that this host is reached by; its `records` would give, beside the bridge, a record for a
 * VXLAN device as a port of that bridge in the holder's network namespace, with the VNI from the options, and one for each peer (address, MAC, host: what
 * `bridge fdb append` is told). Two things are the store's then rather than the disk's: addresses, which must be unique over all hosts (`leases.ts` is the only place
 * that takes them: the exclusive creation of a key stands for link(2), its expiry for the healing of dead owners), and the list of peers, which
 * changes while containers run: a small role beside the holder would watch the store, and set fdb entries and `up` directories of names by it. VXLAN's
 * UDP would leave by slirp4netns, so the port has to be published on each host like any other. Nothing else knows how many hosts there are.
 */
import type { PlanRecord } from '../../core/plan-record.ts';
import type { DriverName, Endpoint, Network } from '../types.ts';

/** What a driver can be asked about the host, so that deciding stays pure. */
export interface HostFacts {
  /** Names of the host's own network devices. */
  readonly devices: () => readonly string[];
  /** Whether the kernel has devices of this kind, or can load them. */
  readonly hasDevice: (kind: 'macvlan' | 'ipvlan') => boolean;
}

export interface NetworkDriver {
  readonly name: DriverName;
  /** Names of `--opt` that it takes, for hints. */
  readonly options: readonly string[];
  /** Whether containers reach the world beyond, where the network is not internal; then they wait for it. */
  readonly hasEgress: boolean;
  /** Whether the network's own address is a device's, so that nobody else may have it. */
  readonly hasGateway: (network: Pick<Network, 'options'>) => boolean;
  /** What there is of the network in the holder's namespace while containers are in it: a bridge, or the parent of their devices. */
  readonly device: (network: Network) => string;
  /** Throws Usage for an option that is malformed, Refused for one that cannot be had here, Conflict for what another of `others` has. */
  readonly check: (network: Network, others: readonly Network[], facts: HostFacts) => void;
  /** The records of `endpoint`, the devices that it needs first. */
  readonly records: (network: Network, endpoint: Endpoint) => readonly PlanRecord[];
}
