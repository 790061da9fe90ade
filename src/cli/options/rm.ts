import type { CommandTable } from './table.ts';

export const table = {
  name: 'rm',
  aliases: ['container rm', 'container remove'],
  category: 'Containers',
  summary: 'Remove one or more containers',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  interspersed: true,
  positionals: { min: 1, complete: 'containers', completeAll: true },
  flags: [
    { name: 'force', short: 'f', kind: 'bool', help: 'Kill a container that runs before removing it' },
    { name: 'link', short: 'l', kind: 'bool', help: 'Remove a link, CONTAINER/ALIAS, and no container' },
    { name: 'volumes', short: 'v', kind: 'bool', help: 'Remove its anonymous volumes too, unless another container names them' },
  ],
  examples: [
    { command: 'skiff rm web', text: 'Remove a container that has ended' },
    { command: 'skiff rm --link web/db', text: 'The container web does not know another one as db any more' },
    { command: 'skiff rm -f web db', text: 'Remove two containers, running or not' },
  ],
} as const satisfies CommandTable;
