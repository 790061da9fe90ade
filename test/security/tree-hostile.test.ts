/** Archives that no honest tool makes: each must be refused by name, with nothing outside the directory touched. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { existsSync, lstatSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { entry, gnuLong, tar } from '../tar-maker.ts';
import type { Entry } from '../tar-maker.ts';
import { applyIn, withWork } from '../tree-run.ts';

const link = (name: string, linkname: string): Entry => ({ name, type: 'symlink', linkname });
const hard = (name: string, linkname: string): Entry => ({ name, type: 'hardlink', linkname });
const directory = (name: string): Entry => ({ name, type: 'directory' });
const file = (name: string): Entry => ({ name, data: 'pwned' });
const marked = (key: string): Entry => ({ name: 'marked', pax: { [`SCHILY.xattr.${key}`]: 'y' } });

/** What is wrong, the archive, and the words that the line must have beside "refused:". */
const hostile: readonly (readonly [string, Buffer, string])[] = [
  ['parent component', tar(file('../canary')), '../canary'],
  ['parent component in the middle', tar(file('a/../../canary')), 'a/../../canary'],
  ['parent component that stays inside', tar(file('a/../b')), 'a/../b'],
  ['parent component at the end', tar(directory('a/..')), 'a/..'],
  ['parent component in a PAX name', tar({ name: 'x', pax: { path: '../canary' } }), '../canary'],
  ['parent component in a GNU long name', tar(gnuLong('L', '../canary'), file('x')), '../canary'],
  ['absolute name', tar(file('/etc/passwd')), '/etc/passwd'],
  ['absolute name, doubled slash', tar(file('//etc/passwd')), '//etc/passwd'],
  ['the directory itself as a file', tar(file('./.')), './.'],
  ['the directory itself as a link', tar(link('.', '/etc')), 'no name'],
  ['empty name', tar(file('')), 'no name'],
  ['long component', tar({ name: 'x', pax: { path: `${'n'.repeat(256)}` } }), 'longer than 255'],
  ['long path', tar({ name: 'x', pax: { path: 'n/'.repeat(2048) } }), 'longer than 4095'],
  ['link to an absolute directory, written through', tar(link('out', '/tmp'), file('out/pwned')), 'out/pwned'],
  ['link upwards, written through', tar(link('up', '..'), file('up/canary')), 'up/canary'],
  ['link upwards by detours', tar(directory('a'), link('a/up', '../a/../..'), file('a/up/canary')), 'a/up/canary'],
  ['link by link upwards', tar(link('a', 'b/..'), link('b', '..'), file('a/canary')), 'a/canary'],
  ['link replaced after use', tar(directory('d'), file('d/x'), link('e', 'd'), file('e/y'), link('e', '..'), file('e/canary')), 'e/canary'],
  ['links in a circle', tar(link('a', 'b'), link('b', 'a'), file('a/x')), 'a/x'],
  ['directory made through a link', tar(link('up', '../..'), directory('up/tmp/')), 'up/tmp/'],
  ['link made through a link', tar(link('up', '..'), link('up/canary2', 'x')), 'up/canary2'],
  ['whiteout through a link', tar(link('up', '..'), file('up/.wh.canary')), 'up/.wh.canary'],
  ['opaque mark through a link', tar(link('up', '..'), file('up/.wh..wh..opq')), 'up/.wh..wh..opq'],
  ['link with an empty target', tar(link('e', '')), 'e: '],
  ['hard link to a file of the host', tar(hard('shadow', '/etc/shadow')), 'shadow'],
  ['hard link upwards', tar(hard('stolen', '../canary')), 'stolen'],
  ['hard link through a link upwards', tar(link('up', '..'), hard('stolen', 'up/canary')), 'stolen'],
  ['hard link through an absolute link', tar(link('etc', '/etc'), hard('stolen', 'etc/passwd')), 'stolen'],
  ['hard link to nothing', tar(hard('h', 'missing')), 'missing'],
  ['hard link to a directory', tar(directory('d'), hard('h', 'd')), 'directory d'],
  ['hard link to a whiteout', tar(file('.wh.w'), hard('h', 'w')), 'h'],
  ['hard link made through a link', tar(file('f'), link('up', '..'), hard('up/f', 'f')), 'up/f'],
  ['hard link onto the directory itself', tar(file('f'), hard('.', 'f')), 'no name'],
  ['character device', tar({ name: 'etc/mem', type: 'char', major: 1, minor: 1 }), 'etc/mem'],
  ['block device', tar({ name: 'sda', type: 'block', major: 8 }), 'sda'],
  ['forged whiteout device', tar({ name: 'passwd', type: 'char' }), 'passwd'],
  ['device in a directory that only looks like dev', tar({ name: 'etc/dev/mem', type: 'char', major: 1, minor: 1 }), 'etc/dev/mem'],
  ['file below a file', tar(file('f'), file('f/x')), 'f/x'],
  ['file over a full directory', tar(file('d/x'), file('d')), 'not empty'],
  ['link over a full directory', tar(file('d/x'), link('d', '/etc')), 'not empty'],
  ['whiteout of nothing', tar(file('.wh.')), '.wh.'],
  ['whiteout of the directory', tar(file('a/.wh..')), 'a/.wh..'],
  ['whiteout of the parent', tar(file('a/.wh...')), 'a/.wh...'],
  ['whiteout of a whiteout', tar(file('.wh..wh.foo')), '.wh..wh.foo'],
  ['whiteout as a parent', tar(file('.wh.d/x')), '.wh.d/x'],
  ['whiteout with a slash', tar(file('.wh./x')), '.wh./x'],
  ['whiteout that is a directory', tar(directory('.wh.d')), '.wh.d'],
  ['whiteout that is a link', tar(link('.wh.d', '/etc')), '.wh.d'],
  ['forged opaque mark', tar(marked('user.overlay.opaque')), 'user.overlay.opaque'],
  ['forged redirect', tar(marked('trusted.overlay.redirect')), 'trusted.overlay.redirect'],
  ['forged fuse-overlayfs mark', tar(marked('user.fuseoverlayfs.opaque')), 'user.fuseoverlayfs.opaque'],
  ['forged mark on a directory', tar({ ...marked('user.overlay.whiteout'), type: 'directory' }), 'marked'],
  ['damaged header', Buffer.concat([entry(file('ok')), Buffer.alloc(512, 'x'), Buffer.alloc(1024)]), 'damaged'],
  ['no archive at all', Buffer.from('#!/bin/sh\necho hello\n'), 'damaged'],
  ['nothing at all', Buffer.alloc(0), 'truncated'],
  ['cut in the middle of a file', tar({ name: 'big', data: Buffer.alloc(5000) }).subarray(0, 2000), 'truncated'],
  ['cut in the middle of a header', tar(file('a'), file('b')).subarray(0, 1200), 'truncated'],
  ['size beyond the data', tar({ name: 'big', data: 'x', size: 10_000 }), 'big'],
  ['cut gzip', gzipSync(tar({ name: 'big', data: Buffer.alloc(5000, 'x') })).subarray(0, 40), 'truncated'],
  ['damaged gzip', Buffer.from(gzipSync(tar(file('a'))).map((byte, at) => (at > 20 && at < 40 ? byte ^ 0x5a : byte))), 'gzip'],
  ['gzip within gzip', gzipSync(gzipSync(tar(file('a')))), 'damaged'],
];

