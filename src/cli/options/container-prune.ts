import type { CommandTable } from './table.ts';

export const table = {
  name: 'container-prune',
  aliases: ['container prune'],
  category: 'Containers',
  summary: 'Remove all containers that do not run',
  usage: '[OPTIONS]',
  interspersed: true,
  positionals: { min: 0, max: 0 },
  flags: [
    { name: 'filter', kind: 'list', value: 'KEY=VALUE', help: 'Remove only containers that match', suggestions: ['until=', 'label=', 'label!='] },
    { name: 'force', short: 'f', kind: 'bool', help: 'Do not ask' },
  ],
  examples: [
    { command: 'skiff container prune', text: 'Remove everything that has ended' },
    { command: 'skiff container prune -f --filter until=24h', text: 'Only what was made more than a day ago, without a question' },
  ],
} as const satisfies CommandTable;
