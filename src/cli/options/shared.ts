import type { Flag } from './table.ts';

/** `--format` of the commands that print a list. */
export const listFormat = {
  name: 'format',
  kind: 'string',
  value: 'TEMPLATE',
  help: "Print with a Go template; 'table TEMPLATE' adds column headings, 'json' prints one JSON object per line",
  suggestions: ['json', 'table'],
} as const satisfies Flag;

/** `--format` of the commands that print one thing. */
export const objectFormat = {
  name: 'format',
  short: 'f',
  kind: 'string',
  value: 'TEMPLATE',
  help: "Print with a Go template; 'json' prints the whole as JSON",
  suggestions: ['json'],
} as const satisfies Flag;

export const noTrunc = { name: 'no-trunc', kind: 'bool', help: 'Do not shorten ids and long values' } as const satisfies Flag;

export const platform = {
  name: 'platform',
  kind: 'string',
  value: 'OS/ARCH',
  help: 'Use the image of this platform, where it has several',
  suggestions: ['linux/amd64', 'linux/arm64', 'linux/arm/v7'],
} as const satisfies Flag;

export const interactive = { name: 'interactive', short: 'i', kind: 'bool', help: 'Keep standard input open' } as const satisfies Flag;

export const tty = { name: 'tty', short: 't', kind: 'bool', help: 'Give the command a terminal' } as const satisfies Flag;

export const detachKeys = {
  name: 'detach-keys',
  kind: 'string',
  value: 'KEYS',
  help: 'Keys that detach the terminal, separated by commas',
  default: 'ctrl-p,ctrl-q',
} as const satisfies Flag;

export const env = { name: 'env', short: 'e', kind: 'list', value: 'NAME[=VALUE]', help: 'Set an environment variable; without a value, pass on your own' } as const satisfies Flag;

export const envFile = { name: 'env-file', kind: 'list', value: 'FILE', help: 'Read environment variables from a file', complete: 'files' } as const satisfies Flag;

export const user = { name: 'user', short: 'u', kind: 'string', value: 'USER[:GROUP]', help: 'Run as this user, by name or id' } as const satisfies Flag;

export const workdir = { name: 'workdir', short: 'w', kind: 'string', value: 'DIR', help: 'Working directory inside the container' } as const satisfies Flag;
