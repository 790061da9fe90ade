import { platform } from './shared.ts';
import type { CommandTable } from './table.ts';

export const table = {
  name: 'import',
  aliases: ['image import'],
  category: 'Images',
  summary: 'Make an image from an archive of a file system',
  usage: '[OPTIONS] FILE|URL|- [REPOSITORY[:TAG]]',
  interspersed: true,
  positionals: { min: 1, max: 2, complete: 'files' },
  flags: [
    { name: 'change', short: 'c', kind: 'list', value: 'INSTRUCTION', help: "Apply a Dockerfile instruction to the image's settings, as in 'CMD [\"sh\"]'" },
    { name: 'message', short: 'm', kind: 'string', value: 'TEXT', help: "Comment in the image's history" },
    { ...platform, help: 'Say that the image is for this platform; without it, for this machine' },
  ],
  examples: [
    { command: 'skiff import rootfs.tar.gz mine:1', text: 'An image from a root file system' },
    { command: 'skiff import https://example.org/rootfs.tar.xz mine:2', text: 'One from the web' },
    { command: "mmdebstrap stable - | skiff import -c 'CMD [\"bash\"]' - debian:mine", text: 'Debian made on the spot' },
  ],
} as const satisfies CommandTable;
