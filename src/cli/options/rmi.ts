import { platform } from './shared.ts';
import type { CommandTable } from './table.ts';

export const table = {
  name: 'rmi',
  aliases: ['image rm', 'image remove'],
  category: 'Images',
  summary: 'Remove one or more images',
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  interspersed: true,
  positionals: { min: 1, complete: 'images', completeAll: true },
  flags: [
    { name: 'force', short: 'f', kind: 'bool', help: 'Remove an image that has several names, or that a stopped container was made from' },
    { name: 'no-prune', kind: 'bool', help: 'Keep untagged parents; images have none here, so nothing changes' },
    { ...platform, help: 'Remove only an image of this platform' },
  ],
  examples: [
    { command: 'skiff rmi app:1.0', text: 'Remove a name, and the image with the last one' },
    { command: 'skiff rmi -f 4f2a', text: 'Remove an image with all of its names' },
  ],
} as const satisfies CommandTable;
