import type { CommandTable } from './table.ts';

export const table = {
  name: 'system-df',
  aliases: ['system df'],
  category: 'System',
  summary: 'Show what images, containers and volumes take on the disk',
  usage: '[OPTIONS]',
  interspersed: true,
  positionals: { min: 0, max: 0 },
  flags: [
    {
      name: 'format',
      kind: 'string',
      value: 'TEMPLATE',
      help: "Print with a Go template; 'table TEMPLATE' adds column headings, 'json' prints JSON",
      suggestions: ['json', 'table'],
    },
    { name: 'verbose', short: 'v', kind: 'bool', help: 'List each image, container and volume' },
  ],
  examples: [
    { command: 'skiff system df', text: 'A line for each kind of thing' },
    { command: 'skiff system df -v', text: 'What each image shares with others, and what it has alone' },
  ],
} as const satisfies CommandTable;
