import type { CommandTable } from './table.ts';

export const table = {
  name: 'diff',
  aliases: ['container diff'],
  category: 'Containers',
  summary: "List what a container has changed of its image's files",
  usage: 'CONTAINER',
  interspersed: true,
  positionals: { min: 1, max: 1, complete: 'containers' },
  flags: [],
  examples: [{ command: 'skiff diff web', text: 'Files added (A), changed (C) and deleted (D)' }],
} as const satisfies CommandTable;
