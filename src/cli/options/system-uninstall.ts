import type { CommandTable } from './table.ts';

export const table = {
  name: 'system-uninstall',
  aliases: ['system uninstall'],
  category: 'System',
  summary: "Undo 'skiff system install'",
  usage: '',
  interspersed: true,
  positionals: { min: 0, max: 0 },
  flags: [],
  examples: [{ command: 'skiff system uninstall', text: 'Containers stay where they are when the machine starts the next time; what runs goes on' }],
} as const satisfies CommandTable;