for (const [what, archive, words] of hostile)
  test(what, () =>
    withWork((work) => {
      const done = applyIn(work, archive);
      assert.is(done.status, 1, `exit status; stderr: ${done.stderr}`);
      assert.match(done.stderr, /^refused: [\x20-\x7e]+\n$/);
      assert.ok(done.stderr.includes(words), `"${words}" is not in: ${done.stderr}`);
      assert.is(done.stdout, '');
      assert.not.ok(done.escaped);
      assert.not.ok(existsSync('/tmp/pwned'));
    }));

test('limits: bytes, size of one file, entries, directories in between', () =>
  withWork((work) => {
    const refusal = (archive: Buffer, ...flags: string[]): string => applyIn(work, archive, { flags }).stderr;
    assert.match(refusal(tar({ name: 'a', data: Buffer.alloc(600) }, { name: 'b', data: Buffer.alloc(600) }), '--max-bytes', '1000'), /^refused: b: .*1000 bytes/);
    assert.match(refusal(tar({ name: 'huge', size: 2 ** 40 }), '--max-bytes', '1000'), /^refused: huge: .*1000 bytes/);
    assert.match(refusal(tar(file('1'), file('2'), file('3')), '--max-entries', '2'), /^refused: .*2 files/);
    assert.match(refusal(tar(file('deep/er/and/deeper')), '--max-entries', '3'), /^refused: .*3 files/);
  }));

