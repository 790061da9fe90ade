import { objectFormat } from './shared.ts';
import type { CommandTable } from './table.ts';

export const table = {
  name: 'info',
  aliases: ['system info'],
  category: 'System',
  summary: 'Show what Skiff found on this machine and what it chose',
  usage: '[OPTIONS]',
  interspersed: true,
  positionals: { min: 0, max: 0 },
  flags: [objectFormat],
  examples: [
    { command: 'skiff info', text: 'Storage driver and why, ids, directories, missing programs' },
    { command: "skiff info --format '{{.Driver}}'", text: 'Only the storage driver' },
  ],
} as const satisfies CommandTable;
