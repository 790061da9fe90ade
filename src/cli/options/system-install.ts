import type { CommandTable } from './table.ts';

export const table = {
  name: 'system-install',
  aliases: ['system install'],
  category: 'System',
  summary: 'Have containers come back when the machine does',
  usage: '[OPTIONS]',
  interspersed: true,
  positionals: { min: 0, max: 0 },
  flags: [
    { name: 'systemd', kind: 'bool', help: 'With a unit of your own systemd; fails where none runs for you' },
    { name: 'cron', kind: 'bool', help: 'With a line in your crontab' },
  ],
  examples: [
    { command: 'skiff system install', text: 'With systemd where it runs for you, else with cron' },
    { command: 'skiff --root /data/skiff system install --cron', text: 'With cron, for the containers in another directory' },
  ],
} as const satisfies CommandTable;
