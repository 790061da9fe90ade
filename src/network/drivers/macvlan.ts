/** The driver `macvlan`: containers with MAC addresses of their own on one parent. Nothing leads out of it but what is on the parent. Pure. */
import { choiceOf, checkOnParent, parentName, recordsOnParent } from './parent.ts';
import { mtuOption } from './options.ts';
import type { NetworkDriver } from './driver.ts';
import type { Network } from '../types.ts';

const options: readonly string[] = ['parent', 'macvlan_mode', mtuOption];

const modeOf = (network: Pick<Network, 'options'>): string => choiceOf(network, 'macvlan_mode', ['bridge', 'private', 'vepa', 'passthru']);

/** Devices of their own on a parent that is ours. */
export const macvlan: NetworkDriver = {
  name: 'macvlan',
  options,
  hasEgress: false,
  hasGateway: () => true,
  device: parentName,
  check: (network, others, facts) => {
    modeOf(network);
    checkOnParent(network, others, facts, options);
  },
  records: (network, endpoint) => recordsOnParent(network, endpoint, 'macvlan', modeOf(network)),
};
