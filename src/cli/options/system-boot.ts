import type { CommandTable } from './table.ts';

export const table = {
  name: 'system-boot',
  aliases: ['system boot'],
  category: 'System',
  summary: 'Start the containers that are to run when the machine does',
  usage: '',
  interspersed: true,
  positionals: { min: 0, max: 0 },
  flags: [],
  examples: [{ command: 'skiff system boot', text: 'What a restart policy asks for and does not run yet' }],
} as const satisfies CommandTable;
