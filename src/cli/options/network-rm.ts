import type { CommandTable } from './table.ts';

export const table = {
  name: 'network-rm',
  aliases: ['network rm', 'network remove'],
  category: 'Networks',
  summary: 'Remove one or more networks',
  usage: '[OPTIONS] NETWORK [NETWORK...]',
  interspersed: true,
  positionals: { min: 1, complete: 'networks', completeAll: true },
  flags: [{ name: 'force', short: 'f', kind: 'bool', help: 'Take a network that is not there for removed' }],
  examples: [{ command: 'skiff network rm shop', text: 'Remove a network that no container is in' }],
} as const satisfies CommandTable;
