import { detachKeys, env, envFile, interactive, tty, user, workdir } from './shared.ts';
import type { CommandTable } from './table.ts';

export const table = {
  name: 'exec',
  aliases: ['container exec'],
  category: 'Containers',
  summary: 'Run a command in a running container',
  usage: '[OPTIONS] CONTAINER COMMAND [ARG...]',
  interspersed: false,
  positionals: { min: 2, complete: 'containers' },
  flags: [
    { name: 'detach', short: 'd', kind: 'bool', help: 'Run the command in the background' },
    detachKeys,
    env,
    envFile,
    interactive,
    { name: 'privileged', kind: 'bool', help: 'All capabilities for the command; still no more than you may do yourself' },
    tty,
    user,
    workdir,
  ],
  examples: [
    { command: 'skiff exec -it web bash', text: 'A shell in the container called web' },
    { command: 'skiff exec web cat /etc/os-release', text: 'One command, its output and its exit status' },
    { command: 'skiff exec -u root -w /srv -e LANG=C web ls -l', text: 'As another user, in another directory, with a variable set' },
  ],
} as const satisfies CommandTable;
