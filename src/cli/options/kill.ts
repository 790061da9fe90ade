import type { CommandTable } from './table.ts';

export const table = {
  name: 'kill',
  aliases: ['container kill'],
  category: 'Containers',
  summary: 'Send a signal to one or more running containers',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  interspersed: true,
  positionals: { min: 1, complete: 'containers', completeAll: true },
  flags: [
    { name: 'signal', short: 's', kind: 'string', value: 'SIGNAL', help: 'Signal to send, by name or number', default: 'KILL', suggestions: ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] },
  ],
  examples: [
    { command: 'skiff kill web', text: 'End it at once' },
    { command: 'skiff kill -s HUP web', text: 'Ask a server to read its configuration again' },
  ],
} as const satisfies CommandTable;
