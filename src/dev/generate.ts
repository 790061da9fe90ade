/** `npm run man`: writes the man pages and completion scripts anew, in the repository that is the current directory. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { generatedFiles } from './generated.ts';

const write = async (repository: string): Promise<void> => {
  for (const [path, text] of await generatedFiles(repository)) {
    const target = resolve(repository, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
};

void write(process.cwd());
