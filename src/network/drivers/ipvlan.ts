/** The driver `ipvlan`: containers that share their parent's MAC address. Pure. */
import { refuse } from '../../core/invalid.ts';
import { choiceOf, checkOnParent, parentName, recordsOnParent } from './parent.ts';
import { mtuOption } from './options.ts';
import type { NetworkDriver } from './driver.ts';
import type { Network } from '../types.ts';

const options: readonly string[] = ['parent', 'ipvlan_mode', 'ipvlan_flag', mtuOption];

const modeOf = (network: Pick<Network, 'options'>): string => choiceOf(network, 'ipvlan_mode', ['l2', 'l3', 'l3s']);

const checkFlag = (network: Network): void => {
  const flag = choiceOf(network, 'ipvlan_flag', ['bridge', 'private', 'vepa']);
  if (flag !== 'bridge') refuse(`--opt ipvlan_flag=${flag}: containers of one network reach each other`, 'make a network for each of them');
};

/** Addresses of their own on a parent that is ours; between networks only layer 3 in its modes. */
export const ipvlan: NetworkDriver = {
  name: 'ipvlan',
  options,
  hasEgress: false,
  hasGateway: (network) => modeOf(network) === 'l2',
  device: parentName,
  check: (network, others, facts) => {
    modeOf(network);
    checkFlag(network);
    checkOnParent(network, others, facts, options);
  },
  records: (network, endpoint) => recordsOnParent(network, endpoint, 'ipvlan', modeOf(network)),
};
