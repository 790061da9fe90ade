/** What macvlan and ipvlan have in common: they are devices on a parent, which is in the user's network namespace. Pure. */
import { fail } from '../../core/errors.ts';
import { refuse, usage } from '../../core/invalid.ts';
import { checkMtu, checkNames, commonRecords, isDeviceName, mtuOf } from './options.ts';
import type { HostFacts } from './driver.ts';
import type { PlanRecord } from '../../core/plan-record.ts';
import type { Endpoint, Network } from '../types.ts';

/** The parent's device: a chosen name, or Docker's for a network without one. */
export const parentName = ({ id, driver, options }: Pick<Network, 'id' | 'driver' | 'options'>): string =>
  options['parent'] ?? `${driver === 'ipvlan' ? 'di' : 'dm'}-${id.slice(0, 12)}`;

const hasParent = ({ driver }: Network): boolean => driver === 'macvlan' || driver === 'ipvlan';

/** Throws where the parent is the host's, which takes root, or another network's. */
const checkParent = (network: Network, others: readonly Network[], facts: HostFacts): void => {
  const { parent } = network.options;
  if (parent === undefined) return;
  if (!isDeviceName(parent) || ['lo', 'tap0', 'docker0'].includes(parent) || parent.startsWith('br-')) usage(`invalid --opt parent=${parent}`, 'leave parent away, and the network gets one of its own');
  if (facts.devices().includes(parent.replace(/\..*/, ''))) {
    refuse(`--opt parent=${parent}: ${parent} is a device of the host, and only root may put others on it`, 'leave parent away, and the network gets one of its own; to reach the world use driver bridge');
  }
  const holder = others.find((other) => hasParent(other) && parentName(other) === parent);
  if (holder !== undefined) fail({ _tag: 'Conflict', message: `network ${holder.name} is already using parent interface ${parent}`, hint: 'choose another name, or leave parent away' });
};

/** Everything that both drivers check. */
export const checkOnParent = (network: Network, others: readonly Network[], facts: HostFacts, known: readonly string[]): void => {
  const kind = network.driver === 'ipvlan' ? 'ipvlan' : 'macvlan';
  checkNames(network, known);
  if (!facts.hasDevice(kind)) refuse(`driver ${kind}: this kernel has no ${kind} devices`, `use driver bridge, or ask an administrator to load the module: modprobe ${kind}`);
  checkMtu(network);
  checkParent(network, others, facts);
};

/** One of `choices`, the first where the option is not given. Throws Usage. */
export const choiceOf = ({ options }: Pick<Network, 'options'>, name: string, choices: readonly [string, ...string[]]): string => {
  const given = options[name] ?? choices[0];
  return choices.includes(given) ? given : usage(`invalid --opt ${name}=${given}`, `use one of ${choices.join(', ')}`);
};

/** The records of an endpoint on a parent. */
export const recordsOnParent = (network: Network, endpoint: Endpoint, kind: 'macvlan' | 'ipvlan', mode: string): readonly PlanRecord[] => {
  const mtu = String(mtuOf(network));
  const { endpointId, networkId, mac } = endpoint;
  return [
    ['dummy', parentName(network), mtu],
    ['endpoint', endpointId, networkId, kind, '', parentName(network), mode, endpoint.interface, mac, mtu],
    ...commonRecords(endpoint),
  ];
};
