import type { CommandTable } from './table.ts';

export const table = {
  name: 'tag',
  aliases: ['image tag'],
  category: 'Images',
  summary: 'Give an image another name',
  usage: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
  interspersed: true,
  positionals: { min: 2, max: 2, complete: 'images' },
  flags: [],
  examples: [
    { command: 'skiff tag app:latest app:1.0', text: 'Keep what is latest now under a name of its own' },
    { command: 'skiff tag 4f2a registry.example.com/team/app', text: 'Name an image for a registry, by the beginning of its id' },
  ],
} as const satisfies CommandTable;
