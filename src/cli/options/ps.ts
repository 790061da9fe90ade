import { listFormat, noTrunc } from './shared.ts';
import type { CommandTable } from './table.ts';

export const table = {
  name: 'ps',
  aliases: ['container ls', 'container list', 'container ps'],
  category: 'Containers',
  summary: 'List containers',
  usage: '[OPTIONS]',
  interspersed: true,
  positionals: { min: 0, max: 0 },
  flags: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Show all containers, not only those that run' },
    { name: 'all-hosts', kind: 'bool', help: 'Show the containers of other hosts that share the home directory too, in the state that was last written down there' },
    { name: 'filter', short: 'f', kind: 'list', value: 'KEY=VALUE', help: 'Show only containers that match', suggestions: ['id=', 'name=', 'label=', 'status=', 'health=', 'ancestor=', 'exited=', 'network=', 'volume=', 'expose=', 'before=', 'since='] },
    listFormat,
    { name: 'last', short: 'n', kind: 'int', value: 'N', help: 'Show the N containers created last, in any state; -1 is no limit', default: '-1' },
    { name: 'latest', short: 'l', kind: 'bool', help: 'Show the container created last, in any state' },
    noTrunc,
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Print only ids' },
    { name: 'size', short: 's', kind: 'bool', help: 'Count the bytes that each container takes on the disk' },
  ],
  examples: [
    { command: 'skiff ps -a', text: 'Every container, those that have ended too' },
    { command: "skiff ps --format 'table {{.Names}}\\t{{.Status}}'", text: 'Two columns of your choice' },
    { command: 'skiff ps -a --all-hosts', text: 'What you have on every node of a cluster, with a column for the host' },
    { command: 'skiff rm $(skiff ps -aq --filter status=exited)', text: 'Remove what has ended' },
  ],
} as const satisfies CommandTable;
