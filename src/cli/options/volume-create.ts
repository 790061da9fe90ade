import type { CommandTable } from './table.ts';

export const table = {
  name: 'volume-create',
  aliases: ['volume create'],
  category: 'Volumes',
  summary: 'Make a volume',
  usage: '[OPTIONS] [VOLUME]',
  interspersed: true,
  positionals: { min: 0, max: 1 },
  refused: [
    ...['availability', 'group', 'limit-bytes', 'required-bytes', 'scope', 'secret', 'sharing', 'topology-preferred', 'topology-required', 'type'].map(
      (name) => ({ name, reason: 'it is for the volumes of a swarm, and there is none', instead: 'leave it out' }) as const,
    ),
  ],
  flags: [
    { name: 'driver', short: 'd', kind: 'string', value: 'DRIVER', help: 'Driver of the volume: local, fuse, or a plugin', default: 'local', suggestions: ['local', 'fuse'] },
    { name: 'label', kind: 'list', value: 'NAME[=VALUE]', help: 'Set a label' },
    { name: 'name', kind: 'string', value: 'NAME', help: 'Name of the volume, as the argument says it' },
    { name: 'opt', short: 'o', kind: 'list', value: 'NAME=VALUE', help: 'Set an option of the driver: type, device and o, as for mount(8); program, device and o for fuse', suggestions: ['type=tmpfs', 'device=', 'o=size=', 'type=none', 'o=bind', 'program=sshfs'] },
  ],
  examples: [
    { command: 'skiff volume create pgdata', text: 'A volume in your home directory' },
    { command: 'skiff volume create -o type=tmpfs -o device=tmpfs -o o=size=100m,uid=80 cache', text: 'One in memory, of at most 100 MB, that belongs to user 80; it lasts while a container uses it' },
    { command: 'skiff volume create -d fuse -o program=sshfs -o device=ada@host:/srv -o o=reconnect,IdentityFile=$HOME/.ssh/id far', text: 'A directory of a host that you can log in to' },
    { command: 'skiff volume create -d fuse -o program=squashfuse -o device="$PWD/set.sqfs" set', text: 'What is in a squashfs image' },
    { command: 'skiff volume create -o type=none -o o=bind -o device="$HOME/data" data', text: 'A name for a directory of yours' },
  ],
} as const satisfies CommandTable;
