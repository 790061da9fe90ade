import type { CommandTable } from './table.ts';

export const table = {
  name: 'rm',
  aliases: ['container rm', 'container remove'],
  category: 'Containers',
  summary: 'Remove one or more containers',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  interspersed: true,
  positionals: { min: 1, complete: 'containers', completeAll: true },
  flags: [{ name: 'force', short: 'f', kind: 'bool', help: 'Kill a container that runs before removing it' }],
  examples: [
    { command: 'skiff rm web', text: 'Remove a container that has ended' },
    { command: 'skiff rm -f web db', text: 'Remove two containers, running or not' },
  ],
} as const satisfies CommandTable;
