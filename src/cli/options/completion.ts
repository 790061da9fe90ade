import type { CommandTable } from './table.ts';

export const table = {
  name: 'completion',
  aliases: [],
  category: 'System',
  summary: 'Print the completion script of a shell',
  usage: 'bash|zsh|fish',
  interspersed: true,
  positionals: { min: 1, max: 1, choices: ['bash', 'zsh', 'fish'] },
  flags: [],
  examples: [
    { command: 'source <(skiff completion bash)', text: 'For this bash; put it into ~/.bashrc for every one' },
    { command: 'skiff completion fish > ~/.config/fish/completions/skiff.fish', text: 'For fish, for good' },
    { command: 'skiff completion zsh > "${fpath[1]}/_skiff"', text: 'For zsh, for good' },
  ],
} as const satisfies CommandTable;
