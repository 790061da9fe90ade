/** A machine that lacks something: root takes it away from an ordinary user in a mount namespace of the test's own. For tests with @as-root. */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { skiffCommand, testImages } from './skiff.ts';
import type { Result } from './skiff.ts';

/** The ordinary user. */
export const account = process.env['SKIFF_TEST_ACCOUNT'] ?? '';
const [, , uid = 0, gid = 0] = spawnSync('getent', ['passwd', account], { encoding: 'utf8' }).stdout.trim().split(':').map(Number);

export const base = mkdtempSync('/var/tmp/skiff-missing-');
export const [home, runtime, things] = [join(base, 'home'), join(base, 'run'), join(base, 'things')] as const;

/** Puts `what`, a file of `things`, in the place of `where`, in shell words. */
export const cover = (what: string, where: string): string => `mount --bind ${join(things, what)} ${where}`;

/** Runs a command as the account, after the shell commands `setup` as root in a mount namespace of their own. */
export const runAfter = (setup: readonly string[], command: readonly string[], variables: Readonly<Record<string, string>> = {}): Result => {
  const environment = { HOME: home, XDG_RUNTIME_DIR: runtime, PATH: '/usr/bin:/bin:/usr/sbin:/sbin', SKIFF_HELPERS: process.env['SKIFF_HELPERS'] ?? '', ...variables };
  const become = ['setpriv', '--reuid', account, '--regid', `${gid}`, '--init-groups', '--inh-caps=-all', 'env', '-i', ...Object.entries(environment).map(([name, value]) => `${name}=${value}`)];
  const script = ['set -e', ...setup, 'exec "$@"'].join('\n');
  const done = spawnSync('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', ...become, ...command], { timeout: 60000 });
  if (done.error !== undefined) throw done.error;
  return { status: done.status ?? 255, stdout: done.stdout.toString(), stderr: done.stderr.toString(), bytes: done.stdout };
};

export const skiffAfter = (setup: readonly string[], args: readonly string[], variables: Readonly<Record<string, string>> = {}): Result =>
  runAfter(setup, [...skiffCommand, ...args], variables);

/** Runs `skiff` as the account where the sysctl user.max_user_namespaces is 0. */
export const withoutNamespaces = (args: readonly string[]): Result => {
  // The limit belongs to a user namespace: one with all ids mapped is made, in which root sets it for what is below.
  const environment = [`HOME=${home}`, `XDG_RUNTIME_DIR=${runtime}`, 'PATH=/usr/bin:/bin', `SKIFF_HELPERS=${process.env['SKIFF_HELPERS'] ?? ''}`];
  const command = ['setpriv', '--reuid', `${uid}`, '--regid', `${gid}`, '--clear-groups', 'env', '-i', ...environment, ...skiffCommand, ...args];
  const inner = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"';
  const outer = [
    'unshare --user sleep 60 & holder=$!',
    'until [ "$(readlink /proc/$holder/ns/user)" != "$(readlink /proc/self/ns/user)" ]; do sleep 0.01; done',
    'for map in uid gid; do echo "0 0 4294967295" > /proc/$holder/${map}_map; done',
    'nsenter --user --target $holder sh -c "$0" sh "$@"; status=$?',
    'kill $holder; exit $status',
  ].join('\n');
  const done = spawnSync('bash', ['-c', outer, inner, ...command], { timeout: 30000, cwd: '/' });
  return { status: done.status ?? 255, stdout: done.stdout.toString(), stderr: done.stderr.toString(), bytes: done.stdout };
};

/** Makes the account's directories, what things are covered with (`empty`, `nothing`, `newuidmap`, `device`), and an image `busybox`. */
export const prepare = (): void => {
  chmodSync(base, 0o755);
  for (const path of [home, runtime]) {
    mkdirSync(path, { mode: 0o700 });
    chownSync(path, uid, gid);
  }
  mkdirSync(join(things, 'empty'), { recursive: true, mode: 0o755 });
  writeFileSync(join(things, 'nothing'), '', { mode: 0o644 });
  copyFileSync('/usr/bin/newuidmap', join(things, 'newuidmap'));
  chmodSync(join(things, 'newuidmap'), 0o755);
  assert.is(spawnSync('mknod', ['-m', '600', join(things, 'device'), 'c', '10', '229']).status, 0);
  const { status, stderr } = skiffAfter([], ['import', join(testImages, 'busybox.tar'), 'busybox']);
  assert.is(status, 0, stderr);
};

export const tidyUp = (): void => rmSync(base, { recursive: true, force: true });
