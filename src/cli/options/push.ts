import { disableContentTrust } from './content-trust.ts';
import type { CommandTable } from './table.ts';

export const table = {
  name: 'push',
  aliases: ['image push'],
  category: 'Images',
  summary: 'Upload an image to a registry',
  usage: '[OPTIONS] NAME[:TAG]',
  interspersed: true,
  positionals: { min: 1, max: 1, complete: 'images' },
  flags: [
    { name: 'all-tags', short: 'a', kind: 'bool', help: 'Upload every tag of the repository that is stored' },
    disableContentTrust,
    {
      name: 'platform',
      kind: 'string',
      value: 'OS/ARCH',
      help: 'Upload only if the image is of this platform',
      suggestions: ['linux/amd64', 'linux/arm64', 'linux/arm/v7'],
    },
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Print only the full name' },
  ],
  examples: [
    { command: 'skiff tag app registry.example.com/team/app:1.0', text: 'Name the registry first' },
    { command: 'skiff push registry.example.com/team/app:1.0', text: 'Upload what it lacks' },
  ],
} as const satisfies CommandTable;
