import type { CommandTable } from './table.ts';

export const table = {
  name: 'stop',
  aliases: ['container stop'],
  category: 'Containers',
  summary: 'Stop one or more running containers',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  interspersed: true,
  positionals: { min: 1, complete: 'containers', completeAll: true },
  flags: [
    { name: 'signal', short: 's', kind: 'string', value: 'SIGNAL', help: "Send this signal instead of the container's stop signal", suggestions: ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGKILL'] },
    { name: 'timeout', short: 't', kind: 'int', value: 'SECONDS', help: 'Kill it after so many seconds; -1 waits for ever. Without it, what --stop-timeout said, or 10', aliases: ['time'] },
  ],
  examples: [
    { command: 'skiff stop web', text: 'Let it end in its own way, and kill it after ten seconds' },
    { command: 'skiff stop -t 60 db cache', text: 'Stop two at once, with a minute for each' },
    { command: 'skiff stop -s SIGINT -t -1 job', text: 'Interrupt it, and wait for as long as it takes' },
  ],
} as const satisfies CommandTable;
