import { disableContentTrust } from './content-trust.ts';
import { platform } from './shared.ts';
import type { CommandTable } from './table.ts';

export const table = {
  name: 'pull',
  aliases: ['image pull'],
  category: 'Images',
  summary: 'Download an image from a registry',
  usage: '[OPTIONS] NAME[:TAG|@DIGEST]',
  interspersed: true,
  positionals: { min: 1, max: 1, complete: 'images' },
  flags: [
    { name: 'all-tags', short: 'a', kind: 'bool', help: 'Download every tag of the repository' },
    disableContentTrust,
    platform,
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Print only the full name' },
  ],
  examples: [
    { command: 'skiff pull debian', text: 'The tag latest from the default registry' },
    { command: 'skiff pull quay.io/user/app:1.4', text: 'From another registry' },
    { command: 'skiff pull --platform linux/arm64 debian', text: 'The image for another processor' },
  ],
} as const satisfies CommandTable;
