/** The text of /etc/hosts, /etc/resolv.conf and /etc/hostname as Docker writes them. */
import { dirname, join } from 'node:path';
import { egress } from '../network/egress.ts';
import { isIP } from '../core/ip.ts';
import type { HostEntry } from '../core/hosts.ts';
import type { SkiffSpec } from './spec-types.ts';
import type { NetworkMode } from '../core/network-mode.ts';

interface Subject {
  readonly id: string;
  readonly directory: string;
  readonly spec: Pick<SkiffSpec, 'network'>;
}

/** The container whose network it is. */
export const networkOwner = ({ id, spec: { network } }: Pick<Subject, 'id' | 'spec'>): string => (network.mode === 'container' ? (network.owner ?? id) : id);

/** Where the files are that a container's /etc has: with the network of another one they are that one's. */
export const etcDirectory = (container: Subject): string => join(dirname(container.directory), networkOwner(container));

const localHosts = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::\tip6-localnet',
  'ff00::\tip6-mcastprefix',
  'ff02::1\tip6-allnodes',
  'ff02::2\tip6-allrouters',
];

export interface HostsRequest {
  readonly network: NetworkMode;
  readonly hostname: string;
  readonly domainname?: string | undefined;
  readonly extra: readonly HostEntry[];
  /** The host's own /etc/hosts, asked for with `--network host` only. */
  readonly hostFile: () => string;
}

/** /etc/hosts: the local names, `--add-host` entries and the container's own name where it has an address; the host's file with its network. */
export const hostsFile = ({ network, hostname, domainname, extra, hostFile }: HostsRequest): string => {
  const added = extra.map(({ address, name }) => `${address}\t${name}`);
  if (network.mode === 'host') return joinLines([...hostFile().split('\n').filter((line) => line !== ''), ...added]);
  const names = domainname === undefined ? hostname : `${hostname}.${domainname} ${hostname}`;
  const own = network.mode === 'slirp4netns' ? [`${network.address}\t${names}`] : [];
  return joinLines([...localHosts, ...added, ...own]);
};

export interface ResolverRequest {
  readonly network: NetworkMode;
  /** In one of the networks containers know each other by name: a name server of our own answers, and asks others. */
  readonly named?: boolean;
  /** `--dns`, `--dns-search`, `--dns-option`; each list replaces the host's if it has members. */
  readonly nameservers: readonly string[];
  readonly search: readonly string[];
  readonly options: readonly string[];
  /** The host's own /etc/resolv.conf. */
  readonly hostFile: () => string;
}

interface ResolverFile {
  readonly nameservers: readonly string[];
  readonly search: readonly string[];
  readonly options: readonly string[];
}

/** resolv.conf(5): of several `search` or `domain` lines the last one holds; `options` add up. */
const readResolverFile = (text: string): ResolverFile => {
  const words = text.split('\n').map((line) => line.replace(/[#;].*/, '').trim().split(/\s+/));
  const of = (...keys: readonly string[]): readonly (readonly string[])[] => words.filter(([key = '']) => keys.includes(key)).map((line) => line.slice(1));
  return { nameservers: of('nameserver').flatMap((line) => line.slice(0, 1)), search: of('search', 'domain').at(-1) ?? [], options: of('options').flat() };
};

/** The name servers in the text of a resolv.conf. */
export const nameservers = (text: string): readonly string[] => readResolverFile(text).nameservers.filter(isIP);

/** Addresses that mean the host itself, or an interface of the host, and reach nothing from another network namespace. */
const isLocal = (address: string): boolean => /^127\.|^0\.0\.0\.0$|^::1?$|%/.test(address);

const inheritedNameservers = (network: NetworkMode, host: readonly string[]): readonly string[] => {
  if (network.mode === 'host') return host;
  const reachable = host.filter((address) => isIP(address) && !isLocal(address));
  if (network.mode === 'slirp4netns') return [network.dns, ...reachable];
  // The host's own is reached by slirp4netns' only.
  return network.mode === 'networks' && reachable.length < Math.max(1, host.length) ? [egress.dns, ...reachable] : reachable;
};

/** Where the name server of networks answers, as Docker's. */
const ownNameserver = '127.0.0.11';

/** A name without a dot is first of all a container's. */
const withDots = (options: readonly string[], named: boolean): readonly string[] => (named && !options.some((option) => option.startsWith('ndots:')) ? [...options, 'ndots:0'] : options);

/**
 * /etc/resolv.conf: what flags say, else what the host's file says, without nameservers on the host's loopback; first comes
 * slirp4netns's own, which asks the host's resolver whatever its address. `--dns-search .` means no search list.
 */
export const resolverFile = (request: ResolverRequest): string => {
  const { network, nameservers, search, options, named = false } = request;
  const text = request.hostFile();
  if (network.mode === 'host' && nameservers.length + search.length + options.length === 0) return text;
  const host = readResolverFile(text);
  const chosen = search.length > 0 ? search.filter((domain) => domain !== '.') : host.search;
  const chosenOptions = withDots(options.length > 0 ? options : host.options, named);
  const servers = named ? [ownNameserver] : nameservers.length > 0 ? nameservers : inheritedNameservers(network, host.nameservers);
  return joinLines([
    ...(chosen.length > 0 ? [`search ${chosen.join(' ')}`] : []),
    ...servers.map((address) => `nameserver ${address}`),
    ...(chosenOptions.length > 0 ? [`options ${chosenOptions.join(' ')}`] : []),
  ]);
};

/** /etc/hostname. */
export const hostnameFile = (hostname: string): string => `${hostname}\n`;

const joinLines = (lines: readonly string[]): string => (lines.length === 0 ? '' : `${lines.join('\n')}\n`);
