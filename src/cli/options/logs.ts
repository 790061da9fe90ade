import type { CommandTable } from './table.ts';

export const table = {
  name: 'logs',
  aliases: ['container logs'],
  category: 'Containers',
  summary: 'Show what a container has printed',
  usage: '[OPTIONS] CONTAINER',
  interspersed: true,
  positionals: { min: 1, max: 1, complete: 'containers' },
  flags: [
    { name: 'details', kind: 'bool', help: 'Show the attributes that --log-opt added, in front of each line' },
    { name: 'follow', short: 'f', kind: 'bool', help: 'Go on with what is printed from now on, until the container ends' },
    { name: 'since', kind: 'string', value: 'TIME', help: 'Only from this moment on: a date (2026-11-20T19:00:00Z), or how long ago (10m)' },
    { name: 'tail', short: 'n', kind: 'string', value: 'LINES', help: 'Only the last so many lines', default: 'all' },
    { name: 'timestamps', short: 't', kind: 'bool', help: 'Show the time of each line' },
    { name: 'until', kind: 'string', value: 'TIME', help: 'Only up to this moment, in the forms of --since' },
  ],
  examples: [
    { command: 'skiff logs -f --tail 20 web', text: 'The last twenty lines, and what comes' },
    { command: 'skiff logs --since 1h -t web', text: 'The last hour, with times' },
    { command: 'skiff logs web 2>/dev/null', text: 'Without what went to standard error' },
  ],
} as const satisfies CommandTable;
