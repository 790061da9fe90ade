import type { CommandTable } from './table.ts';

export const table = {
  name: 'system-prune',
  aliases: ['system prune'],
  category: 'System',
  summary: 'Remove what is not used, of all kinds',
  usage: '[OPTIONS]',
  interspersed: true,
  positionals: { min: 0, max: 0 },
  flags: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Remove every image that no container was made from, not only those without a name' },
    { name: 'filter', kind: 'list', value: 'KEY=VALUE', help: 'Remove only what matches', suggestions: ['until=', 'label=', 'label!='] },
    { name: 'force', short: 'f', kind: 'bool', help: 'Do not ask' },
    { name: 'volumes', kind: 'bool', help: 'Remove anonymous volumes that no container names, too' },
  ],
  examples: [
    { command: 'skiff system prune', text: 'Remove stopped containers, unused networks and images without a name' },
    { command: 'skiff system prune -af --filter until=168h', text: 'Everything that is not used and older than a week, without a question' },
  ],
} as const satisfies CommandTable;
