import type { CommandTable } from './table.ts';

export const table = {
  name: 'system-shutdown',
  aliases: ['system shutdown'],
  category: 'System',
  summary: 'Stop all your containers as when the machine goes down',
  usage: '',
  interspersed: true,
  positionals: { min: 0, max: 0 },
  flags: [],
  examples: [{ command: 'skiff system shutdown', text: "Stop everything; 'skiff system boot' brings back what a restart policy asks for" }],
} as const satisfies CommandTable;
