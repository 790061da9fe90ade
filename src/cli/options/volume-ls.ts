import { listFormat } from './shared.ts';
import type { CommandTable } from './table.ts';

export const table = {
  name: 'volume-ls',
  aliases: ['volume ls', 'volume list'],
  category: 'Volumes',
  summary: 'List volumes',
  usage: '[OPTIONS]',
  interspersed: true,
  positionals: { min: 0, max: 0 },
  flags: [
    { name: 'cluster', kind: 'bool', help: "Show only a swarm's volumes, of which there are none" },
    { name: 'filter', short: 'f', kind: 'list', value: 'KEY=VALUE', help: 'Show only volumes that match', suggestions: ['dangling=', 'driver=', 'label=', 'name='] },
    listFormat,
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Print only names' },
  ],
  examples: [
    { command: 'skiff volume ls', text: 'Every volume' },
    { command: 'skiff volume ls -q --filter dangling=true', text: 'Names of volumes that no container names' },
  ],
} as const satisfies CommandTable;
