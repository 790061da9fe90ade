import { listFormat, noTrunc } from './shared.ts';
import type { CommandTable } from './table.ts';

export const table = {
  name: 'images',
  aliases: ['image ls', 'image list'],
  category: 'Images',
  summary: 'List images',
  usage: '[OPTIONS] [REPOSITORY[:TAG]]',
  interspersed: true,
  positionals: { min: 0, max: 1, complete: 'images' },
  flags: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Show untagged intermediate images too' },
    { name: 'digests', kind: 'bool', help: 'Show digests' },
    { name: 'filter', short: 'f', kind: 'list', value: 'KEY=VALUE', help: 'Show only images that match', suggestions: ['reference=', 'dangling=true', 'label=', 'before=', 'since=', 'until='] },
    listFormat,
    noTrunc,
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Print only ids' },
  ],
  examples: [
    { command: 'skiff images', text: 'All images with their sizes' },
    { command: 'skiff images -q debian', text: "The ids of one repository's images" },
    { command: "skiff images --format '{{.Repository}}:{{.Tag}}'", text: 'Just the names' },
  ],
} as const satisfies CommandTable;
