import type { CommandTable } from './table.ts';

export const table = {
  name: 'network-disconnect',
  aliases: ['network disconnect'],
  category: 'Networks',
  summary: 'Take a container out of a network',
  usage: '[OPTIONS] NETWORK CONTAINER',
  interspersed: true,
  positionals: { min: 2, max: 2, complete: 'networks' },
  flags: [{ name: 'force', short: 'f', kind: 'bool', help: 'Give back what a container that is gone has left in the network' }],
  examples: [{ command: 'skiff network disconnect shop web', text: 'Its connections there end at once' }],
} as const satisfies CommandTable;
