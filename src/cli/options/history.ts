import { listFormat, noTrunc, platform } from './shared.ts';
import type { CommandTable } from './table.ts';

export const table = {
  name: 'history',
  aliases: ['image history'],
  category: 'Images',
  summary: 'Show how an image came about',
  usage: '[OPTIONS] IMAGE',
  interspersed: true,
  positionals: { min: 1, max: 1, complete: 'images' },
  flags: [
    listFormat,
    { name: 'human', short: 'H', kind: 'bool', help: 'Print sizes and dates for people; with false, bytes and dates in full', default: 'true' },
    noTrunc,
    { ...platform, help: 'Refuse an image of another platform' },
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Print only ids' },
  ],
  examples: [
    { command: 'skiff history debian', text: 'The steps, newest first, with the size that each added' },
    { command: "skiff history --no-trunc --format '{{.CreatedBy}}' app", text: 'The whole commands' },
  ],
} as const satisfies CommandTable;
