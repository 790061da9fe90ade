import { objectFormat } from './shared.ts';
import type { CommandTable } from './table.ts';

export const table = {
  name: 'inspect',
  aliases: [],
  category: 'Containers',
  summary: 'Show all that is known of containers, images and networks',
  usage: '[OPTIONS] NAME|ID [NAME|ID...]',
  interspersed: true,
  positionals: { min: 1, complete: 'containers', completeAll: true },
  flags: [
    objectFormat,
    { name: 'size', short: 's', kind: 'bool', help: 'Count the bytes that a container takes on the disk' },
    { name: 'type', kind: 'string', value: 'TYPE', help: 'Look only among things of this type', choices: ['container', 'image', 'network', 'volume'] },
  ],
  examples: [
    { command: 'skiff inspect web', text: 'Everything, as JSON' },
    { command: "skiff inspect -f '{{.State.Status}} {{.State.ExitCode}}' web db", text: 'Two facts of two containers' },
    { command: "skiff inspect -f '{{json .Config}}' --type image debian", text: 'A part of an image, as JSON' },
  ],
} as const satisfies CommandTable;
