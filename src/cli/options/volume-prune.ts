import type { CommandTable } from './table.ts';

export const table = {
  name: 'volume-prune',
  aliases: ['volume prune'],
  category: 'Volumes',
  summary: 'Remove anonymous volumes that no container names',
  usage: '[OPTIONS]',
  interspersed: true,
  positionals: { min: 0, max: 0 },
  flags: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Remove volumes with a name too' },
    { name: 'filter', kind: 'list', value: 'KEY=VALUE', help: 'Remove only volumes that match', suggestions: ['label=', 'label!=', 'all='] },
    { name: 'force', short: 'f', kind: 'bool', help: 'Do not ask' },
  ],
  examples: [
    { command: 'skiff volume prune', text: 'Remove what containers have left that gave no name' },
    { command: 'skiff volume prune -af --filter label=scratch', text: 'Remove all that have this label and are not used, without a question' },
  ],
} as const satisfies CommandTable;
