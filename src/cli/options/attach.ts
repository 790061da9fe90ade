import { detachKeys } from './shared.ts';
import type { CommandTable } from './table.ts';

export const table = {
  name: 'attach',
  aliases: ['container attach'],
  category: 'Containers',
  summary: 'Connect your terminal to a running container',
  usage: '[OPTIONS] CONTAINER',
  interspersed: true,
  positionals: { min: 1, max: 1, complete: 'containers' },
  flags: [
    detachKeys,
    { name: 'no-stdin', kind: 'bool', help: 'Only show output; leave standard input alone' },
    { name: 'sig-proxy', kind: 'bool', help: 'Pass signals on to the command; with false they end only the attachment', default: 'true' },
  ],
  examples: [
    { command: 'skiff attach web', text: 'Go back to a container that was left with Ctrl-P Ctrl-Q, or started with -d' },
    { command: 'skiff attach --no-stdin --sig-proxy=false web', text: 'Watch the output; Ctrl-C stops watching' },
  ],
} as const satisfies CommandTable;
