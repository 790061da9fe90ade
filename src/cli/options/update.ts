import { changeable, refusedLimits } from './limits.ts';
import type { CommandTable } from './table.ts';

export const table = {
  name: 'update',
  aliases: ['container update'],
  category: 'Containers',
  summary: 'Change limits and restart policy of one or more containers',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  interspersed: true,
  positionals: { min: 1, complete: 'containers', completeAll: true },
  refused: refusedLimits,
  flags: [
    ...changeable,
    { name: 'restart', kind: 'string', value: 'POLICY', help: 'When to run it again after it has ended: no, on-failure[:TIMES], always or unless-stopped', suggestions: ['no', 'on-failure', 'always', 'unless-stopped'] },
  ],
  examples: [
    { command: 'skiff update --memory 1g --memory-swap 2g web', text: 'More memory for a container that runs with limits, at once' },
    { command: 'skiff update --restart unless-stopped web db', text: 'Let both come back from now on' },
    { command: 'skiff update --cpus 0.5 job-1 job-2', text: 'Half a processor for each of two' },
  ],
} as const satisfies CommandTable;
