/** What skiff-tree makes of a directory: the same tree again when it is extracted, and a tar that others read. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, readFileSync, statSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { skip } from '../harness.ts';
import { tar } from '../tar-maker.ts';
import type { Entry } from '../tar-maker.ts';
import { applyIn, attribute, binary, hasManyIds, inside, isRoot, packIn, withWork } from '../tree-run.ts';
import type { ApplyOptions } from '../tree-run.ts';

const owner = hasManyIds ? { uid: 33, gid: 1000 } : {};
const longName = 'n'.repeat(255);
const deepPath = `${'d'.repeat(200)}/`.repeat(3).slice(0, -1);
/** cap_net_raw+ep, capabilities(7): VFS_CAP_REVISION_2 and one bit. */
const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex');

/** One of everything. */
const everything: readonly Entry[] = [
  { name: 'dir/', type: 'directory', mode: 0o1777, ...owner, pax: { mtime: '1234567890.123456789', 'SCHILY.xattr.user.note': 'on a directory' } },
  { name: 'dir/file', data: 'content\n', mode: 0o4755, ...owner, pax: { mtime: '1.000000001' } },
  { name: 'dir/empty', mode: 0 },
  { name: 'zz-linked', type: 'hardlink', linkname: 'dir/file' },
  { name: 'link', type: 'symlink', linkname: 'dir/../nowhere', ...owner },
  { name: 'fifo', type: 'fifo', mode: 0o600 },
  { name: 'old', data: 'x', pax: { mtime: '-2' } },
  { name: 'far', data: 'x', pax: { mtime: '8589934592.5' } },
  { name: 'noted', data: 'x', pax: { 'SCHILY.xattr.user.z': '\n=\0binary', 'SCHILY.xattr.user.a': '' } },
  { name: 'able', data: 'x', mode: 0o755, pax: { 'SCHILY.xattr.security.capability': capability } },
  { name: Buffer.from('latin1-\xe9', 'latin1'), data: 'x' },
  { name: 'utf8-\u00e9-e\u0301-\u202e', data: 'x' },
  { name: 'line\nbreak', data: 'x' },
  { name: 'l', pax: { path: longName }, data: 'x' },
  { name: 'd', pax: { path: `${deepPath}/f` }, data: 'deep' },
  { name: 'h', type: 'hardlink', linkname: 'd', pax: { path: 'zz-deep', linkpath: `${deepPath}/f` } },
  { name: 'm', type: 'symlink', pax: { path: 'a-long-link', linkpath: 't'.repeat(4095) } },
  { name: 'block-sized', data: Buffer.alloc(1024, 7) },
  { name: 'large', data: Buffer.alloc((3 << 20) + 1, 9) },
];

/** Names, kinds, modes, owners, times, link counts and targets of a tree. */
const listing = (dir: string): string =>
  inside('sh', '-c', 'cd "$1" && find . -mindepth 1 -printf "%P %y %m %U:%G %T@ %n %l %s\\0" | sort -z', 'sh', dir).replaceAll('\0', '\n').replace(/^(.* d .*) \d+$/gm, '$1');

const packed = (dir: string, options?: ApplyOptions): Buffer => {
  const done = packIn(dir, options);
  assert.is(done.stderr, '');
  assert.is(done.status, 0);
  return done.tar;
};

/** Extracts `archive` as `dir` of a second work directory and hands it over. */
const again = (archive: Buffer, check: (dir: string) => void, options?: ApplyOptions): void =>
  withWork((work) => {
    const done = applyIn(work, archive, options);
    assert.is(done.stderr, '');
    check(done.dir);
  });

