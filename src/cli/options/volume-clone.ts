import type { CommandTable } from './table.ts';

export const table = {
  name: 'volume-clone',
  aliases: ['volume clone'],
  category: 'Volumes',
  summary: 'Make a volume with a copy of what another one holds',
  usage: 'VOLUME NEW-VOLUME',
  interspersed: true,
  positionals: { min: 2, max: 2, complete: 'volumes' },
  flags: [
  ],
  examples: [
    { command: 'skiff volume clone pgdata pgdata-before', text: 'Keep what is there before an upgrade; where the file system shares blocks it costs no space' },
  ],
} as const satisfies CommandTable;
