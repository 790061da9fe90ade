import type { CommandTable } from './table.ts';

export const table = {
  name: 'port',
  aliases: ['container port'],
  category: 'Containers',
  summary: 'Show where the ports of a container are published',
  usage: 'CONTAINER [PORT[/PROTOCOL]]',
  interspersed: true,
  positionals: { min: 1, max: 2, complete: 'containers' },
  flags: [],
  examples: [
    { command: 'skiff port web', text: 'Every published port of web' },
    { command: 'skiff port web 80', text: 'The addresses at which port 80 is reached' },
  ],
} as const satisfies CommandTable;
