import type { CommandTable } from './table.ts';

export const table = {
  name: 'buildx-du',
  aliases: ['buildx du', 'builder du'],
  category: 'Images',
  summary: 'Show what builds remember, and how large it is',
  usage: '[OPTIONS]',
  interspersed: true,
  positionals: { min: 0, max: 0 },
  flags: [{ name: 'format', kind: 'string', value: 'FORMAT', help: 'A Go template, table or json' }],
  refused: [
    { name: 'builder', reason: 'there are no builders to choose from', instead: 'leave it out' },
    { name: 'filter', reason: 'the list cannot be filtered', instead: 'use --format and grep' },
    { name: 'verbose', reason: 'there is no longer form', instead: 'use --format json' },
  ],
  examples: [{ command: 'skiff buildx du', text: 'A line for each step and each cache' }],
} as const satisfies CommandTable;
