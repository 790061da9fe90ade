import type { CommandTable } from './table.ts';

/** The flags that stand before the command, in the shape of a command so that the same parser reads them. */
export const table = {
  name: '',
  aliases: [],
  category: '',
  summary: 'Containers for one user: no root, no daemon, one file',
  usage: '[OPTIONS] COMMAND',
  interspersed: false,
  positionals: { min: 0 },
  flags: [
    { name: 'root', kind: 'string', value: 'DIR', help: 'Keep images and containers in this directory (also: SKIFF_ROOT)', complete: 'directories' },
    {
      name: 'storage-driver',
      kind: 'string',
      value: 'NAME',
      help: 'Storage driver (also: SKIFF_STORAGE_DRIVER)',
      choices: ['auto', 'overlay', 'fuse-overlayfs'],
    },
    { name: 'version', short: 'v', kind: 'bool', help: 'Print the version and leave' },
  ],
  examples: [],
} as const satisfies CommandTable;
