import { listFormat, noTrunc } from './shared.ts';
import type { CommandTable } from './table.ts';

export const table = {
  name: 'network-ls',
  aliases: ['network ls', 'network list'],
  category: 'Networks',
  summary: 'List networks',
  usage: '[OPTIONS]',
  interspersed: true,
  positionals: { min: 0, max: 0 },
  flags: [
    { name: 'filter', short: 'f', kind: 'list', value: 'KEY=VALUE', help: 'Show only networks that match', suggestions: ['dangling=', 'driver=', 'id=', 'label=', 'name=', 'scope=', 'type='] },
    listFormat,
    noTrunc,
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Print only ids' },
  ],
  examples: [
    { command: 'skiff network ls', text: 'Every network, the three that are always there too' },
    { command: 'skiff network ls -q --filter dangling=true', text: 'Ids of networks that no container is in' },
  ],
} as const satisfies CommandTable;
