/** Flags that do not go with a container's network. Pure. */
import { usage } from '../core/invalid.ts';
import type { NetworkMode } from '../core/network-mode.ts';
import type { RunFlags } from './run-flags.ts';

/** What another container's network brings along, by the flag that would change it: Docker's words (moby runconfig/errors.go). */
const broughtAlong: readonly (readonly [keyof RunFlags, string])[] = [
  ['hostname', 'hostname and the network mode'],
  ['domainname', 'domainname and the network mode'],
  ['dns', 'dns and the network mode'],
  ['dnsSearch', 'dns-search and the network mode'],
  ['dnsOption', 'dns-option and the network mode'],
  ['addHost', 'custom host-to-IP mapping and the network mode'],
  ['expose', 'port exposing and the container type network mode'],
];

/** Throws Usage where a flag says something of a network that is another container's. */
export const checkNetworkConflicts = (flags: RunFlags, network: NetworkMode): void => {
  if (network.mode !== 'container') return;
  for (const [name, words] of broughtAlong) {
    const value = flags[name];
    if (value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0)) usage(`conflicting options: ${words}`, `that is what container ${network.container} has`);
  }
};
