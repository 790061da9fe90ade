/**
 * `npm start`: from a fresh machine to a running container. Installs what is missing (or says who has to), builds, and
 * runs the built-in image as an unprivileged user. Fast and silent about each step that is done already.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { asAccount, ensureAccount, readableCheckout } from './account.mjs';
import { ensureBuilt } from './build.mjs';
import { ensureModules, ensurePackages } from './requirements.mjs';
import { root, say, script } from './steps.mjs';

script(async () => {
  ensurePackages('run');
  ensureModules();
  ensureBuilt();
  const account = ensureAccount();
  const skiff = join(readableCheckout(account), 'dist/skiff');
  say(`Running as ${account.name}: ${skiff === join(root, 'dist/skiff') ? 'dist/skiff' : skiff} run --rm hello`);
  const [program = '', ...words] = asAccount(account, {}, [skiff, 'run', '--rm', 'hello']);
  const result = spawnSync(program, words, { stdio: 'inherit', cwd: '/' });
  process.exitCode = result.status ?? 1;
});
