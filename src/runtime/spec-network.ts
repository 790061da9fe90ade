/** The networks of a container: which, and what is wished for in each. Pure. */
import { fail } from '../core/errors.ts';
import { need, refuse, usage } from '../core/invalid.ts';
import { parseAttachment, readIPv4, readIPv6, readLinkLocal, readMac } from '../core/network-attachment.ts';
import { defaultNetwork, networkNameOf, parseNetwork } from '../core/network-mode.ts';
import { shortId } from '../core/names.ts';
import type { NetworkAttachment } from '../core/network-attachment.ts';
import type { NetworkMode } from '../core/network-mode.ts';
import type { RunFlags } from './run-flags.ts';
import type { ContainerView, HostView, NetworkWish } from './spec-types.ts';

/** What another container's network brings along, by the flag that would change it: Docker's words (moby runconfig/errors.go). */
const broughtAlong: readonly (readonly [keyof RunFlags, string])[] = [
  ['hostname', 'hostname and the network mode'],
  ['domainname', 'domainname and the network mode'],
  ['dns', 'dns and the network mode'],
  ['dnsSearch', 'dns-search and the network mode'],
  ['dnsOption', 'dns-option and the network mode'],
  ['addHost', 'custom host-to-IP mapping and the network mode'],
  ['publish', 'port publishing and the container type network mode'],
  ['publishAll', 'port publishing and the container type network mode'],
  ['expose', 'port exposing and the container type network mode'],
];

const isGiven = (value: unknown): boolean => value !== undefined && value !== '' && value !== false && !(Array.isArray(value) && value.length === 0);

/** Throws Usage where a flag says something of a network that is another container's. */
const checkShared = (flags: RunFlags, network: NetworkMode): void => {
  if (network.mode !== 'container') return;
  for (const [name, words] of broughtAlong) {
    if (isGiven(flags[name])) usage(`conflicting options: ${words}`, `that is what container ${network.container} has`);
  }
};

const makeOne = "make a network with 'skiff network create', and use it with --network";

/** The wishes for a first network that has no place for them, in Docker's words. */
const checkWithout = (flags: RunFlags, attachment: NetworkAttachment, network: NetworkMode): void => {
  const has = (name: keyof RunFlags, member: keyof NetworkAttachment): boolean => isGiven(flags[name]) || isGiven(attachment[member]);
  if (has('macAddress', 'mac')) usage('conflicting options: mac-address and the network mode', makeOne);
  if (isGiven(flags.link)) {
    usage(network.mode === 'container' || network.mode === 'host' ? `conflicting options: ${network.mode} type network${network.mode === 'host' ? 'ing' : ''} can't be used with links. This would result in undefined behavior` : 'links are only supported for user-defined networks', makeOne);
  }
  if (has('networkAlias', 'aliases')) usage('network-scoped aliases are only supported for user-defined networks', makeOne);
  if (has('ip', 'ipv4') || has('ip6', 'ipv6')) usage('user specified IP address is supported on user defined networks only', makeOne);
  if (has('linkLocalIp', 'linkLocal')) usage('link-local addresses are only supported for user-defined networks', makeOne);
  if (Object.keys(attachment.driverOpts).length > 0) usage('driver options are only supported for user-defined networks', makeOne);
};

/** A stack of slirp4netns' own is outside of the networks that published ports lead to. */
const checkPublishing = (flags: RunFlags, { mode }: NetworkMode): void => {
  if (mode === 'slirp4netns' && (isGiven(flags.publish) || isGiven(flags.publishAll))) {
    refuse('ports of a container with --network slirp4netns cannot be published: its stack is its own, in no network that the host leads to', 'use --network bridge, or a network of your own');
  }
};

/** As Docker has it, the default network has neither names nor chosen addresses. */
const checkDefault = (wish: NetworkWish): void => {
  if (wish.name !== defaultNetwork) return;
  if (wish.aliases.length > 0) usage('network-scoped aliases are only supported for user-defined networks', makeOne);
  if (wish.ipv4 !== undefined || wish.ipv6 !== undefined) usage('user specified IP address is supported on user defined networks only', makeOne);
};

const both = (flag: string, words: string): never => usage(`conflicting options: cannot specify both --${flag} and per-network ${words}`);

