import type { CommandTable } from './table.ts';

export const table = {
  name: 'pause',
  aliases: ['container pause'],
  category: 'Containers',
  summary: 'Make all processes of one or more containers stand still',
  usage: 'CONTAINER [CONTAINER...]',
  interspersed: true,
  positionals: { min: 1, complete: 'containers', completeAll: true },
  flags: [],
  examples: [{ command: 'skiff pause job', text: 'Give the processors to somebody else for a while' }],
} as const satisfies CommandTable;
