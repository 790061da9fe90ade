import type { CommandTable } from './table.ts';

export const table = {
  name: 'rm',
  aliases: ['container rm', 'container remove'],
  category: 'Containers',
  summary: 'Remove one or more containers',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  interspersed: true,
  positionals: { min: 1, complete: 'containers', completeAll: true },
  refused: [{ name: 'link', short: 'l', reason: 'this version does not remove links by themselves yet', instead: 'leave it out to remove the container, or disconnect it from its network' }],
  flags: [
    { name: 'force', short: 'f', kind: 'bool', help: 'Kill a container that runs before removing it' },
    { name: 'volumes', short: 'v', kind: 'bool', help: 'Remove its anonymous volumes too, unless another container names them' },
  ],
  examples: [
    { command: 'skiff rm web', text: 'Remove a container that has ended' },
    { command: 'skiff rm -f web db', text: 'Remove two containers, running or not' },
  ],
} as const satisfies CommandTable;