/** One `--link`. Throws Usage, NotFound. */
export const linkOf = (text: string, find: (word: string) => Pick<ContainerView, 'id'> & Partial<Pick<ContainerView, 'networkOwner'>> | undefined): { readonly target: string; readonly alias: string } => {
  const [name = '', alias = name, ...rest] = text.split(':');
  if (name === '' || alias === '' || /\s/.test(alias) || rest.length > 0) return usage(`bad format for links: ${text}`, 'write --link CONTAINER or --link CONTAINER:ALIAS');
  const { id, networkOwner = id } = find(name.replace(/^\//, '')) ?? fail({ _tag: 'NotFound', kind: 'container', name, hint: "see 'skiff ps -a'" });
  return { target: shortId(networkOwner), alias: alias.replace(/^\//, '') };
};

/** On the default network a link is an address, and who is in the host's has none of its own. */
const requireOwnNetwork = (view: ContainerView | undefined): ContainerView | undefined =>
  view?.hasHostNetwork === true ? usage("conflicting options: host type networking can't be used with links. This would result in undefined behavior", `container ${view.name} has the host's network`) : view;

/** The wishes of single flags are the first network's (docker/cli, applyContainerOptions). */
const withFlags = (attachment: NetworkAttachment, flags: RunFlags, host: HostView): NetworkWish => {
  const { aliases, linkLocal } = attachment;
  if (aliases.length > 0 && isGiven(flags.networkAlias)) both('network-alias', 'alias');
  if (attachment.ipv4 !== undefined && isGiven(flags.ip)) both('ip', 'IPv4 address');
  if (attachment.ipv6 !== undefined && isGiven(flags.ip6)) both('ip6', 'IPv6 address');
  if (attachment.mac !== undefined && isGiven(flags.macAddress)) both('mac-address', 'MAC address');
  if (linkLocal.length > 0 && isGiven(flags.linkLocalIp)) both('link-local-ip', 'link-local IP addresses');
  return {
    ...attachment,
    aliases: [...aliases, ...(flags.networkAlias ?? [])],
    ...(isGiven(flags.ip) ? { ipv4: readIPv4(flags.ip ?? '', '--ip') } : {}),
    ...(isGiven(flags.ip6) ? { ipv6: readIPv6(flags.ip6 ?? '', '--ip6') } : {}),
    ...(isGiven(flags.macAddress) ? { mac: readMac(flags.macAddress ?? '', '--mac-address') } : {}),
    linkLocal: [...linkLocal, ...(flags.linkLocalIp ?? []).map((text) => readLinkLocal(text, '--link-local-ip'))],
    links: (flags.link ?? []).map((text) => linkOf(text, (word) => (attachment.name === defaultNetwork ? requireOwnNetwork(host.findContainer(word)) : host.findContainer(word)))),
  };
};

const interfaceOption = 'com.docker.network.endpoint.ifname';

/** The name of its device inside that a network's wish asks for. Throws Usage for options that no driver has. */
export const wishedInterface = ({ driverOpts }: Pick<NetworkWish, 'driverOpts'>): string | undefined => {
  for (const [key, value] of Object.entries(driverOpts)) {
    if (key !== interfaceOption) usage(`invalid driver-opt '${key}': no driver has such an option for a container`, `use ${interfaceOption}, or --sysctl`);
    if (!/^[A-Za-z][A-Za-z0-9_.-]{0,14}$/.test(value) || value === 'lo') usage(`invalid driver-opt ${key}=${value}: not the name of a device`);
  }
  return driverOpts[interfaceOption];
};

/** Throws where wishes do not go with their networks, or with each other. */
export const checkWishes = (wishes: readonly NetworkWish[]): void => {
  const interfaces = new Set<string>();
  for (const wish of wishes) {
    checkDefault(wish);
    const device = wishedInterface(wish);
    if (device !== undefined && interfaces.has(device)) usage(`two networks have a device called ${device}`);
    if (device !== undefined) interfaces.add(device);
    if (wishes.some((other) => other !== wish && other.name === wish.name)) usage(`network "${wish.name}" is specified multiple times`);
  }
};

export interface NetworkPlan {
  readonly network: NetworkMode;
  readonly networks?: readonly NetworkWish[];
}

const isUserDefined = (name: string, { mode }: NetworkMode): boolean => mode === 'networks' && name !== defaultNetwork;

const attachmentOf = (text: string): NetworkAttachment => {
  const attachment = parseAttachment(networkNameOf(text));
  return { ...attachment, name: networkNameOf(attachment.name) };
};

/** The networks that the flags name. Whether they exist is asked later. Throws SkiffFailure. */
export const planNetworks = (flags: RunFlags, host: HostView): NetworkPlan => {
  const [first, ...more] = [flags.network ?? '', ...(flags.moreNetworks ?? [])].map(attachmentOf) as [NetworkAttachment, ...NetworkAttachment[]];
  const network = need(parseNetwork(first.name));
  const others = more.map(({ name }) => ({ name, mode: need(parseNetwork(name)) }));
  if (others.some(({ name, mode }) => !isUserDefined(name, mode) || !isUserDefined(first.name, network))) {
    usage('conflicting options: cannot attach both user-defined and non-user-defined network-modes');
  }
  checkShared(flags, network);
  checkPublishing(flags, network);
  if (network.mode !== 'networks') {
    checkWithout(flags, first, network);
    return { network };
  }
  const networks = [withFlags(first, flags, host), ...more.map((attachment): NetworkWish => ({ ...attachment, links: [] }))];
  checkWishes(networks);
  return { network, networks };
};
