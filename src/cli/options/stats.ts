import { listFormat, noTrunc } from './shared.ts';
import type { CommandTable } from './table.ts';

export const table = {
  name: 'stats',
  aliases: ['container stats'],
  category: 'Containers',
  summary: 'Show what containers use: processors, memory, network, disks',
  usage: '[OPTIONS] [CONTAINER...]',
  interspersed: true,
  positionals: { min: 0, complete: 'containers', completeAll: true },
  flags: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Show all containers, not only those that run' },
    listFormat,
    { name: 'no-stream', kind: 'bool', help: 'Print once, after a second, and end' },
    noTrunc,
  ],
  examples: [
    { command: 'skiff stats', text: 'All that run, anew every second, until Ctrl-C' },
    { command: "skiff stats --no-stream --format '{{.Name}} {{.MemUsage}}' web", text: 'The memory of one container, once' },
  ],
} as const satisfies CommandTable;
