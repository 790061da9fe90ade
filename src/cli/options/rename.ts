import type { CommandTable } from './table.ts';

export const table = {
  name: 'rename',
  aliases: ['container rename'],
  category: 'Containers',
  summary: 'Give a container another name',
  usage: 'CONTAINER NEW_NAME',
  interspersed: true,
  positionals: { min: 2, max: 2, complete: 'containers' },
  flags: [],
  examples: [{ command: 'skiff rename web web-old', text: 'Make room for a new one of the same name' }],
} as const satisfies CommandTable;
