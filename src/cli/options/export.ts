import type { CommandTable } from './table.ts';

export const table = {
  name: 'export',
  aliases: ['container export'],
  category: 'Containers',
  summary: "Write a container's file system as a tar archive",
  usage: '[OPTIONS] CONTAINER',
  interspersed: true,
  positionals: { min: 1, max: 1, complete: 'containers' },
  flags: [{ name: 'output', short: 'o', kind: 'string', value: 'FILE', help: 'Write to this file instead of standard output', complete: 'files' }],
  examples: [
    { command: 'skiff export -o web.tar web', text: 'Keep what a container has made of its image' },
    { command: 'skiff export web | skiff import - web:flat', text: 'An image of one layer' },
  ],
} as const satisfies CommandTable;
