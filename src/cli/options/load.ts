import { platform } from './shared.ts';
import type { CommandTable } from './table.ts';

export const table = {
  name: 'load',
  aliases: ['image load'],
  category: 'Images',
  summary: 'Load images from an archive',
  usage: '[OPTIONS]',
  interspersed: true,
  positionals: { min: 0, max: 0 },
  flags: [
    { name: 'input', short: 'i', kind: 'string', value: 'FILE', help: 'Read from this file instead of standard input', complete: 'files' },
    platform,
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Do not show progress' },
  ],
  examples: [
    { command: 'skiff load -i app.tar.gz', text: 'Load what docker save or skopeo wrote' },
    { command: 'ssh build docker save app | skiff load', text: 'Straight from another machine' },
  ],
} as const satisfies CommandTable;
