import type { CommandTable } from './table.ts';

export const table = {
  name: 'wait',
  aliases: ['container wait'],
  category: 'Containers',
  summary: 'Wait until containers have ended, and print their exit codes',
  usage: 'CONTAINER [CONTAINER...]',
  interspersed: true,
  positionals: { min: 1, complete: 'containers', completeAll: true },
  flags: [],
  examples: [
    { command: 'skiff wait job', text: 'Print its exit code as soon as it has ended' },
    { command: 'test "$(skiff wait job)" = 0 && skiff export job >job.tar', text: 'Go on only when it has done its work' },
  ],
} as const satisfies CommandTable;
