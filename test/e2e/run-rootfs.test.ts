/**
 * `skiff run --rootfs`: a directory instead of an image.
 * @time-limit 600
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { makeBusyboxRootfs } from '../make-image.ts';
import { bare, output, scratch, skiff, testImages } from './skiff.ts';

/** Everything below `directory` on its own file system that was changed after `stamp`. */
const newerThan = (directory: string, stamp: string): readonly string[] =>
  execFileSync('sh', ['-c', 'find "$1" -xdev \\( -newer "$2" -o -cnewer "$2" \\) 2>/dev/null; true', 'sh', directory, stamp], { encoding: 'utf8', maxBuffer: 64 << 20 }).split('\n').filter((line) => line !== '');

/** Only fuse-overlayfs can show files of ids that the user has not, and leave out what is mounted below a directory. */
const fuse = ['--storage-driver', 'fuse-overlayfs'] as const;

const inRootfs = (directory: string, flags: readonly string[], script: string): string => output([...(directory.startsWith(tmpdir()) ? [] : fuse), ...bare, ...flags, '--rootfs', directory, '/bin/sh', '-c', script]);

test('nothing below the directory is written, whatever the container does', () => {
  const rootfs = join(scratch(), 'rootfs');
  mkdirSync(rootfs);
  makeBusyboxRootfs(rootfs);
  writeFileSync(join(rootfs, 'etc/motd'), 'as it was\n');
  const stamp = join(scratch(), 'stamp');
  writeFileSync(stamp, '');
  const script = 'echo changed >/etc/motd; rm -rf /var; mkdir -p /var/new; touch /new; chmod 700 /etc; chown 33 /tmp; cat /etc/motd';
  assert.is(inRootfs(rootfs, ['-w', '/made/for/it', '-v', '/tmp:/bind/target', '--tmpfs', '/memory'], script), 'changed\n');
  assert.is(readFileSync(join(rootfs, 'etc/motd'), 'utf8'), 'as it was\n');
  assert.equal(newerThan(rootfs, stamp), []);
});

test('a directory of somebody else\'s works as well', () => {
  assert.is(inRootfs(join(testImages, 'busybox'), [], 'id -u; touch /new && echo written'), '0\nwritten\n');
  assert.is(existsSync(join(testImages, 'busybox/new')), false);
});

test('a relative directory counts from the current one', () => {
  assert.is(output([...fuse, ...bare, '--rootfs', './busybox', 'echo', 'here'], { cwd: testImages }), 'here\n');
});

test('--rootfs / is the host\'s system, with every change thrown away', () => {
  const before = { etc: readdirSync('/etc').length, tmp: statSync('/usr/bin').mtimeMs };
  const marker = `skiff-test-${process.pid}`;
  const script = `touch /usr/bin/${marker} /etc/${marker} 2>/dev/null; mkdir -p /var/new-${marker} 2>/dev/null; head -n 1 /etc/os-release; id -u`;
  assert.is(inRootfs('/', [], script), `${readFileSync('/etc/os-release', 'utf8').split('\n')[0]}\n0\n`);
  for (const path of [`/usr/bin/${marker}`, `/etc/${marker}`, `/var/new-${marker}`]) assert.is(existsSync(path), false, path);
  assert.equal({ etc: readdirSync('/etc').length, tmp: statSync('/usr/bin').mtimeMs }, before);
});

test('--rootfs / has the container\'s own /proc, /dev, /sys and /etc/hosts, and programs of the host', () => {
  assert.is(inRootfs('/', ['--add-host', 'x:192.0.2.1'], 'echo $$; ls /dev | grep -c fuse; grep -c 192.0.2.1 /etc/hosts'), '1\n0\n1\n');
  const tool = output([...fuse, ...bare, '--rootfs', '/', '/usr/bin/env', 'ls', '/bin/sh']);
  assert.is(tool, '/bin/sh\n');
});

test('--rootfs and keep-id: files of the caller are the caller\'s', () => {
  const rootfs = join(scratch(), 'rootfs');
  mkdirSync(rootfs);
  makeBusyboxRootfs(rootfs);
  const uid = process.getuid?.();
  const said = output([...fuse, ...bare, '--userns', 'keep-id', '--rootfs', rootfs, '/bin/sh', '-c', 'id -u; stat -c %u /bin/busybox; touch /mine && stat -c %u /mine']);
  assert.is(said, `${uid}\n${uid}\n${uid}\n`);
});

test('a directory that is none, or is not there, is refused', () => {
  for (const path of ['/does/not/exist', join(testImages, 'busybox.tar')]) {
    const { status, stderr } = skiff([...bare, '--rootfs', path, 'true']);
    assert.is(status, 125);
    assert.match(stderr, new RegExp(`^skiff: no such directory: ${path}; .*\n$`));
  }
});

test.run();
