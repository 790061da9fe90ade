/**
 * `npm run differential`: records in test/differential/docker.txt what a live Docker answers to the script of commands there, then compares
 * skiff with it. Needs Docker's rootless mode (Debian: docker.io rootlesskit), which it starts as the unprivileged account in a place of
 * its own and ends again.
 */
import { spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { asAccount, ensureAccount, readableCheckout } from './account.mjs';
import { inCgroupView } from './cgroup-view.mjs';
import { ensureModules, ensurePackages } from './requirements.mjs';
import { findProgram, isRoot, quietly, root, say, script, Stop, succeeds } from './steps.mjs';
import { ensureTestImages } from './test-images.mjs';

/** @typedef {import('./account.mjs').Account} Account */

const starter = ['/usr/bin/dockerd-rootless.sh', '/usr/share/docker.io/contrib/dockerd-rootless.sh'].find((path) => existsSync(path));

/** Ends rootlesskit, and with it the daemon and all that it has started. @param {number} pid */
const endGroup = (pid) => {
  try {
    process.kill(-pid, 'SIGTERM');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
  }
};

/**
 * Runs `body` with a rootless daemon: `run` runs words as its user. @param {Account} account @param {string} base
 * @param {(run: (words: readonly string[], options?: { cwd?: string, timeout?: number }) => string) => void} body
 */
const withDocker = (account, base, body) => {
  const places = { home: join(base, 'home'), run: join(base, 'run'), work: join(base, 'work') };
  for (const path of Object.values(places)) {
    mkdirSync(path, { mode: 0o700 });
    if (isRoot) chownSync(path, account.uid, account.gid);
  }
  const environment = { HOME: places.home, XDG_RUNTIME_DIR: places.run, DOCKER_HOST: `unix://${places.run}/docker.sock`, TOOL: findProgram('docker') };
  const command = asAccount(account, environment, [starter ?? '', '--storage-driver', 'overlay2', '--iptables=false', '--bridge=none']);
  const [program = '', ...words] = isRoot ? inCgroupView(account.uid, command) : command;
  const daemon = spawn(program, words, { stdio: 'ignore', cwd: '/', detached: true });
  const run = (/** @type {readonly string[]} */ command, { cwd = places.work, timeout = 60000 } = {}) => {
    const [first = '', ...rest] = asAccount(account, environment, command);
    const { status, stdout, stderr } = spawnSync(first, rest, { encoding: 'utf8', cwd, timeout });
    if (status !== 0) throw new Stop(`${command.join(' ')}: ${stderr.trim()}`);
    return stdout;
  };
  try {
    for (let tries = 0; !succeeds(asAccount(account, environment, ['docker', 'version'])); tries++) {
      if (tries > 100) throw new Stop('the Docker daemon does not start');
      quietly('wait', ['sleep', '0.2']);
    }
    body(run);
  } finally {
    if (daemon.pid !== undefined) endGroup(daemon.pid);
    quietly('wait', ['sleep', '2']);
  }
};

/** Takes ids and times out of the record, so that two recordings differ only where Docker does. @param {string} record */
const makeComparable = async (record) => {
  const esbuild = await import('esbuild');
  const bundle = join(root, 'dist/transcript.mjs');
  await esbuild.build({ entryPoints: [join(root, 'test/differential/transcript.ts')], outfile: bundle, bundle: true, format: 'esm', platform: 'node', logLevel: 'error' });
  const { comparable } = await import(pathToFileURL(bundle).href);
  writeFileSync(record, comparable(readFileSync(record, 'utf8')));
};

script(async () => {
  if (starter === undefined || findProgram('docker') === undefined || findProgram('rootlesskit') === undefined) throw new Stop('there is no rootless Docker here; Debian has it in docker.io and rootlesskit');
  ensurePackages('test');
  ensureModules();
  const account = ensureAccount();
  const images = ensureTestImages();
  const checkout = readableCheckout(account);
  const base = mkdtempSync('/var/tmp/skd-');
  const record = join(root, 'test/differential/docker.txt');
  try {
    if (isRoot) quietly('open it', ['chmod', '755', base]);
    withDocker(account, base, (run) => {
      run(['docker', 'import', join(images, 'busybox.tar'), 'busybox']);
      const version = run(['docker', 'version', '--format', 'client {{.Client.Version}}, daemon {{.Server.Version}}']).trim();
      const commands = join(checkout, 'test/differential/commands.sh');
      const sections = [...readFileSync(commands, 'utf8').matchAll(/^s_(\w+)\(\)/gm)].map(([, name = '']) => name);
      say(`Recording Docker (${version}), ${sections.length} sections.`);
      const transcript = run(['sh', commands, ...sections], { timeout: 600000 });
      writeFileSync(record, `Docker, rootless: ${version}. Recorded by npm run differential; not written by hand.\n${transcript}`);
    });
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
  await makeComparable(record);
  const { status } = spawnSync(process.execPath, [join(root, 'src/dev/test.mjs'), 'e2e/differential'], { stdio: 'inherit', cwd: root });
  process.exitCode = status ?? 1;
});
