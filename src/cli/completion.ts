import type { Context } from './context.ts';
import { allTables } from './options/all.ts';
import { table } from './options/completion.ts';
import type { FlagsOf } from './options/table.ts';

export { table };

/** A shell that completion scripts are made for. */
export type Shell = 'bash' | 'zsh' | 'fish';

/** The completion script of a shell, made from the option tables. */
export const completionScript = async (shell: Shell): Promise<string> => {
  switch (shell) {
    case 'bash':
      return (await import('./completion-bash.ts')).bashScript(allTables);
    case 'zsh':
      return (await import('./completion-zsh.ts')).zshScript(allTables);
    case 'fish':
      return (await import('./completion-fish.ts')).fishScript(allTables);
  }
};

/** `skiff completion SHELL`; the table allows no other words than the shells'. */
export const run = async (context: Context, _flags: FlagsOf<typeof table>, [shell]: readonly string[]): Promise<number> => {
  context.stdout.write(await completionScript(shell as Shell));
  return 0;
};
