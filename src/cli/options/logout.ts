import type { CommandTable } from './table.ts';

export const table = {
  name: 'logout',
  aliases: [],
  category: 'Images',
  summary: 'Log out from a registry',
  usage: '[SERVER]',
  interspersed: true,
  positionals: { min: 0, max: 1 },
  flags: [],
  examples: [{ command: 'skiff logout registry.example:5000', text: 'Forget name and password of this registry' }],
} as const satisfies CommandTable;
