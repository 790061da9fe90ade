import { changeable, refusedLimits } from './limits.ts';
import type { CommandTable } from './table.ts';

export const table = {
  name: 'update',
  aliases: ['container update'],
  category: 'Containers',
  summary: 'Change the limits of one or more containers',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  interspersed: true,
  positionals: { min: 1, complete: 'containers', completeAll: true },
  refused: refusedLimits,
  flags: changeable,
  examples: [
    { command: 'skiff update --memory 1g --memory-swap 2g web', text: 'More memory for a container that runs with limits, at once' },
    { command: 'skiff update --cpus 0.5 job-1 job-2', text: 'Half a processor for each of two' },
  ],
} as const satisfies CommandTable;
