import { detachKeys } from './shared.ts';
import type { CommandTable } from './table.ts';

export const table = {
  name: 'start',
  aliases: ['container start'],
  category: 'Containers',
  summary: 'Start containers that were created or have ended',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  interspersed: true,
  positionals: { min: 1, complete: 'containers', completeAll: true },
  refused: [
    { name: 'checkpoint', reason: 'going on from a checkpoint takes CRIU with the rights of root', instead: "keep what a container has written with 'skiff commit'" },
    { name: 'checkpoint-dir', reason: 'going on from a checkpoint takes CRIU with the rights of root', instead: "keep what a container has written with 'skiff commit'" },
  ],
  flags: [
    { name: 'attach', short: 'a', kind: 'bool', help: 'Connect to the output and pass signals on; end with the exit code of the command' },
    detachKeys,
    { name: 'interactive', short: 'i', kind: 'bool', help: 'Connect to the output, and pass your input on as well' },
  ],
  examples: [
    { command: 'skiff start web db', text: 'Start two containers in the background' },
    { command: 'skiff start -ai shell', text: 'Go on with a shell that was left, in the files as they were' },
  ],
} as const satisfies CommandTable;
