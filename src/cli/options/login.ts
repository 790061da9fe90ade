import type { CommandTable } from './table.ts';

export const table = {
  name: 'login',
  aliases: [],
  category: 'Images',
  summary: 'Log in to a registry',
  usage: '[OPTIONS] [SERVER]',
  interspersed: true,
  positionals: { min: 0, max: 1 },
  flags: [
    { name: 'username', short: 'u', kind: 'string', value: 'NAME', help: 'User name; asked for without it' },
    { name: 'password', short: 'p', kind: 'string', value: 'PASSWORD', help: 'Password, for all to see who can list processes; better is --password-stdin' },
    { name: 'password-stdin', kind: 'bool', help: 'Read the password from standard input' },
  ],
  examples: [
    { command: 'skiff login registry.example:5000', text: 'Asks for name and password' },
    { command: 'skiff login -u robot --password-stdin registry.example < token', text: 'Without questions, for scripts' },
  ],
} as const satisfies CommandTable;
