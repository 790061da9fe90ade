import { objectFormat } from './shared.ts';
import type { CommandTable } from './table.ts';

export const table = {
  name: 'container-inspect',
  aliases: ['container inspect'],
  category: 'Containers',
  summary: 'Show all that is known of containers',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  interspersed: true,
  positionals: { min: 1, complete: 'containers', completeAll: true },
  flags: [objectFormat, { name: 'size', short: 's', kind: 'bool', help: 'Count the bytes that a container takes on the disk' }],
  examples: [
    { command: "skiff container inspect -f '{{.HostConfig.NetworkMode}}' web", text: 'How it is connected' },
    { command: "skiff container inspect -s -f '{{.SizeRw}}' web", text: 'Bytes that it has written' },
  ],
} as const satisfies CommandTable;
