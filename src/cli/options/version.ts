import { objectFormat } from './shared.ts';
import type { CommandTable } from './table.ts';

export const table = {
  name: 'version',
  aliases: [],
  category: 'System',
  summary: 'Show the version',
  usage: '[OPTIONS]',
  interspersed: true,
  positionals: { min: 0, max: 0 },
  flags: [objectFormat],
  examples: [
    { command: 'skiff version', text: 'Version, platform and the JavaScript runtime inside' },
    { command: "skiff version --format '{{.Client.Version}}'", text: 'Only the number' },
  ],
} as const satisfies CommandTable;
