/**
 * What a machine may lack: each thing is missed in one line that says what to do, when it is needed and no sooner. Root takes it
 * away from an ordinary user in a mount namespace of this test's own.
 * @as-root
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { account, base, cover, home, prepare, runAfter, runtime, skiffAfter, tidyUp, withoutNamespaces } from './lacking.ts';

const onDriver = process.env['SKIFF_STORAGE_DRIVER'] ?? 'overlay';
const none = ['--storage-driver', onDriver, 'run', '--rm', '--network', 'none', 'busybox', 'echo', 'ran'] as const;
const network = ['--storage-driver', onDriver, 'run', '--rm', 'busybox', 'echo', 'ran'] as const;
const onFuse = ['--storage-driver', 'fuse-overlayfs', ...none.slice(2)] as const;

const filesBelow = (directory: string): readonly string[] =>
  readdirSync(directory, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? filesBelow(join(directory, entry.name)) : [join(directory, entry.name)]));

const refused = (setup: readonly string[], args: readonly string[], line: RegExp): void => {
  const { status, stdout, stderr } = skiffAfter(setup, args);
  assert.equal({ status, stdout }, { status: 125, stdout: '' }, stderr);
  assert.match(stderr, line);
  assert.is(stderr.split('\n').length, 2, stderr);
  assert.equal(filesBelow(runtime).filter((path) => !/lock$/.test(path)), []);
};

const runs = (setup: readonly string[], args: readonly string[], said = /^$/): void => {
  const { status, stdout, stderr } = skiffAfter(setup, args);
  assert.equal({ status, stdout }, { status: 0, stdout: 'ran\n' }, stderr);
  assert.match(stderr, said);
};

test.before(prepare);
test.after(tidyUp);

test('with everything there it runs and says nothing', () => {
  runs([], none);
  runs([], network);
});

test('no newuidmap: one user, and the package that has it', () => {
  runs([cover('nothing', '/usr/bin/newuidmap')], none, /^skiff: containers have one user here, you \(newuidmap .* not installed .*\): .* apt-get install uidmap\n$/);
});

test('no subordinate ids: one user, and the command for the administrator', () => {
  for (const [file, flag] of [['subuid', '--add-subuids'], ['subgid', '--add-subgids']] as const) {
    runs([cover('nothing', `/etc/${file}`)], none, new RegExp(`^skiff: containers have one user here, you \\(/etc/${file} has no line for ${account}\\): .* usermod ${flag} \\d+-\\d+ ${account}\\n$`));
  }
});

test('newuidmap without its set-user-id bit', () => {
  const line = /^skiff: \/usr\/bin\/newuidmap could not map your ids \(.*\); it has lost its set-user-id bit; .* apt-get install --reinstall uidmap\n$/;
  refused([cover('newuidmap', '/usr/bin/newuidmap')], none, line);
});

test('a trial of the storage drivers that could not begin is not remembered as their failure', () => {
  rmSync(join(home, '.cache/skiff/overlay-probe.json'), { force: true });
  const auto = ['--storage-driver', 'auto', ...none.slice(2)];
  refused([cover('newuidmap', '/usr/bin/newuidmap')], auto, /^skiff: \/usr\/bin\/newuidmap could not map your ids /);
  runs([], auto);
  assert.match(skiffAfter([], ['info']).stdout, /Chosen Because: (?!.*newuidmap)/);
});

test('no fuse-overlayfs, or no way to /dev/fuse: missed only where it is asked for', () => {
  refused([cover('nothing', '/usr/bin/fuse-overlayfs')], onFuse, /^skiff: fuse-overlayfs is needed to .*: apt-get install fuse-overlayfs\n$/);
  refused([cover('device', '/dev/fuse')], onFuse, /^skiff: \/dev\/fuse cannot be opened: permission denied .*chmod 666 \/dev\/fuse\n$/);
  refused([cover('empty', '/dev')], onFuse, /^skiff: \/dev\/fuse cannot be opened: it does not exist .*modprobe fuse.*\n$/);
  if (onDriver === 'overlay') runs([cover('nothing', '/usr/bin/fuse-overlayfs'), cover('device', '/dev/fuse')], none);
});

test('no slirp4netns: missed only for a network', () => {
  const without = [cover('nothing', '/usr/bin/slirp4netns')];
  refused(without, network, /^skiff: slirp4netns is needed to .*--network none or host.*: apt-get install slirp4netns\n$/);
  runs(without, none);
});

test('no /dev/net/tun: missed only for a network', () => {
  for (const without of [[cover('device', '/dev/net/tun')], [cover('empty', '/dev/net')]]) {
    refused(without, network, /^skiff: \/dev\/net\/tun cannot be opened, .*modprobe tun; chmod 666 \/dev\/net\/tun .*\n$/);
    runs(without, none);
  }
});

test('a runtime directory that is missing, or another\'s, or none', () => {
  const line = (path: string): string => skiffAfter([], none, { XDG_RUNTIME_DIR: path }).stderr;
  const hint = 'set XDG_RUNTIME_DIR to a directory of your own, or unset it';
  assert.is(line('/nonexistent/run'), `skiff: cannot make the directory /nonexistent/run/skiff/c: permission denied; ${hint}\n`);
  assert.is(line('/root'), `skiff: cannot make the directory /root/skiff/c: permission denied; ${hint}\n`);
  assert.is(line('/dev/null'), `skiff: cannot make the directory /dev/null/skiff/c: it is not a directory; ${hint}\n`);
  mkdirSync(join(base, 'shared/skiff/c'), { recursive: true });
  assert.is(line(join(base, 'shared')), `skiff: ${join(base, 'shared/skiff')} must be a directory of your own with mode 0700; remove it or set XDG_RUNTIME_DIR\n`);
});

test('a home that cannot be written', () => {
  const { status, stderr } = skiffAfter([], none, { HOME: '/nonexistent', XDG_CACHE_HOME: join(home, '.cache') });
  assert.is(status, 125);
  assert.match(stderr, /^skiff: cannot make the directory \/nonexistent\/\S*: permission denied; point SKIFF_ROOT or --root at a directory that you can write\n$/);
});

test('npm start tells an ordinary user in one line which packages to ask for, and stops', () => {
  const setup = [cover('nothing', '/usr/bin/slirp4netns'), cover('nothing', '/usr/bin/fuse-overlayfs')];
  const { status, stdout, stderr } = runAfter(setup, [process.execPath, 'src/dev/start.mjs']);
  assert.equal({ status, stdout }, { status: 1, stdout: '' });
  assert.is(stderr, 'skiff: packages are missing; ask an administrator to run: apt-get update && apt-get install -y --no-install-recommends slirp4netns fuse-overlayfs\n');
});

test('user namespaces that are forbidden', () => {
  const { status, stderr } = withoutNamespaces(none);
  assert.is(status, 125, stderr);
  assert.match(stderr, /^skiff: cannot make a user namespace: .*user\.max_user_namespaces=\d+\n$/);
});

test.run();