test('a compression bomb is stopped after a gigabyte', () =>
  withWork((work) => {
    const zeros = gzipSync(Buffer.alloc(64 << 20));
    const bomb = Buffer.concat([gzipSync(entry({ name: 'bomb', size: 8 * 2 ** 30 })), ...Array.from({ length: 20 }, () => zeros)]);
    assert.match(applyIn(work, bomb).stderr, /^refused: a compression bomb/);
  }));

test('control characters do not reach the terminal', () =>
  withWork((work) => {
    const done = applyIn(work, tar(file('../\u001b]0;owned\u0007\u009b2J\n\u202e')));
    assert.match(done.stderr, /^refused: [\x20-\x7e]+\n$/);
    assert.ok(done.stderr.includes('\\x1b]0;owned\\x07'));
  }));

test('a later entry replaces a link, and never writes through it', () =>
  withWork((work) => {
    const done = applyIn(work, tar(link('f', '../canary'), { name: 'f', data: 'new' }, link('d', '..'), directory('d'), file('d/x')));
    assert.is(done.stderr, '');
    assert.is(readFileSync(join(done.dir, 'f'), 'utf8'), 'new');
    assert.ok(lstatSync(join(done.dir, 'd')).isDirectory());
    assert.not.ok(done.escaped);
  }));

test('a later entry replaces a hard link without changing the other name', () =>
  withWork((work) => {
    const done = applyIn(work, tar({ name: 'a', data: 'old' }, hard('b', 'a'), { name: 'b', data: 'new' }));
    assert.is(readFileSync(join(done.dir, 'a'), 'utf8'), 'old');
    assert.is(readFileSync(join(done.dir, 'b'), 'utf8'), 'new');
  }));

test('a hard link to a symbolic link links the link', () =>
  withWork((work) => {
    const done = applyIn(work, tar(link('s', '../canary'), hard('h', 's')));
    assert.is(done.stderr, '');
    assert.ok(lstatSync(join(done.dir, 'h')).isSymbolicLink());
    assert.is(lstatSync(join(work, 'canary')).nlink, 1);
  }));

test('nodes and sockets under dev are left out', () =>
  withWork((work) => {
    const done = applyIn(work, tar(directory('dev/'), { name: 'dev/sda', type: 'block', major: 8 }, hard('dev/disk', 'dev/sda'), link('dev/fd', '/proc/self/fd')));
    assert.is(done.stderr, '');
    assert.equal(readdirSync(join(done.dir, 'dev')), ['fd']);
  }));

test('an owner beyond the mapped ids is a failure that says so', () =>
  withWork((work) => {
    const done = applyIn(work, tar({ name: 'far', uid: 4242 }), { oneId: true });
    assert.is(done.status, 1);
    assert.match(done.stderr, /^failed: cannot give far to uid 4242: your subordinate ids .*1 are mapped/);
    assert.match(applyIn(work, tar({ name: 'group', gid: 4242 }), { oneId: true }).stderr, /to gid 4242: .*subgid/);
    assert.match(applyIn(work, tar({ name: 'none', uid: 2 ** 32 - 1 })).stderr, /^failed: cannot give none to uid 4294967295/);
  }));

test.run();
