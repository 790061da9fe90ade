import { listFormat } from './shared.ts';
import type { CommandTable } from './table.ts';

export const table = {
  name: 'doctor',
  aliases: ['system doctor'],
  category: 'System',
  summary: 'Check what this machine lacks, and clear up leftovers',
  usage: '[OPTIONS]',
  interspersed: true,
  positionals: { min: 0, max: 0 },
  flags: [
    listFormat,
    { name: 'repair', kind: 'bool', help: 'Remove what killed commands and containers have left' },
  ],
  examples: [
    { command: 'skiff doctor', text: 'What works, what does not, and what to do about it' },
    { command: 'skiff doctor --repair', text: 'The same after clearing up' },
    { command: "skiff doctor --format '{{if ne .Level \"ok\"}}{{.Text}}: {{.Remedy}}{{end}}'", text: 'Only what is not well' },
  ],
} as const satisfies CommandTable;
