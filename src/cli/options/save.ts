import { platform } from './shared.ts';
import type { CommandTable } from './table.ts';

export const table = {
  name: 'save',
  aliases: ['image save'],
  category: 'Images',
  summary: 'Save images to an archive',
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  interspersed: true,
  positionals: { min: 1, complete: 'images', completeAll: true },
  flags: [
    { name: 'output', short: 'o', kind: 'string', value: 'FILE', help: 'Write to this file instead of standard output', complete: 'files' },
    { ...platform, help: 'Refuse images of another platform' },
  ],
  examples: [
    { command: 'skiff save -o both.tar app:1.0 debian', text: 'Two images in one archive' },
    { command: 'skiff save app | ssh host docker load', text: 'Straight to another machine' },
  ],
} as const satisfies CommandTable;
