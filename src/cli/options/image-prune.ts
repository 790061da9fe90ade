import type { CommandTable } from './table.ts';

export const table = {
  name: 'image-prune',
  aliases: ['image prune'],
  category: 'Images',
  summary: 'Remove images that are not used',
  usage: '[OPTIONS]',
  interspersed: true,
  positionals: { min: 0, max: 0 },
  flags: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Remove every image that no container was made from, not only those without a name' },
    { name: 'filter', kind: 'list', value: 'KEY=VALUE', help: 'Remove only images that match', suggestions: ['until=', 'label=', 'label!='] },
    { name: 'force', short: 'f', kind: 'bool', help: 'Do not ask' },
  ],
  examples: [
    { command: 'skiff image prune', text: 'Remove images that have lost their names, and what killed commands left' },
    { command: 'skiff image prune -af --filter until=168h', text: 'Remove all unused images older than a week, without a question' },
  ],
} as const satisfies CommandTable;
