import { objectFormat } from './shared.ts';
import type { CommandTable } from './table.ts';

export const table = {
  name: 'network-inspect',
  aliases: ['network inspect'],
  category: 'Networks',
  summary: 'Show all that is known of networks',
  usage: '[OPTIONS] NETWORK [NETWORK...]',
  interspersed: true,
  positionals: { min: 1, complete: 'networks', completeAll: true },
  flags: [objectFormat, { name: 'verbose', short: 'v', kind: 'bool', help: "Show a swarm's services too, of which there are none" }],
  examples: [
    { command: 'skiff network inspect shop', text: 'Everything, with the containers that are in it' },
    { command: "skiff network inspect -f '{{range .IPAM.Config}}{{.Subnet}}{{end}}' shop", text: 'Its addresses' },
  ],
} as const satisfies CommandTable;
