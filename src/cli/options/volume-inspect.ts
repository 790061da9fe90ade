import { objectFormat } from './shared.ts';
import type { CommandTable } from './table.ts';

export const table = {
  name: 'volume-inspect',
  aliases: ['volume inspect'],
  category: 'Volumes',
  summary: 'Show all that is known of volumes',
  usage: '[OPTIONS] VOLUME [VOLUME...]',
  interspersed: true,
  positionals: { min: 1, complete: 'volumes', completeAll: true },
  flags: [
    objectFormat,
  ],
  examples: [
    { command: 'skiff volume inspect pgdata', text: 'Everything, as JSON' },
    { command: "skiff volume inspect -f '{{.Mountpoint}}' pgdata", text: 'Where its data are' },
  ],
} as const satisfies CommandTable;
