import type { CommandTable } from './table.ts';

export const table = {
  name: 'volume-import',
  aliases: ['volume import'],
  category: 'Volumes',
  summary: 'Put a tar archive into a volume',
  usage: 'VOLUME [FILE|-]',
  interspersed: true,
  positionals: { min: 1, max: 2, complete: 'volumes' },
  flags: [
  ],
  examples: [
    { command: 'skiff volume import pgdata pgdata.tar', text: 'What the archive holds is added to what the volume holds' },
  ],
} as const satisfies CommandTable;
