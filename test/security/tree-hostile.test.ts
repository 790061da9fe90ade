/** Archives that no honest tool makes: each must be refused by name, with nothing outside the directory touched. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { existsSync, lstatSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { entry, gnuLong, tar } from '../tar-maker.ts';
import type { Entry } from '../tar-maker.ts';
import { applyIn, attribute, inside, withWork } from '../tree-run.ts';

const link = (name: string, linkname: string): Entry => ({ name, type: 'symlink', linkname });
const hard = (name: string, linkname: string): Entry => ({ name, type: 'hardlink', linkname });
const directory = (name: string): Entry => ({ name, type: 'directory' });
const file = (name: string): Entry => ({ name, data: 'pwned' });
const marked = (key: string): Entry => ({ name: 'marked', pax: { [`SCHILY.xattr.${key}`]: 'y' } });

/** A pax header of its own, with this text instead of records. */
const rawPax = (text: string | Buffer, size?: number): Buffer => entry({ name: 'PaxHeaders/x', typeflag: 'x', data: text, ...(size === undefined ? {} : { size }) });

/** GNU's sparse format 1.0: a map of offsets and lengths in front of the data. */
const sparse = (realsize: number, map: string, data: string): Entry => ({
  name: 'GNUSparseFile.0/s',
  pax: { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.name': 's', 'GNU.sparse.realsize': String(realsize) },
  data: Buffer.concat([Buffer.from(map.padEnd(512, '\0')), Buffer.from(data)]),
});

/** The archive with these bytes written over its first header's field, and the checksum made right again. */
const patched = (archive: Buffer, at: number, bytes: string | Buffer): Buffer => {
  const copy = Buffer.from(archive);
  copy.set(Buffer.from(bytes), at);
  copy.fill(' ', 148, 156);
  copy.write(`${copy.subarray(0, 512).reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0`, 148, 'latin1');
  return copy;
};

const negativeSize = Buffer.alloc(12, 0xff);
const hugeSize = Buffer.from('800000007fffffffffffffff', 'hex');

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
  ['whiteout of a whiteout', tar(file('d/.wh..wh.foo')), 'd/.wh..wh.foo'],
  ['opaque mark with a dot too few', tar(file('d/.wh..wh.opq')), 'd/.wh..wh.opq'],
  ['whiteout as a parent', tar(file('.wh.d/x')), '.wh.d/x'],
  ['whiteout with a slash', tar(file('.wh./x')), '.wh./x'],
  ['whiteout that is a directory', tar(directory('.wh.d')), '.wh.d'],
  ['whiteout that is a link', tar(link('.wh.d', '/etc')), '.wh.d'],
  ['forged opaque mark', tar(marked('user.overlay.opaque')), 'user.overlay.opaque'],
  ['forged redirect', tar(marked('trusted.overlay.redirect')), 'trusted.overlay.redirect'],
  ['forged fuse-overlayfs mark', tar(marked('user.fuseoverlayfs.opaque')), 'user.fuseoverlayfs.opaque'],
  ['forged mark on a directory', tar({ ...marked('user.overlay.whiteout'), type: 'directory' }), 'marked'],
  ['whiteout that is a link to a directory outside', tar(link('a/.wh.b', '../..')), 'a/.wh.b'],
  ['whiteout that is a FIFO', tar({ name: '.wh.b', type: 'fifo' }), '.wh.b'],
  ['whiteout below a file', tar(file('f'), file('f/.wh.x')), 'f/.wh.x'],
  ['opaque mark below a file', tar(file('f'), file('f/.wh..wh..opq')), 'f/.wh..wh..opq'],
  ['opaque mark that is a directory', tar(directory('d/.wh..wh..opq')), 'd/.wh..wh..opq'],
  ['opaque mark that is a link', tar(link('d/.wh..wh..opq', '/etc')), 'd/.wh..wh..opq'],
  ['opaque mark as a parent', tar(file('d/.wh..wh..opq/x')), 'd/.wh..wh..opq/x'],
  ['whiteout of an opaque mark', tar(file('d/.wh..wh..wh..opq')), 'd/.wh..wh..wh..opq'],
  ['what AUFS never kept below the top', tar(file('d/.wh..wh.plnk')), 'd/.wh..wh.plnk'],
  ['file below a whiteout of this layer', tar(file('.wh.d'), link('e', 'd'), hard('h', 'e/x')), 'h: '],
  ['hard link to a whiteout by its own name', tar(file('.wh.w'), hard('h', '.wh.w')), '.wh.w'],
  ['hard link through a whiteout', tar(file('.wh.d'), hard('h', 'd/x')), 'd/x'],
  ['hard link to itself', tar(hard('h', 'h')), 'h'],
  ['hard link with an empty target', tar(hard('h', '')), 'h'],
  ['hard link to the directory itself', tar(hard('h', '.')), 'h'],
  ['hard link through links in a circle', tar(link('a', 'b'), link('b', 'a'), hard('h', 'a/x')), 'h'],
  ['hard link whose target is too long', tar({ name: 'h', type: 'hardlink', linkname: 'n', pax: { linkpath: 'n/'.repeat(2048) } }), 'longer than 4095'],
  ['hard link over a full directory', tar(file('f'), file('d/x'), hard('d', 'f')), 'not empty'],
  ['link whose target is too long', tar({ name: 's', type: 'symlink', pax: { linkpath: 't'.repeat(4096) } }), 'longer than 4095'],
  ['file, then a link, then through it', tar(file('d/x'), file('e'), link('e', '../..'), file('e/canary')), 'e/canary'],
  ['directory turned into a link, then through it', tar(directory('d'), link('d', '/tmp'), file('d/pwned')), 'd/pwned'],
  ['path of 4096 bytes', tar({ name: 'x', pax: { path: `${'p/'.repeat(2047)}xx` } }), 'longer than 4095'],
  ['path of a megabyte', tar(gnuLong('L', 'p/'.repeat(500_000)), file('x')), 'longer than 4095'],
  ['attribute over the limit', tar({ name: 'a', pax: { 'SCHILY.xattr.user.big': Buffer.alloc(65_537, 'x') } }), 'user.big'],
  ['attribute with a name over the limit', tar({ name: 'a', pax: { [`SCHILY.xattr.user.${'k'.repeat(300)}`]: 'x' } }), 'user.kkk'],
  ['pax header of a gigabyte', Buffer.concat([rawPax('x', 2 ** 30), Buffer.alloc(4096)]), 'damaged'],
  ['pax header of eight exabytes', Buffer.concat([patched(rawPax('x'), 124, hugeSize), Buffer.alloc(4096)]), 'damaged'],
  ['pax record longer than its header', Buffer.concat([rawPax('999 path=x\n'), tar(file('x'))]), 'damaged'],
  ['pax record without a length', Buffer.concat([rawPax('path=x\n'), tar(file('x'))]), 'damaged'],
  ['long name of a gigabyte', Buffer.concat([entry({ name: '././@LongLink', typeflag: 'L', size: 2 ** 30 }), Buffer.alloc(4096)]), 'damaged'],
  ['negative size', patched(tar(file('x')), 124, negativeSize), 'negative size'],
  ['size of eight exabytes', patched(tar(file('x')), 124, hugeSize), 'size overflow'],
  ['negative size in a pax record', tar({ name: 'x', data: 'y', pax: { size: '-1' } }), 'negative'],
  ['wrong checksum', (() => { const bytes = tar(file('x')); bytes.write('0777777', 100, 'latin1'); return bytes; })(), 'damaged'],
  ['sparse map behind the end', tar(sparse(10, '1\n5\n100\n', 'y'.repeat(100))), 'sparse'],
  ['sparse map that goes back', tar(sparse(1000, '2\n500\n4\n0\n4\n', 'y'.repeat(8))), 'sparse'],
  ['sparse map with negative numbers', tar(sparse(1000, '1\n-5\n4\n', 'yyyy')), 's'],
  ['sparse map of a million', tar(sparse(1000, '1000000\n', '')), 's'],
  ['sparse file of an exabyte', tar(sparse(2 ** 60, '1\n0\n4\n', 'yyyy')), 'larger than'],
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

/** What looks hostile and is not, or is made harmless, as podman and Docker do: what is there afterwards, `opaque` for a directory that hides what is below. */
const harmless: readonly (readonly [string, Buffer, readonly string[]])[] = [
  ['whiteout, then the file', tar(file('.wh.x'), file('x')), ['x f']],
  ['the file, then its whiteout', tar(file('x'), file('.wh.x')), ['x f']],
  ['whiteout, then the directory', tar(file('.wh.d'), file('d/x')), ['d d opaque', 'd/x f']],
  ['the directory, then its whiteout', tar(file('d/x'), file('.wh.d')), ['d d opaque', 'd/x f']],
  ['whiteout, then a link', tar(file('.wh.l'), link('l', 'x')), ['l l']],
  ['whiteout twice', tar(file('.wh.x'), file('.wh.x')), ['x c']],
  ['whiteout with content', tar({ name: '.wh.x', data: Buffer.alloc(5000) }, file('y')), ['x c', 'y f']],
  ['whiteout that is a hard link', tar(file('f'), hard('.wh.x', 'f')), ['f f', 'x c']],
  ['whiteout of what begins with a dot', tar(file('.wh..hidden')), ['.hidden c']],
  ['whiteout of three dots', tar(file('.wh....')), ['... c']],
  ['whiteout of the longest name', tar({ name: 'w', pax: { path: `.wh.${'n'.repeat(251)}` } }), [`${'n'.repeat(251)} c`]],
  ['opaque mark before, behind and twice', tar(file('d/.wh..wh..opq'), file('d/x'), file('d/.wh..wh..opq')), ['d d opaque', 'd/x f']],
  ['opaque mark at the top', tar(file('.wh..wh..opq'), file('x')), ['x f']],
  ['opaque mark in a directory that comes later', tar(file('d/.wh..wh..opq'), directory('d')), ['d d opaque']],
  ['what AUFS kept', tar(directory('.wh..wh.plnk'), file('.wh..wh.plnk/12.34'), file('./.wh..wh.aufs'), directory('.wh..wh.orph'), file('.wh..wh.foo'), file('x')), ['x f']],
  ['file, directory, link, file', tar(file('x'), directory('x'), link('x', '..'), file('x')), ['x f']],
  ['FIFO, hard link, directory', tar(file('f'), { name: 'x', type: 'fifo' }, hard('x', 'f'), directory('x')), ['f f', 'x d']],
  ['hard link through a link that stays inside', tar(file('d/f'), link('s', 'd'), hard('h', 's/f')), ['d d', 'd/f f', 'h f', 's l']],
  ['hard link over itself', tar(file('f'), hard('f', 'f')), ['f f']],
  ['entry through a link that stays inside', tar(directory('usr/bin'), link('bin', 'usr/bin'), file('bin/sh')), ['bin l', 'usr d', 'usr/bin d', 'usr/bin/sh f']],
  ['name of 255 bytes', tar({ name: 'x', pax: { path: 'n'.repeat(255) } }), [`${'n'.repeat(255)} f`]],
  ['attributes of the host and of nobody', tar({ name: 'a', pax: { 'SCHILY.xattr.trusted.x': 'y', 'SCHILY.xattr.security.selinux': 'y', 'SCHILY.xattr.nobody.x': 'y', 'SCHILY.xattr.x': 'y' } }), ['a f']],
  ['pax records that nobody knows', tar({ name: 'a', pax: { 'VENDOR.thing': 'y'.repeat(10_000), comment: 'z' } }), ['a f']],
];

const kinds = 'find "$1" -mindepth 1 -printf "%P %y\\n" | LC_ALL=C sort';

for (const [what, archive, expected] of harmless)
  test(`harmless: ${what}`, () =>
    withWork((work) => {
      const done = applyIn(work, archive);
      assert.is(done.stderr, '');
      assert.not.ok(done.escaped);
      const found = inside('sh', '-c', kinds, 'sh', done.dir).trim().split('\n');
      const opaque = (line: string): string => (line.endsWith(' d') && attribute(join(done.dir, line.slice(0, -2)), 'user.overlay.opaque') === '79' ? `${line} opaque` : line);
      assert.equal(found.map(opaque), expected);
    }));

test('an opaque mark at the top is one of the layer itself', () =>
  withWork((work) => {
    const { dir } = applyIn(work, tar(file('./.wh..wh..opq')));
    assert.is(attribute(dir, 'user.overlay.opaque'), '79');
  }));

test('a path of 4095 bytes is made', () =>
  withWork((work) => {
    const path = `${`${'d'.repeat(90)}/`.repeat(44)}${'f'.repeat(91)}`;
    assert.is(path.length, 4095);
    const done = applyIn(work, tar({ name: 'x', pax: { path } }));
    assert.is(done.stderr, '');
    assert.is(inside('sh', '-c', 'cd "$1" && find . -type f -printf "%P\\n"', 'sh', done.dir).trim(), path);
  }));

test('attributes of the host are not set', () =>
  withWork((work) => {
    const done = applyIn(work, tar({ name: 'a', pax: { 'SCHILY.xattr.security.selinux': 'y', 'SCHILY.xattr.user.containers.override_stat': '1:2:0777', 'SCHILY.xattr.user.own': 'z' } }));
    assert.is(done.stderr, '');
    assert.equal(['security.selinux', 'user.containers.override_stat', 'user.own'].map((key) => attribute(join(done.dir, 'a'), key)), ['', '', '7a']);
  }));

test('bombs within the limit of a layer: sparse, compressed, many names', () =>
  withWork((work) => {
    const refusal = (archive: Buffer, ...flags: string[]): string => applyIn(work, archive, { flags }).stderr;
    assert.match(refusal(tar(sparse(10_000_000, '1\n0\n4\n', 'yyyy')), '--max-bytes', '1000000'), /^refused: s: is larger than 1000000 bytes/);
    assert.match(refusal(gzipSync(tar({ name: 'zeros', data: Buffer.alloc(8 << 20) })), '--max-bytes', '1000000'), /^refused: zeros: .*1000000 bytes/);
    const many = Array.from({ length: 2000 }, (_, at) => file(`whiteouts/.wh.${at}`));
    assert.match(refusal(gzipSync(tar(...many)), '--max-entries', '1000'), /^refused: .*1000 files/);
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
