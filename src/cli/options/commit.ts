import type { CommandTable } from './table.ts';

export const table = {
  name: 'commit',
  aliases: ['container commit'],
  category: 'Containers',
  summary: "Make an image of a container's changes",
  usage: '[OPTIONS] CONTAINER [REPOSITORY[:TAG]]',
  interspersed: true,
  positionals: { min: 1, max: 2, complete: 'containers' },
  flags: [
    { name: 'author', short: 'a', kind: 'string', value: 'NAME', help: "Author in the image's history" },
    { name: 'change', short: 'c', kind: 'list', value: 'INSTRUCTION', help: "Apply a Dockerfile instruction to the image's settings, as in 'CMD [\"sh\"]'" },
    { name: 'message', short: 'm', kind: 'string', value: 'TEXT', help: "Comment in the image's history" },
    { name: 'pause', short: 'p', kind: 'bool', help: 'Let a running container stand still meanwhile', default: 'true' },
    { name: 'no-pause', kind: 'bool', help: 'Do not; the same as --pause=false' },
  ],
  examples: [
    { command: 'skiff commit web mine:2', text: 'An image of what the container has become' },
    { command: "skiff commit -c 'ENV DEBUG=1' -m 'for debugging' web mine:debug", text: 'With other settings and a comment' },
  ],
} as const satisfies CommandTable;
