import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { completionScript } from '../cli/completion.ts';
import { manualOverview, manualPage } from '../cli/man.ts';
import { allTables } from '../cli/options/all.ts';

/** Everything in `man/` that is made from the option tables, by its path under the repository's root. */
export const generatedFiles = async (repository: string): Promise<ReadonlyMap<string, string>> => {
  const part = (name: string): string => readFileSync(join(repository, 'man/parts', `${name}.md`), 'utf8');
  const pages = allTables.map((table) => [`man/skiff-${table.name}.1`, manualPage(table, part(table.name))] as const);
  return new Map([
    ['man/skiff.1', manualOverview(part('skiff'))],
    ...pages,
    ['man/completion/skiff.bash', await completionScript('bash')],
    ['man/completion/_skiff', await completionScript('zsh')],
    ['man/completion/skiff.fish', await completionScript('fish')],
  ]);
};
