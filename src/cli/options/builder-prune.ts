import type { CommandTable } from './table.ts';

export const table = {
  name: 'builder-prune',
  aliases: ['builder prune', 'buildx prune'],
  category: 'Images',
  summary: 'Forget what builds remember',
  usage: '[OPTIONS]',
  interspersed: true,
  positionals: { min: 0, max: 0 },
  flags: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Steps of images that are there too, and the caches of RUN --mount=type=cache' },
    { name: 'filter', kind: 'list', value: 'until=TIME', help: 'Only what is older than that', suggestions: ['until='] },
    { name: 'force', short: 'f', kind: 'bool', help: 'Do not ask' },
    { name: 'keep-storage', kind: 'string', value: 'SIZE', help: 'Keep the newest steps up to this size', aliases: ['max-used-space'] },
  ],
  refused: [
    { name: 'builder', reason: 'there are no builders to choose from', instead: 'leave it out' },
    { name: 'min-free-space', reason: 'what is free on a disk is shared with others', instead: 'use --keep-storage' },
    { name: 'reserved-space', reason: 'nothing is forgotten by itself', instead: 'use --keep-storage' },
    { name: 'verbose', reason: 'all that has gone is listed anyway', instead: 'leave it out' },
  ],
  examples: [
    { command: 'skiff builder prune', text: 'Steps whose layers no image has' },
    { command: 'skiff builder prune -af --filter until=168h', text: 'Everything older than a week, without a question' },
  ],
} as const satisfies CommandTable;
