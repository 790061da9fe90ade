import type { CommandTable } from './table.ts';

export const table = {
  name: 'unpause',
  aliases: ['container unpause'],
  category: 'Containers',
  summary: 'Let all processes of one or more paused containers go on',
  usage: 'CONTAINER [CONTAINER...]',
  interspersed: true,
  positionals: { min: 1, complete: 'containers', completeAll: true },
  flags: [],
  examples: [{ command: 'skiff unpause job', text: 'Let a paused container go on' }],
} as const satisfies CommandTable;
