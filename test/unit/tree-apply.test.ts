/** What skiff-tree keeps of a layer: names, modes, times, owners, attributes, links, holes; and what it reports. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, readlinkSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bzip2, xz, zstd } from './tree-samples.ts';
import { gzipSync } from 'node:zlib';
import { skip } from '../harness.ts';
import { entry, gnuLong, tar } from '../tar-maker.ts';
import type { Entry } from '../tar-maker.ts';
import { applyIn, attribute, binary, decompress, hasManyIds, inside, isRoot, withWork } from '../tree-run.ts';
import type { Applied, ApplyOptions } from '../tree-run.ts';

const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

const applied = (archive: Buffer, check: (done: Applied) => void, options?: ApplyOptions): void =>
  withWork((work) => {
    const done = applyIn(work, archive, options);
    assert.is(done.stderr, '');
    assert.is(done.status, 0);
    assert.not.ok(done.escaped);
    check(done);
  });

const modeOf = (path: string): number => lstatSync(path).mode & 0o7777;
const fill = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, at) => (at * 31 + (at >> 8)) & 255));

test('reports digests, sizes, compression and entries', () => {
  const plain = tar({ name: 'a', data: fill(3000) }, { name: 'b/c', data: 'x' });
  for (const [name, blob] of [['none', plain], ['gzip', gzipSync(plain)]] as const)
    applied(blob, ({ stdout }) =>
      assert.is(stdout, `blob sha256:${sha256(blob)} ${blob.length}\ndiff sha256:${sha256(plain)} ${plain.length}\ncompression ${name}\nentries 2\n`));
});

test('the whole input counts, also behind the end of the archive and of the compressed data', () => {
  const plain = Buffer.concat([tar({ name: 'a' }), Buffer.alloc(3_000_000, 7)]);
  applied(plain, ({ stdout }) => assert.match(stdout, `blob sha256:${sha256(plain)} ${plain.length}\n`));
  const blob = Buffer.concat([gzipSync(plain), Buffer.alloc(2_000_000, 1)]);
  applied(blob, ({ stdout }) => assert.match(stdout, `blob sha256:${sha256(blob)} ${blob.length}\ndiff sha256:${sha256(plain)}`));
});

test('reads gzip members and the other compressions', () => {
  const plain = tar({ name: 'a', data: fill(3000) });
  const members = Buffer.concat([gzipSync(plain.subarray(0, 700)), gzipSync(plain.subarray(700))]);
  applied(members, ({ stdout }) => assert.match(stdout, `diff sha256:${sha256(plain)}`));
  for (const [name, blob] of [['zstd', zstd], ['bzip2', bzip2], ['xz', xz]] as const)
    applied(blob, ({ dir, stdout }) => {
      assert.match(stdout, `compression ${name}\n`);
      assert.is(readFileSync(join(dir, 'hello'), 'utf8'), 'Hello from a compressed layer.\n');
    });
});

test('decompress copies what is inside, and only one layer of compression', () => {
  const data = fill(2_500_000);
  for (const input of [data, gzipSync(data)]) assert.ok(decompress(input).stdout.equals(data));
  assert.ok(decompress(gzipSync(gzipSync(data))).stdout.equals(gzipSync(data)));
  const cut = decompress(gzipSync(data).subarray(0, 5000));
  assert.is(cut.status, 1);
  assert.match(cut.stderr.toString(), /^refused: truncated/);
});

test('names survive byte for byte: long, decomposed, not UTF-8', () => {
  const long = `${'directory-with-a-long-name/'.repeat(9)}file`;
  const latin = Buffer.from([0x63, 0x61, 0x66, 0xe9]);
  const names: readonly (readonly [Entry | Buffer, string | Buffer])[] = [
    [{ name: 'x', pax: { path: long } }, long],
    [Buffer.concat([gnuLong('L', `gnu/${long}`), entry({ name: 'x' })]), `gnu/${long}`],
    [{ name: 'cafe\u0301' }, 'cafe\u0301'],
    [{ name: 'x', pax: { path: 'pax-cafe\u0301' } }, 'pax-cafe\u0301'],
    [{ name: 'x', pax: { path: 'caf\u00e9 \u65e5\u672c' } }, 'caf\u00e9 \u65e5\u672c'],
    [{ name: latin }, latin],
    [{ name: 'x', pax: { path: Buffer.concat([Buffer.from('pax-'), latin]) } }, Buffer.concat([Buffer.from('pax-'), latin])],
    [{ name: './dots//and/./slashes' }, 'dots/and/slashes'],
  ];
  applied(tar(...names.map(([one]) => one)), ({ dir }) => {
    for (const [, name] of names)
      assert.ok(existsSync(Buffer.concat([Buffer.from(`${dir}/`), Buffer.from(name as string)])), String(name));
    assert.is(readdirSync(dir, { encoding: 'buffer' }).filter((name) => name.includes('caf')).length, 5);
  });
});

test('link targets survive byte for byte', () => {
  const target = Buffer.from([0x2e, 0x2f, 0xe9, 0x65, 0xcc, 0x81]);
  applied(
    tar({ name: 's', type: 'symlink', linkname: target }, { name: 'p', type: 'symlink', linkname: 'x', pax: { linkpath: target } },
      { name: target }, { name: 'h', type: 'hardlink', linkname: 'x', pax: { linkpath: target } }),
    ({ dir }) => {
      assert.ok(readlinkSync(join(dir, 's'), 'buffer').equals(target));
      assert.ok(readlinkSync(join(dir, 'p'), 'buffer').equals(target));
      assert.is(lstatSync(join(dir, 'h')).nlink, 2);
    });
});

test('modes, times and kinds', () => {
  const pax = { mtime: '1234567890.123456789' };
  applied(
    tar({ name: './', type: 'directory', mode: 0o711, mtime: 7 }, { name: 'd/', type: 'directory', mode: 0o2555, pax },
      { name: 'd/setuid', mode: 0o6755, pax, data: 'x' }, { name: 'd/none', mode: 0, data: 'x' }, { name: 'd/fifo', type: 'fifo', mode: 0o622, pax },
      { name: 'd/link', type: 'symlink', linkname: '/nowhere', pax }, { name: 'tmp', type: 'directory', mode: 0o1777 }),
    ({ dir }) => {
      assert.is(modeOf(dir), 0o711);
      assert.is(lstatSync(dir).mtimeMs, 7000);
      assert.is(modeOf(join(dir, 'd')), 0o2555);
      assert.is(modeOf(join(dir, 'd/setuid')), 0o6755);
      assert.is(modeOf(join(dir, 'd/none')), 0);
      assert.is(modeOf(join(dir, 'd/fifo')), 0o622);
      assert.ok(lstatSync(join(dir, 'd/fifo')).isFIFO());
      assert.is(modeOf(join(dir, 'tmp')), 0o1777);
      for (const name of ['d', 'd/setuid', 'd/fifo', 'd/link'])
        assert.is(lstatSync(join(dir, name), { bigint: true }).mtimeNs, 1234567890123456789n, name);
    });
});

test('hard links share the file, across directories and long names', () => {
  const long = `${'l'.repeat(90)}/${'m'.repeat(90)}`;
  applied(tar({ name: 'x', pax: { path: long }, data: 'shared' }, { name: 'other/h', type: 'hardlink', linkname: 'x', pax: { linkpath: long } }, { name: 'other/h', type: 'hardlink', linkname: 'other/h' }),
    ({ dir }) => {
      assert.is(statSync(join(dir, long)).ino, statSync(join(dir, 'other/h')).ino);
      assert.is(readFileSync(join(dir, 'other/h'), 'utf8'), 'shared');
    });
});

test('sparse files keep their holes: GNU PAX 1.0', () => {
  const size = 64 << 20;
  const map = Buffer.alloc(512);
  map.write(`2\n1048576\n4\n${size}\n0\n`);
  applied(tar({ name: 'GNUSparseFile.0/s', pax: { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.name': 's', 'GNU.sparse.realsize': String(size) }, data: Buffer.concat([map, Buffer.from('data')]) }),
    ({ dir }) => {
      const found = statSync(join(dir, 's'));
      assert.is(found.size, size);
      assert.ok(found.blocks * 512 < 1 << 20, `${found.blocks} blocks`);
      assert.is(readFileSync(join(dir, 's')).toString('latin1', 1048575, 1048581), '\0data\0');
    });
});

test('attributes: users\' own and capabilities are kept, the rest left out', () => {
  const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex');
  applied(
    tar({ name: 'f', mode: 0o755, pax: { 'SCHILY.xattr.user.bytes': Buffer.from([1, 0, 10, 255]), 'SCHILY.xattr.security.capability': capability, 'SCHILY.xattr.security.selinux': 'x', 'SCHILY.xattr.trusted.x': 'y', 'SCHILY.xattr.user.containers.override_stat': '0:0:04777' } },
      { name: 'd', type: 'directory', pax: { 'SCHILY.xattr.user.d': '1' } }),
    ({ dir }) => {
      assert.is(attribute(join(dir, 'f'), 'user.bytes'), '01000aff');
      assert.match(attribute(join(dir, 'f'), 'security.capability'), /^010000[0-9a-f]{2}00040000/);
      assert.is(attribute(join(dir, 'f'), 'trusted.x'), '');
      assert.is(attribute(join(dir, 'f'), 'user.containers.override_stat'), '');
      assert.is(attribute(join(dir, 'd'), 'user.d'), '31');
    });
});

const owned = tar({ name: './', type: 'directory' }, { name: 'f', uid: 33, gid: 12, mode: 0o4750 }, { name: 'd', type: 'directory', uid: 1000, gid: 100 }, { name: 's', type: 'symlink', linkname: 'f', uid: 5, gid: 6 });

test('owners are noted in single-uid mode', () => {
  applied(owned, ({ dir }) => {
    assert.is(lstatSync(join(dir, 'f')).uid, process.getuid?.());
    assert.is(modeOf(join(dir, 'f')), 0o4750);
    assert.is(Buffer.from(attribute(join(dir, 'f'), 'user.containers.override_stat'), 'hex').toString(), '33:12:04750');
    assert.is(Buffer.from(attribute(join(dir, 'd'), 'user.containers.override_stat'), 'hex').toString(), '1000:100:0755');
    assert.is(attribute(dir, 'user.containers.override_stat'), '', 'there it would tell fuse-overlayfs to show the noted owners');
  }, { oneId: true, flags: ['--single-uid', '--sync'] });
});

const givesOwners = 'owners are given to files, directories and links';
if (!hasManyIds) skip(givesOwners, 'there are no subordinate ids');
else
  test(givesOwners, () =>
    applied(owned, ({ dir }) => {
      assert.is(inside('stat', '-c', '%u:%g %a', join(dir, 'f'), join(dir, 'd'), join(dir, 's')), '33:12 4750\n1000:100 755\n5:6 777\n');
      assert.is(attribute(join(dir, 'f'), 'user.containers.override_stat'), '');
    }));

const isWhiteout = (path: string): boolean => lstatSync(path).isCharacterDevice() && lstatSync(path).rdev === 0;
const isOpaque = (path: string): boolean => attribute(path, 'user.overlay.opaque') === '79';

test('whiteouts take overlay\'s form and never hide the layer\'s own files', () =>
  applied(
    tar({ name: 'd/.wh.gone' }, { name: 'o/.wh..wh..opq' }, { name: 'kept' }, { name: '.wh.kept' }, { name: '.wh.later' }, { name: 'later', data: 'x' },
      { name: 'before/x' }, { name: '.wh.before' }, { name: '.wh.after' }, { name: 'after/', type: 'directory' }, { name: '.wh.deep' }, { name: 'deep/er/x' }, { name: 'dev/.wh.null' }),
    ({ dir }) => {
      assert.ok(isWhiteout(join(dir, 'd/gone')));
      assert.ok(isWhiteout(join(dir, 'dev/null')));
      assert.ok(isOpaque(join(dir, 'o')));
      assert.ok(lstatSync(join(dir, 'kept')).isFile());
      assert.is(readFileSync(join(dir, 'later'), 'utf8'), 'x');
      for (const name of ['before', 'after', 'deep']) assert.ok(isOpaque(join(dir, name)), name);
      assert.ok(existsSync(join(dir, 'before/x')) && existsSync(join(dir, 'deep/er/x')));
      assert.not.ok(isOpaque(join(dir, 'd')));
    }));

test('links that stay inside are followed on the way, from any depth', () =>
  applied(
    tar({ name: 'usr/bin/', type: 'directory' }, { name: 'bin', type: 'symlink', linkname: 'usr/bin' }, { name: 'bin/ls', data: 'ls' },
      { name: 'a/b/up', type: 'symlink', linkname: '../../usr/./bin/../lib' }, { name: 'a/b/up/libc', data: 'c' }, { name: 'a/b/up/more/', type: 'directory', mtime: 9 }, { name: 'h', type: 'hardlink', linkname: 'bin/ls' }),
    ({ dir }) => {
      assert.is(readFileSync(join(dir, 'usr/bin/ls'), 'utf8'), 'ls');
      assert.is(readFileSync(join(dir, 'usr/lib/libc'), 'utf8'), 'c');
      assert.is(statSync(join(dir, 'usr/lib/more')).mtimeMs, 9000);
      assert.is(statSync(join(dir, 'h')).nlink, 2);
      assert.ok(lstatSync(join(dir, 'bin')).isSymbolicLink());
    }));

test('later entries replace earlier ones; directories merge', () =>
  applied(
    tar({ name: 'f', data: 'one' }, { name: 'f', data: 'two' }, { name: 'd', type: 'directory', mode: 0o700 }, { name: 'd/in' }, { name: 'd/', type: 'directory', mode: 0o751, mtime: 5 },
      { name: 'n' }, { name: 'n', type: 'directory' }, { name: 'e', type: 'directory' }, { name: 'e', type: 'symlink', linkname: 'f' }, { name: 'p', type: 'fifo' }, { name: 'p', type: 'fifo', mode: 0o600 }),
    ({ dir }) => {
      assert.is(readFileSync(join(dir, 'f'), 'utf8'), 'two');
      assert.is(modeOf(join(dir, 'd')), 0o751);
      assert.is(lstatSync(join(dir, 'd')).mtimeMs, 5000);
      assert.ok(existsSync(join(dir, 'd/in')));
      assert.ok(lstatSync(join(dir, 'n')).isDirectory());
      assert.is(readlinkSync(join(dir, 'e')), 'f');
      assert.is(modeOf(join(dir, 'p')), 0o600);
    }));

test('a full disk is a failure with its reason', () =>
  withWork((work) => {
    const archive = join(work, 'archive.gz');
    writeFileSync(archive, gzipSync(tar({ name: 'big', data: Buffer.alloc(300_000, 1) })));
    const script = 'mount -t tmpfs -o size=64k tmpfs "$1/dir" && exec "$2" apply --dir "$1/dir" < "$1/archive.gz"';
    const done = spawnSync('unshare', [isRoot ? '-m' : '-Urm', 'sh', '-c', script, 'sh', work, binary]);
    assert.is(done.stderr.toString(), 'failed: cannot write big: no space left on device\n');
  }));

test.run();
