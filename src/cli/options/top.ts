import type { CommandTable } from './table.ts';

export const table = {
  name: 'top',
  aliases: ['container top'],
  category: 'Containers',
  summary: 'Show the processes of a container',
  usage: 'CONTAINER [PS OPTIONS]',
  interspersed: false,
  positionals: { min: 1, complete: 'containers' },
  flags: [],
  examples: [
    { command: 'skiff top web', text: 'Its processes, with the pids that the host knows' },
    { command: 'skiff top web -o pid,rss,args', text: 'Other columns, by the options of ps' },
  ],
} as const satisfies CommandTable;
