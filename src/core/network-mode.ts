/** `--network none|host|container:NAME|slirp4netns[:OPTIONS]`, or a network's name. */
import { attempt, usage } from './invalid.ts';
import { addressInCidr, isIP } from './ip.ts';
import { wordHint } from './nearest.ts';
import type { Either } from 'fp-ts/Either';
import type { SkiffError } from './errors.ts';

/** A user-mode network stack of the container's own (slirp4netns(1)). */
export interface SlirpNetwork {
  readonly mode: 'slirp4netns';
  /** IPv4, prefix at most 24. */
  readonly cidr: string;
  readonly gateway: string;
  readonly dns: string;
  readonly address: string;
  readonly mtu: number;
  readonly hostLoopback: boolean;
  readonly ipv6: boolean;
  readonly outboundAddress?: string;
}

/** Another container's network namespace. */
export interface SharedNetwork {
  readonly mode: 'container';
  /** As typed. */
  readonly container: string;
  /** Id of the container that has made it, which may be one that is shared by that one; known when the container is made. */
  readonly owner?: string;
  /** The owner has the host's network. */
  readonly isHosts?: boolean;
}

/** Networks of one's own, by name: what is wished for in each stands beside (`SkiffSpec.networks`). */
export interface NamedNetworks {
  readonly mode: 'networks';
}

export type NetworkMode = { readonly mode: 'none' } | { readonly mode: 'host' } | NamedNetworks | SharedNetwork | SlirpNetwork;

/** Whether a container with this network is in the host's. */
export const isHostNetwork = (network: NetworkMode): boolean => network.mode === 'host' || (network.mode === 'container' && network.isHosts === true);

const optionNames: readonly string[] = ['allow_host_loopback', 'cidr', 'enable_ipv6', 'mtu', 'outbound_addr'];

const readBoolean = (value: string | undefined, key: string, text: string): boolean => {
  if (value === undefined || value === 'false') return false;
  return value === 'true' ? true : usage(`invalid --network '${text}': ${key}=${value} is neither true nor false`);
};

const readMtu = (value: string, text: string): number => {
  const mtu = Number(value);
  const ok = /^\d+$/.test(value) && mtu >= 576 && mtu <= 65521;
  return ok ? mtu : usage(`invalid --network '${text}': mtu=${value} is not between 576 and 65521`);
};

const readOptions = (list: string, text: string): ReadonlyMap<string, string> => {
  const options = new Map<string, string>();
  for (const option of list === '' ? [] : list.split(',')) {
    const [key = '', value = ''] = option.split(/=(.*)/s);
    if (!optionNames.includes(key)) return usage(`invalid --network '${text}': unknown option '${key}'`, wordHint(key, optionNames));
    options.set(key, value);
  }
  return options;
};

const parseSlirp = (list: string, text: string): SlirpNetwork => {
  const options = readOptions(list, text);
  const cidr = options.get('cidr') ?? '10.0.2.0/24';
  // slirp4netns gives .2 to itself, .3 to its name server and .100 to the guest.
  const [gateway, dns, address] = [addressInCidr(cidr, 2), addressInCidr(cidr, 3), addressInCidr(cidr, 100)];
  const outbound = options.get('outbound_addr');
  if (gateway === undefined || dns === undefined || address === undefined) {
    return usage(`invalid --network '${text}': '${cidr}' is not an IPv4 range with a prefix of 8 to 24`, 'write cidr=10.0.2.0/24');
  }
  if (outbound !== undefined && !isIP(outbound)) return usage(`invalid --network '${text}': '${outbound}' is not an IP address`);
  return {
    mode: 'slirp4netns',
    cidr,
    gateway,
    dns,
    address,
    mtu: readMtu(options.get('mtu') ?? '65520', text),
    hostLoopback: readBoolean(options.get('allow_host_loopback'), 'allow_host_loopback', text),
    ipv6: readBoolean(options.get('enable_ipv6'), 'enable_ipv6', text),
    ...(outbound === undefined ? {} : { outboundAddress: outbound }),
  };
};

const parseShared = (text: string): SharedNetwork => {
  const container = text.slice('container:'.length);
  return container === '' ? usage('invalid network mode: invalid container format container:<name|id>') : { mode: 'container', container };
};

/** The network of containers that ask for none; `default` and no word at all mean it, as in Docker. */
export const defaultNetwork = 'bridge';

/** Whether links on the default network are among these wishes: there they are more than names. */
export const hasLinks = (wishes: readonly { readonly name: string; readonly links: readonly unknown[] }[] | undefined): boolean =>
  wishes !== undefined && wishes.some(({ name, links }) => name === defaultNetwork && links.length > 0);

/** The name of the network that `text` means. */
export const networkNameOf = (text: string): string => (text === '' || text === 'default' ? defaultNetwork : text);

/** The network of a container. What is none of the modes is a network's name, whether that exists or not. */
export const parseNetwork = (text: string): Either<SkiffError, NetworkMode> =>
  attempt(() => {
    if (text === 'none' || text === 'host') return { mode: text };
    if (text === 'slirp4netns' || text.startsWith('slirp4netns:')) return parseSlirp(text.slice('slirp4netns:'.length), text);
    if (text.startsWith('container:')) return parseShared(text);
    return { mode: 'networks' };
  });
