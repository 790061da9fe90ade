/** The driver `bridge`: a bridge in the user's network namespace, and a veth pair for each container. Pure. */
import { fail } from '../../core/errors.ts';
import { refuse, usage } from '../../core/invalid.ts';
import { isIPv4 } from '../../core/ip.ts';
import { checkMtu, checkNames, checkOnly, commonRecords, isDeviceName, mtuOf, mtuOption } from './options.ts';
import type { NetworkDriver } from './driver.ts';
import type { Network } from '../types.ts';

const option = (name: string): string => `com.docker.network.bridge.${name}`;

const options: readonly string[] = [
  ...['name', 'enable_icc', 'enable_ip_masquerade', 'host_binding_ipv4', 'default_bridge', 'inhibit_ipv4', 'gateway_mode_ipv4', 'gateway_mode_ipv6'].map(option),
  mtuOption,
];

/** Group of bridges whose containers reach the world, and of those whose do not: the ruleset knows bridges by these. */
const groups = { egress: '1', internal: '2' } as const;

/** The bridge's device: a chosen name, or `br-` and the beginning of the id, as in Docker. */
export const bridgeName = ({ id, options: given }: Pick<Network, 'id' | 'options'>): string => given[option('name')] ?? `br-${id.slice(0, 12)}`;

const checkName = (network: Network, others: readonly Network[]): void => {
  const name = network.options[option('name')];
  if (name === undefined) return;
  if (!isDeviceName(name) || ['lo', 'tap0'].includes(name)) usage(`invalid --opt ${option('name')}=${name}`, "use up to 15 letters, digits, '_', '.' or '-', and neither lo nor tap0");
  const holder = others.find((other) => other.driver === 'bridge' && bridgeName(other) === name);
  if (holder !== undefined) fail({ _tag: 'Conflict', message: `network ${holder.name} has a bridge called ${name}`, hint: 'choose another name' });
};

const checkGatewayMode = ({ options: given }: Network, name: string): void => {
  const mode = given[option(name)];
  if (mode === undefined || mode === 'nat') return;
  if (!['nat-unprotected', 'routed', 'isolated'].includes(mode)) usage(`invalid --opt ${option(name)}=${mode}`, 'use nat');
  refuse(`--opt ${option(name)}=${mode}: the host cannot be given a route to containers without root`, 'use nat, and publish ports with -p');
};

const checkHostBinding = ({ options: given }: Network): void => {
  const address = given[option('host_binding_ipv4')];
  if (address === undefined || address === '0.0.0.0') return;
  if (!isIPv4(address)) usage(`invalid --opt ${option('host_binding_ipv4')}=${address}`, 'give an IPv4 address');
  refuse(`--opt ${option('host_binding_ipv4')}=${address}: published ports are the container's, which may be in several networks`, `publish with -p ${address}:PORT:PORT`);
};

/** A bridge of one's own, IPv4 and IPv6, with a way out or without. */
export const bridge: NetworkDriver = {
  name: 'bridge',
  options,
  hasEgress: true,
  hasGateway: () => true,
  device: bridgeName,
  check: (network, others) => {
    checkNames(network, options);
    checkName(network, others);
    checkMtu(network);
    checkHostBinding(network);
    for (const name of ['gateway_mode_ipv4', 'gateway_mode_ipv6']) checkGatewayMode(network, name);
    checkOnly(network, option('enable_icc'), true, 'containers of one network reach each other', 'make a network for each of them');
    checkOnly(network, option('enable_ip_masquerade'), true, "what leaves goes by slirp4netns, which has one address for all", 'use --internal, where nothing shall leave');
    checkOnly(network, option('default_bridge'), false, 'there is one default network, and it is there already', 'use it with --network bridge');
    checkOnly(network, option('inhibit_ipv4'), false, "the bridge's address is the containers' way out", 'use --internal, where nothing shall leave');
  },
  records: (network, endpoint) => {
    const mtu = String(mtuOf(network));
    const gateways = network.pools.flatMap(({ gateway, subnet }) => (gateway === undefined ? [] : [`${gateway}/${subnet.split('/')[1]}`]));
    const { endpointId, networkId, mac } = endpoint;
    return [
      ['bridge', bridgeName(network), network.internal ? groups.internal : groups.egress, mtu, ...gateways],
      ['endpoint', endpointId, networkId, 'veth', `veth${endpointId.slice(0, 11)}`, bridgeName(network), '', endpoint.interface, mac, mtu],
      ...commonRecords(endpoint),
    ];
  },
};
