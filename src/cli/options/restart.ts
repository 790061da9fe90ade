import type { CommandTable } from './table.ts';

export const table = {
  name: 'restart',
  aliases: ['container restart'],
  category: 'Containers',
  summary: 'Stop containers and start them again',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  interspersed: true,
  positionals: { min: 1, complete: 'containers', completeAll: true },
  flags: [
    { name: 'signal', short: 's', kind: 'string', value: 'SIGNAL', help: 'Signal that stops it, instead of its own', suggestions: ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGKILL'] },
    { name: 'timeout', short: 't', kind: 'int', value: 'SECONDS', help: 'How long it may take to end before it is killed; -1 for ever', aliases: ['time'] },
  ],
  examples: [
    { command: 'skiff restart web', text: 'Let a server read its configuration anew' },
    { command: 'skiff restart -t 2 web db', text: 'Two containers, one after the other, each with two seconds to end' },
  ],
} as const satisfies CommandTable;
