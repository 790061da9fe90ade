import type { CommandTable } from './table.ts';

export const table = {
  name: 'cp',
  aliases: ['container cp'],
  category: 'Containers',
  summary: 'Copy files between a container and the host',
  usage: '[OPTIONS] CONTAINER:PATH PATH|- | PATH|- CONTAINER:PATH',
  interspersed: true,
  positionals: { min: 2, max: 2, complete: 'containers', completeAll: true },
  flags: [
    { name: 'archive', short: 'a', kind: 'bool', help: 'Keep the numbers of user and group of what goes into the container' },
    { name: 'follow-link', short: 'L', kind: 'bool', help: 'Copy what a symbolic link points to instead of the link' },
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Say nothing when it is done' },
  ],
  examples: [
    { command: 'skiff cp web:/etc/nginx/nginx.conf .', text: 'A file from a container, here' },
    { command: 'skiff cp site/. web:/usr/share/nginx/html', text: 'What is in a directory, into one of a container' },
    { command: 'skiff cp db:/var/lib/data - | gzip > data.tar.gz', text: 'A directory as a tar archive' },
  ],
} as const satisfies CommandTable;
