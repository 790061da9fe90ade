/**
 * `skiff cp`: both ways, of running and ended containers, by Docker's rules.
 * @also-on-node
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { execute, importBusybox, inBusybox, leftovers, output, removeAll, scratch, skiff, skiffCommand, withContainer } from './skiff.ts';

test.before(() => importBusybox());
test.after.each(removeAll);

/** A directory of the host: a file, a directory, links. */
const sample = (): string => {
  const at = scratch();
  mkdirSync(join(at, 'tree/sub'), { recursive: true });
  writeFileSync(join(at, 'tree/file'), 'content\n', { mode: 0o640 });
  writeFileSync(join(at, 'tree/sub/deep'), 'deep\n');
  symlinkSync('file', join(at, 'tree/link'));
  symlinkSync('/etc/passwd', join(at, 'tree/absolute'));
  writeFileSync(join(at, 'one'), 'one\n');
  utimesSync(join(at, 'one'), 1000000000, 1000000000);
  symlinkSync('one', join(at, 'to-one'));
  symlinkSync('tree', join(at, 'to-tree'));
  return at;
};

/** `body` with a container that runs, and with one that has ended; `look` runs a script in it, or in an image of it. */
const both = (name: string, flags: readonly string[], body: (id: string, look: (script: string) => string) => void): void => {
  test(`${name}: running`, () => withContainer(flags, ['busybox', 'sleep', '1000'], (id) => body(id, (script) => output(['exec', id, 'sh', '-c', script]))));
  test(`${name}: ended`, () => {
    output(['run', '--name', 'ended', '--network', 'none', ...flags, 'busybox', 'true']);
    body('ended', (script) => {
      output(['commit', 'ended', 'looked-at']);
      return output(['run', '--rm', '--network', 'none', 'looked-at', 'sh', '-c', script]);
    });
  });
};

const refusal = (...args: string[]): string => {
  const { status, stdout, stderr } = skiff(['cp', ...args]);
  assert.equal({ status, stdout }, { status: 1, stdout: '' });
  assert.match(stderr, /^skiff: [^\n]+\n$/);
  return stderr;
};

const onFuse = process.env['SKIFF_STORAGE_DRIVER'] === 'fuse-overlayfs';

const cp = (...args: string[]): void => assert.is(output(['cp', ...args]), '');

both('files into a container', [], (id, look) => {
  const at = sample();
  cp(join(at, 'one'), `${id}:/tmp`);
  cp(join(at, 'one'), `${id}:/tmp/`);
  cp(join(at, 'one'), `${id}:/named`);
  cp(join(at, 'tree/file'), `${id}:/named`);
  cp(join(at, 'to-one'), `${id}:/tmp`);
  cp('-L', join(at, 'to-one'), `${id}:/followed`);
  cp(join(at, 'one'), `${id}:relative`);
  assert.is(
    look('cat /tmp/one /named /relative; readlink /tmp/to-one; stat -c "%F %u:%g %Y" /followed; stat -c "%a %u:%g" /named'),
    'one\ncontent\none\none\nregular file 0:0 1000000000\n640 0:0\n',
  );
});

both('directories into a container', [], (id, look) => {
  const at = sample();
  cp(join(at, 'tree'), `${id}:/new`);
  cp(join(at, 'tree'), `${id}:/new`);
  cp(`${join(at, 'tree')}/.`, `${id}:/tmp`);
  cp(`${join(at, 'to-tree')}/`, `${id}:/through`);
  assert.is(
    look('cat /new/file /new/tree/sub/deep /tmp/sub/deep /through/file; readlink /tmp/link; readlink /tmp/absolute; ls -d /new/tree/tree /tmp/tree 2>/dev/null || stat -c "%a %u:%g" /tmp'),
    'content\ndeep\ndeep\ncontent\nfile\n/etc/passwd\n1777 0:0\n',
  );
});

