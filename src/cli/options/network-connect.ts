import type { CommandTable } from './table.ts';

export const table = {
  name: 'network-connect',
  aliases: ['network connect'],
  category: 'Networks',
  summary: 'Put a container into a network',
  usage: '[OPTIONS] NETWORK CONTAINER',
  interspersed: true,
  positionals: { min: 2, max: 2, complete: 'networks' },
  flags: [
    { name: 'alias', kind: 'list', value: 'NAME', help: 'Another name of the container in this network' },
    { name: 'driver-opt', kind: 'list', value: 'NAME=VALUE', help: 'Set an option of the driver for this container', suggestions: ['com.docker.network.endpoint.ifname='] },
    { name: 'gw-priority', kind: 'int', value: 'N', help: 'Of several networks, the one with the highest number leads to the world', default: '0' },
    { name: 'ip', kind: 'string', value: 'ADDRESS', help: 'IPv4 address, in a network whose subnet was chosen' },
    { name: 'ip6', kind: 'string', value: 'ADDRESS', help: 'IPv6 address' },
    { name: 'link', kind: 'list', value: 'CONTAINER[:NAME]', help: 'Another name of another container, for this one only' },
    { name: 'link-local-ip', kind: 'list', value: 'ADDRESS', help: 'Link-local address besides' },
  ],
  examples: [
    { command: 'skiff network connect shop web', text: 'A container that runs, or will, is in one more network' },
    { command: 'skiff network connect --alias db --ip 10.5.0.7 backend postgres', text: 'With another name and an address of your choice' },
  ],
} as const satisfies CommandTable;
