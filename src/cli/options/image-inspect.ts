import { objectFormat, platform } from './shared.ts';
import type { CommandTable } from './table.ts';

export const table = {
  name: 'image-inspect',
  aliases: ['image inspect'],
  category: 'Images',
  summary: 'Show all that is known of one or more images',
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  interspersed: true,
  positionals: { min: 1, complete: 'images', completeAll: true },
  flags: [objectFormat, { ...platform, help: 'Refuse images of another platform' }],
  examples: [
    { command: 'skiff image inspect debian', text: 'Everything, as JSON' },
    { command: "skiff image inspect -f '{{.Config.Cmd}} {{.Architecture}}' debian", text: 'Two facts' },
  ],
} as const satisfies CommandTable;
