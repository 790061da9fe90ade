import type { CommandTable } from './table.ts';

export const table = {
  name: 'volume-rm',
  aliases: ['volume rm', 'volume remove'],
  category: 'Volumes',
  summary: 'Remove one or more volumes, and what they hold',
  usage: '[OPTIONS] VOLUME [VOLUME...]',
  interspersed: true,
  positionals: { min: 1, complete: 'volumes', completeAll: true },
  flags: [
    { name: 'force', short: 'f', kind: 'bool', help: 'Take a volume that is not there for removed' },
  ],
  examples: [
    { command: 'skiff volume rm pgdata', text: 'Remove a volume that no container names, running or not' },
  ],
} as const satisfies CommandTable;
