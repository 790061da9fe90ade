import type { CommandTable } from './table.ts';

const addresses = 'Addresses';
const swarm = 'there is no swarm';

export const table = {
  name: 'network-create',
  aliases: ['network create'],
  category: 'Networks',
  summary: 'Make a network',
  usage: '[OPTIONS] NETWORK',
  interspersed: true,
  positionals: { min: 1, max: 1 },
  flags: [
    { name: 'attachable', kind: 'bool', help: 'Note that containers may be attached by hand, as they always may' },
    { name: 'config-from', kind: 'string', value: 'NETWORK', help: 'Take addresses, options and labels from this config-only network', complete: 'networks' },
    { name: 'config-only', kind: 'bool', help: 'Make only a set of options for --config-from' },
    { name: 'driver', short: 'd', kind: 'string', value: 'DRIVER', help: 'Driver of the network', default: 'bridge', suggestions: ['bridge', 'macvlan', 'ipvlan'] },
    { name: 'internal', kind: 'bool', help: 'Let nothing in or out' },
    { name: 'label', kind: 'list', value: 'NAME[=VALUE]', help: 'Set a label' },
    {
      name: 'opt',
      short: 'o',
      kind: 'list',
      value: 'NAME=VALUE',
      help: 'Set an option of the driver',
      suggestions: ['com.docker.network.driver.mtu=', 'com.docker.network.bridge.name=', 'parent=', 'macvlan_mode=', 'ipvlan_mode='],
    },
    { name: 'scope', kind: 'string', value: 'SCOPE', help: 'Where the network is known', choices: ['local'] },
    { name: 'aux-address', kind: 'list', value: 'NAME=ADDRESS', help: 'Give this address to no container', group: addresses },
    { name: 'gateway', kind: 'list', value: 'ADDRESS', help: "The network's own address, which containers reach the world by", group: addresses },
    { name: 'ip-range', kind: 'list', value: 'CIDR', help: 'Give containers addresses from this part of the subnet', group: addresses },
    { name: 'ipam-driver', kind: 'string', value: 'DRIVER', help: 'Who gives addresses away', default: 'default', choices: ['default'], group: addresses },
    { name: 'ipv4', kind: 'bool', help: 'Give containers IPv4 addresses', default: 'true', group: addresses },
    { name: 'ipv6', kind: 'bool', help: 'Give containers IPv6 addresses, of a range of your own where no --subnet names one', group: addresses },
    { name: 'subnet', kind: 'list', value: 'CIDR', help: "The network's addresses; one IPv4 and one IPv6 range", group: addresses },
  ],
  refused: [
    { name: 'ingress', reason: `${swarm}, and so nothing to route to it`, instead: 'publish ports of containers with -p' },
    { name: 'ipam-opt', reason: 'the one IPAM driver that there is has no options', instead: 'choose addresses with --subnet, --ip-range, --gateway and --aux-address' },
  ],
  examples: [
    { command: 'skiff network create shop', text: 'A network in which containers find each other by name' },
    { command: 'skiff network create --internal --subnet 10.5.0.0/24 backend', text: 'One without a way out, with addresses of your choice' },
    { command: 'skiff network create --ipv6 both', text: 'One with IPv4 and IPv6' },
  ],
} as const satisfies CommandTable;
