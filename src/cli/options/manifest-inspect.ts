import type { CommandTable } from './table.ts';

export const table = {
  name: 'manifest-inspect',
  aliases: ['manifest inspect'],
  category: 'Images',
  summary: 'Show the manifest or index of an image in its registry',
  usage: '[OPTIONS] MANIFEST',
  interspersed: true,
  positionals: { min: 1, max: 1, complete: 'images' },
  flags: [
    { name: 'insecure', kind: 'bool', help: 'Accept plain HTTP and unknown certificates from this registry' },
    { name: 'verbose', short: 'v', kind: 'bool', help: 'Show digests and platforms too, and every manifest of an index' },
  ],
  examples: [
    { command: 'skiff manifest inspect debian:13', text: 'The platforms that an image is there for' },
    { command: 'skiff manifest inspect -v localhost:5000/app', text: 'With the digest of each manifest' },
  ],
} as const satisfies CommandTable;