both('what Docker refuses, in its words', [], (id) => {
  const at = sample();
  cp(join(at, 'tree'), `${id}:/dir`);
  assert.match(refusal(join(at, 'one'), `${id}:/missing/x`), new RegExp(`could not find the file /missing in container ${id}`));
  assert.match(refusal(join(at, 'tree'), `${id}:/missing/x`), /could not find the file \/missing in container/);
  assert.match(refusal(join(at, 'one'), `${id}:/missing/`), /no such directory: /);
  assert.match(refusal(join(at, 'one'), `${id}:/etc/passwd/`), /must be a directory/);
  assert.match(refusal(join(at, 'tree'), `${id}:/etc/passwd`), /cannot copy a directory onto the file/);
  assert.match(refusal(join(at, 'nothing'), `${id}:/`), /no such file or directory: /);
  assert.match(refusal(`${join(at, 'one')}/`, `${id}:/`), /not a directory: /);
  assert.match(refusal(`${id}:/nothing`, at), /could not find the file \/nothing in container/);
  assert.match(refusal(`${id}:/etc/passwd/`, at), /not a directory: /);
  assert.match(refusal(`${id}:/etc/passwd`, join(at, 'missing/x')), /invalid output path: directory ".*missing" does not exist/);
  assert.match(refusal(`${id}:/dir`, join(at, 'one')), /cannot copy a directory onto the file/);
  mkdirSync(join(at, 'clash/file'), { recursive: true });
  writeFileSync(join(at, 'clash/file/inner'), '');
  assert.match(refusal(`${join(at, 'clash')}/.`, `${id}:/dir`), /cannot overwrite a non-directory/);
  writeFileSync(join(at, 'clash2'), '');
  mkdirSync(join(at, 'other'));
  writeFileSync(join(at, 'other/sub'), '');
  assert.match(refusal(`${join(at, 'other')}/.`, `${id}:/dir`), /cannot overwrite a directory/);
  assert.match(refusal('nobody:/etc', at), /no such container: nobody/);
  const wrong = (...args: string[]): string => skiff(['cp', ...args]).stderr;
  assert.match(wrong(at, at), /one of the two must be in a container/);
  assert.match(wrong(`${id}:/etc`, `${id}:/tmp`), /between containers is not supported/);
});

both('out of a container: yours, with links, modes and times', [], (id) => {
  const at = sample();
  const host = userInfo();
  cp('-a', join(at, 'tree'), `${id}:/made`);
  cp(`${id}:/made`, join(at, 'out'));
  assert.is(readFileSync(join(at, 'out/sub/deep'), 'utf8'), 'deep\n');
  assert.is(readlinkSync(join(at, 'out/absolute')), '/etc/passwd');
  assert.is(statSync(join(at, 'out/file')).mode & 0o777, 0o640);
  assert.is(statSync(join(at, 'out/file')).uid, host.uid);
  assert.is(statSync(join(at, 'out/file')).mtimeMs, statSync(join(at, 'tree/file')).mtimeMs);
  cp(`${id}:/made/link`, at);
  assert.ok(lstatSync(join(at, 'link')).isSymbolicLink());
  cp('-L', `${id}:/made/link`, join(at, 'followed'));
  assert.is(readFileSync(join(at, 'followed'), 'utf8'), 'content\n');
  cp(`${id}:/made/file`, join(at, 'to-one'));
  assert.is(readFileSync(join(at, 'one'), 'utf8'), 'content\n', 'through the link that is the target');
  cp(`${id}:made/sub/.`, at);
  assert.ok(existsSync(join(at, 'deep')));
  assert.is(output(['cp', `${id}:/made/file`, 'here'], { cwd: at }), '');
  assert.is(output(['cp', `${id}:/made/file`, './with:colon'], { cwd: at }), '');
  assert.is(readFileSync(join(at, 'with:colon'), 'utf8'), 'content\n');
});

both('a tar in and out', [], (id, look) => {
  const at = sample();
  const archive = execFileSync('tar', ['-cz', '--owner=33', '--group=44', '--numeric-owner', '-C', at, 'tree'], { maxBuffer: 64 << 20 });
  assert.is(output(['cp', '-', `${id}:/tmp`], { input: archive }), '');
  const list = (path: string): string => spawnSync('tar', ['-t'], { input: skiff(['cp', `${id}:${path}`, '-']).bytes }).stdout.toString();
  assert.is(list('/tmp/tree'), 'tree/\ntree/absolute\ntree/file\ntree/link\ntree/sub/\ntree/sub/deep\n');
  assert.is(list('/tmp/tree/sub/.'), './\n./deep\n');
  assert.is(list('/tmp/tree/file'), 'file\n');
  assert.match(skiff(['cp', '-', `${id}:/etc/passwd`], { input: archive }).stderr, /destination ".*" must be a directory/);
  assert.is(skiff(['cp', '-', `${id}:/missing`], { input: archive }).status, 1);
  assert.match(skiff(['cp', '-', `${id}:/tmp`], { input: 'no tar'.repeat(1000) }).stderr, /^skiff: refusing /);
  assert.is(look('stat -c %u:%g /tmp/tree/sub/deep; stat -c %a /tmp'), '33:44\n1777\n');
});