test('what is packed and extracted is the same tree, and is packed to the same bytes', () =>
  withWork((work) => {
    const { dir, stderr } = applyIn(work, tar(...everything));
    assert.is(stderr, '');
    const archive = packed(dir);
    const before = listing(dir);
    assert.match(before, /zz-linked f 4755 .* 2 /);
    assert.match(before, /old f 644 0:0 -2\./);
    again(archive, (copy) => {
      assert.is(listing(copy), before);
      assert.is(inside('diff', '-r', '--no-dereference', '--exclude=fifo', dir, copy), '');
      for (const [name, key] of [['dir', 'user.note'], ['noted', 'user.z'], ['noted', 'user.a'], ['able', 'security.capability']] as const) {
        assert.is(attribute(join(copy, name), key), attribute(join(dir, name), key), `${name} ${key}`);
      }
      assert.is(attribute(join(copy, 'noted'), 'user.z'), Buffer.from('\n=\0binary').toString('hex'));
      assert.is.not(attribute(join(copy, 'able'), 'security.capability'), '');
      assert.ok(packed(copy).equals(archive));
    });
  }));

test('GNU tar reads it: names are relative and sorted, directories come before what is in them', () =>
  withWork((work) => {
    const { dir } = applyIn(work, tar({ name: 'b/y', data: '1' }, { name: 'b/x', data: '2' }, { name: 'a', data: '3' }));
    const listed = spawnSync('tar', ['-tf', '-'], { input: packed(dir) });
    assert.is(listed.stderr.toString(), '');
    assert.equal(listed.stdout.toString().trim().split('\n'), ['a', 'b/', 'b/x', 'b/y']);
  }));

test('nothing in a directory is an archive of nothing', () => withWork((work) => assert.ok(packed(join(work, 'dir')).equals(Buffer.alloc(1024)))));

test('holes are kept: at the start, between, at the end', () =>
  withWork((work) => {
    const path = join(work, 'dir', 'sparse-\u00e9');
    const fd = openSync(path, 'w');
    ftruncateSync(fd, 96 << 20);
    writeSync(fd, 'middle', 32 << 20);
    writeSync(fd, Buffer.alloc(100_000, 5), 0, 100_000, (64 << 20) + 12_345);
    closeSync(fd);
    assert.ok(statSync(path).blocks < 2048, 'this file system has holes');
    const archive = packed(join(work, 'dir'));
    assert.ok(archive.length < 1 << 20, `${archive.length} bytes`);
    again(archive, (copy) => {
      const after = statSync(join(copy, 'sparse-\u00e9'));
      assert.is(after.size, 96 << 20);
      assert.ok(after.blocks < 2048, `${after.blocks} blocks`);
      assert.is(spawnSync('cmp', [path, join(copy, 'sparse-\u00e9')]).status, 0);
    });
    const listed = spawnSync('tar', ['-tvf', '-'], { input: archive });
    assert.match(listed.stdout.toString(), / 100663296 /);
  }));

test('a file of holes only', () =>
  withWork((work) => {
    const path = join(work, 'dir', 'void');
    const fd = openSync(path, 'w');
    ftruncateSync(fd, (5 << 20) + 3);
    closeSync(fd);
    again(packed(join(work, 'dir')), (copy) => assert.ok(readFileSync(join(copy, 'void')).equals(Buffer.alloc((5 << 20) + 3))));
  }));

test('a file that shrinks or grows while it is read does not damage the archive', () => {
  for (const change of [': > "$1/big"', 'dd if=/dev/zero bs=1M count=4 >> "$1/big" 2>/dev/null', 'rm "$1/big" "$1/later"'])
    withWork((work) => {
      const dir = join(work, 'dir');
      writeFileSync(join(dir, 'big'), Buffer.alloc(8 << 20, 1));
      writeFileSync(join(dir, 'later'), 'intact');
      // The writer has filled the pipe and its buffer, a ninth of the file, when the first block has been taken.
      const script = `"$0" pack --dir "$1" | { dd bs=512 count=1 2>/dev/null; ${change}; cat; }`;
      const done = spawnSync('sh', ['-c', script, binary, dir], { maxBuffer: 1 << 28 });
      assert.is(done.stderr.toString(), '');
      const listed = spawnSync('tar', ['-tvf', '-'], { input: done.stdout });
      assert.is(listed.stderr.toString(), '');
      const sizes = listed.stdout.toString().trim().split('\n').map((line) => line.split(/\s+/)[2]);
      assert.equal(sizes, change.startsWith('rm') ? ['8388608'] : ['8388608', '6'], change);
    });
});

