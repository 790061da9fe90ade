import type { CommandTable } from './table.ts';

export const table = {
  name: 'volume-export',
  aliases: ['volume export'],
  category: 'Volumes',
  summary: 'Write what a volume holds as a tar archive',
  usage: '[OPTIONS] VOLUME',
  interspersed: true,
  positionals: { min: 1, max: 1, complete: 'volumes' },
  flags: [
    { name: 'output', short: 'o', kind: 'string', value: 'FILE', help: 'Write to this file instead of standard output', complete: 'files' },
  ],
  examples: [
    { command: 'skiff volume export -o pgdata.tar pgdata', text: 'A copy of a volume, owners and all' },
    { command: 'skiff volume export pgdata | ssh elsewhere skiff volume import pgdata', text: 'Take a volume to another machine' },
  ],
} as const satisfies CommandTable;
