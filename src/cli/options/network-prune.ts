import type { CommandTable } from './table.ts';

export const table = {
  name: 'network-prune',
  aliases: ['network prune'],
  category: 'Networks',
  summary: 'Remove all networks that no container is in',
  usage: '[OPTIONS]',
  interspersed: true,
  positionals: { min: 0, max: 0 },
  flags: [
    { name: 'filter', kind: 'list', value: 'KEY=VALUE', help: 'Remove only networks that match', suggestions: ['until=', 'label=', 'label!='] },
    { name: 'force', short: 'f', kind: 'bool', help: 'Do not ask' },
  ],
  examples: [{ command: 'skiff network prune -f --filter until=24h', text: 'Remove what was made more than a day ago and is not used, without a question' }],
} as const satisfies CommandTable;