const volume = scratch();
both('volumes are part of it, read-only ones too', ['-v', `${volume}:/vol`, '-v', `${volume}:/fixed:ro`, '--tmpfs', '/mem'], (id) => {
  const at = sample();
  cp(join(at, 'one'), `${id}:/vol/one`);
  assert.is(readFileSync(join(volume, 'one'), 'utf8'), 'one\n');
  assert.is(statSync(join(volume, 'one')).uid, userInfo().uid);
  cp(`${id}:/fixed/one`, join(at, 'back'));
  assert.match(refusal(join(at, 'one'), `${id}:/fixed/two`), /read-only file system/);
  cp(`${id}:/`, join(at, 'whole'));
  assert.is(readFileSync(join(at, 'whole/vol/one'), 'utf8'), 'one\n');
  assert.not.ok(existsSync(join(at, 'whole/proc/self')));
  assert.ok(existsSync(join(at, 'whole/bin/busybox')));
});

test('--archive keeps numbers; set-id bits and devices do not come to the host; names like whiteouts are names', () =>
  withContainer([], ['busybox', 'sh', '-c', 'mkdir -p /d; echo s > /d/setuid; chown 33:44 /d/setuid; chmod 6755 /d/setuid; mkfifo /d/fifo; touch /done; sleep 1000'], (id) => {
    output(['exec', id, 'sh', '-c', 'while [ ! -e /done ]; do sleep 0.05; done']);
    const at = sample();
    cp(`${id}:/d`, at);
    assert.is(statSync(join(at, 'd/setuid')).mode & 0o7777, 0o755);
    assert.ok(lstatSync(join(at, 'd/fifo')).isFIFO());
    mkdirSync(join(at, 'odd/.wh.dir'), { recursive: true });
    writeFileSync(join(at, 'odd/.wh.dir/x'), 'x');
    if (!onFuse) cp(join(at, 'odd'), `${id}:/odd`);
    chmodSync(join(at, 'one'), 0o600);
    cp('-a', join(at, 'one'), `${id}:/kept`);
    assert.is(output(['exec', id, 'stat', '-c', '%u:%g %a', '/kept']), `${userInfo().uid}:${userInfo().gid} 600\n`);
  }));

test('links in the container end in the container', () =>
  withContainer([], ['busybox', 'sh', '-c', 'ln -s /../../../../tmp /out; ln -s /etc/hostname-of-host /dangling; ln -s / /root-link; ln -s loop /loop; touch /done; sleep 1000'], (id) => {
    output(['exec', id, 'sh', '-c', 'while [ ! -e /done ]; do sleep 0.05; done']);
    const at = sample();
    cp(join(at, 'one'), `${id}:/out/from-host`);
    assert.is(output(['exec', id, 'cat', '/tmp/from-host']), 'one\n');
    cp(join(at, 'one'), `${id}:/root-link/../../x`);
    assert.is(output(['exec', id, 'cat', '/x']), 'one\n');
    cp(join(at, 'one'), `${id}:/dangling`);
    assert.is(output(['exec', id, 'cat', '/etc/hostname-of-host']), 'one\n');
    assert.is(skiff(['cp', join(at, 'one'), `${id}:/loop`]).status, 1);
  }));

test('large and sparse files arrive whole; a reader that goes away ends it quietly', () =>
  withContainer([], ['busybox', 'sh', '-c', 'head -c 20000000 /dev/urandom > /big; sha256sum /big > /sum; truncate -s 64M /holes; touch /done; sleep 1000'], (id) => {
    output(['exec', id, 'sh', '-c', 'while [ ! -e /done ]; do sleep 0.05; done']);
    const at = scratch();
    cp(`${id}:/big`, at);
    const [wanted = ''] = output(['exec', id, 'cat', '/sum']).split(' ');
    assert.is(execFileSync('sha256sum', [join(at, 'big')]).toString().split(' ')[0], wanted);
    cp(`${id}:/holes`, at);
    // fuse-overlayfs does not say where holes are.
    if (!onFuse) assert.ok(statSync(join(at, 'holes')).blocks < 100);
    assert.is(statSync(join(at, 'holes')).size, 64 << 20);
    cp(join(at, 'big'), `${id}:/back`);
    assert.is(output(['exec', id, 'sha256sum', '/back']).split(' ')[0], wanted);
    const [program, ...words] = skiffCommand;
    const cut = execute(['bash', '-c', `"$@" cp ${id}:/big - | head -c 100 | wc -c; echo \${PIPESTATUS[0]}`, 'sh', program, ...words]);
    assert.equal({ stdout: cut.stdout, stderr: cut.stderr }, { stdout: '100\n141\n', stderr: '' });
  }));

test('nothing is left behind', () => {
  assert.equal(leftovers(), []);
  assert.is(inBusybox([], 'echo fine'), 'fine\n');
  assert.not.match(readFileSync('/proc/self/mountinfo', 'utf8'), /\/merged /);
});

test.run();
