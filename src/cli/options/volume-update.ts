import type { CommandTable } from './table.ts';

export const table = {
  name: 'volume-update',
  aliases: ['volume update'],
  category: 'Volumes',
  summary: 'Change a volume of a swarm, of which there are none',
  usage: '[OPTIONS] [VOLUME]',
  interspersed: true,
  positionals: { min: 0, max: 1, complete: 'volumes' },
  refused: [{ name: 'availability', reason: 'it is for the volumes of a swarm, and there is none', instead: 'leave it out' }],
  flags: [
  ],
  examples: [
  ],
} as const satisfies CommandTable;