test('a socket is left out, and named', () =>
  withWork((work) => {
    const dir = join(work, 'dir');
    const made = spawnSync('perl', ['-MSocket', '-e', 'socket(S, AF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un($ARGV[0])) or die', join(dir, 'so\u001b[2Jck')]);
    assert.is(made.status, 0);
    writeFileSync(join(dir, 'kept'), '');
    const done = packIn(dir);
    assert.is(done.status, 0);
    assert.match(done.stderr, /^left out: so\\x1b\[2Jck: [ -~]+\n$/);
    assert.is(spawnSync('tar', ['-tf', '-'], { input: done.tar }).stdout.toString(), 'kept\n');
  }));

test('links are not followed', () =>
  withWork((work) => {
    const dir = join(work, 'dir');
    symlinkSync('../canary', join(dir, 'file'));
    symlinkSync('/etc', join(dir, 'etc'));
    const listed = spawnSync('tar', ['-tf', '-'], { input: packed(dir) });
    assert.is(listed.stdout.toString(), 'etc\nfile\n');
  }));

test('marks of overlay file systems and the note of an owner are not packed', () =>
  withWork((work) => {
    const options: ApplyOptions = { oneId: true, flags: ['--single-uid'] };
    const { dir } = applyIn(work, tar({ name: 'd/.wh..wh..opq' }, { name: 'd/f', data: 'x', uid: 5, pax: { 'SCHILY.xattr.user.kept': 'y' } }), options);
    assert.is(attribute(join(dir, 'd'), 'user.overlay.opaque'), '79');
    assert.is.not(attribute(join(dir, 'd/f'), 'user.containers.override_stat'), '');
    const text = packed(dir, options).toString('latin1');
    assert.ok(text.includes('SCHILY.xattr.user.kept=y'));
    assert.not.ok(/overlay|override/.test(text));
  }));

test('with one id the owners that were noted are the owners', () =>
  withWork((work) => {
    const options: ApplyOptions = { oneId: true, flags: ['--single-uid'] };
    const archive = tar({ name: 'etc/', type: 'directory', uid: 3, gid: 4 }, { name: 'etc/shadow', data: 'x', uid: 5, gid: 42, mode: 0o640 }, { name: 'plain', data: 'x' });
    const { dir, stderr } = applyIn(work, archive, options);
    assert.is(stderr, '');
    const listed = spawnSync('tar', ['-tvf', '-', '--numeric-owner'], { input: packed(dir, options) });
    assert.equal(listed.stdout.toString().trim().split('\n').map((line) => line.split(/\s+/).slice(0, 2).join(' ')), ['drwxr-xr-x 3/4', '-rw-r----- 5/42', '-rw-r--r-- 0/0']);
  }));

test('a path that no archive can hold is refused in one line', () =>
  withWork((work) => {
    const deeper = 'for i in $(seq 30); do mkdir $(printf "%0200d" 0) && cd $(printf "%0200d" 0) || exit 1; done';
    assert.is(spawnSync('bash', ['-c', deeper], { cwd: join(work, 'dir') }).status, 0);
    const done = packIn(join(work, 'dir'));
    assert.is(done.status, 1);
    assert.match(done.stderr, /^refused: 0+[ -~]+longer than 4095 bytes\n$/);
  }));

const unreadable = 'what cannot be read is a failure that names it';
if (isRoot) skip(unreadable, 'root reads everything');
else
  test(unreadable, () =>
    withWork((work) => {
      writeFileSync(join(work, 'dir', 'closed'), '', { mode: 0 });
      const done = spawnSync(binary, ['pack', '--dir', join(work, 'dir')]);
      assert.is(done.status, 1);
      assert.match(done.stderr.toString(), /^failed: cannot open closed: permission denied\n$/);
    }));

test('wrong command lines', () => {
  for (const args of [['pack'], ['pack', '--dir', '/', 'x'], ['pack', '--nonsense'], ['pack', '--dir', '/nonexistent']]) {
    const done = spawnSync(binary, args);
    assert.is(done.status, 1);
    assert.match(done.stderr.toString(), /^failed: [ -~]+\n$/);
  }
});

test.run();
