/**
 * `skiff run`: what is mounted, and how.
 * @time-limit 600
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tar } from '../tar-maker.ts';
import { bare, importBusybox, inBusybox, inMountNamespace, loadImage, output, scratch, skiff } from './skiff.ts';

test.before(() => importBusybox());

/** The options of the mount at `path` in a container: those of the mount and those of its file system. */
const optionsAt = (flags: readonly string[], path: string): readonly string[] =>
  inBusybox(flags, `awk '$5 == "${path}" { sub(/.* - [^ ]+ [^ ]+ /, $6 ","); print }' /proc/self/mountinfo | tail -n 1`).trim().split(',');

test('-v mounts a directory of the host, read and written as the caller', () => {
  const directory = scratch();
  writeFileSync(join(directory, 'in'), 'from the host\n');
  assert.is(inBusybox(['-v', `${directory}:/data`], 'cat /data/in; echo back >/data/out; stat -c %u:%g /data/in'), 'from the host\n0:0\n');
  assert.is(readFileSync(join(directory, 'out'), 'utf8'), 'back\n');
  assert.is(statSync(join(directory, 'out')).uid, process.getuid?.());
});

test('a file of a subordinate id belongs to another user on the host', () => {
  const directory = scratch();
  chmodSync(directory, 0o777);
  inBusybox(['-v', `${directory}:/data`, '-u', '1000'], 'echo x >/data/file');
  assert.not.equal(statSync(join(directory, 'file')).uid, process.getuid?.());
  inBusybox(['-v', `${directory}:/data`], 'rm /data/file');
  assert.is(existsSync(join(directory, 'file')), false);
});

test(':ro and --mount readonly cannot be written to', () => {
  const directory = scratch();
  const script = 'touch /data/file 2>/dev/null || echo refused; mount -o remount,rw /data 2>/dev/null || echo kept';
  assert.is(inBusybox(['-v', `${directory}:/data:ro`], script), 'refused\nkept\n');
  assert.is(inBusybox(['--mount', `type=bind,source=${directory},target=/data,readonly`], script), 'refused\nkept\n');
  assert.is(inBusybox(['--mount', `type=bind,src=${directory},dst=/data,ro=true`], script), 'refused\nkept\n');
  assert.equal(existsSync(join(directory, 'file')), false);
});

test('what is mounted below a source comes along, and read-only as well', () => {
  // A host mount that an ordinary user finds everywhere: /dev/shm below /dev.
  const script = 'grep -q " /data/shm " /proc/self/mountinfo && echo mounted; touch /data/shm/skiff-test 2>/dev/null || echo refused';
  assert.is(inBusybox(['--mount', 'type=bind,source=/dev,target=/data,readonly'], script), 'mounted\nrefused\n');
  assert.is(inBusybox(['-v', '/dev:/data:ro'], script), 'mounted\nrefused\n');
  assert.is(inBusybox(['--mount', 'type=bind,source=/dev,target=/data,readonly,bind-recursive=writable'], 'touch /data/shm/skiff-test && rm /data/shm/skiff-test && echo written'), 'written\n');
});

test('a mount cannot show what others hide: without recursion that is refused in one line', () => {
  const refused = skiff([...bare, '--mount', 'type=bind,source=/dev,target=/data,bind-recursive=disabled', 'busybox', 'true']);
  assert.is(refused.status, 125);
  assert.match(refused.stderr, /^skiff: cannot bind \/dev without what is mounted below it: .*\n$/);
});

test('single files are mounted, over others and where there is none', () => {
  const directory = scratch();
  writeFileSync(join(directory, 'file'), 'mine\n');
  assert.is(inBusybox(['-v', `${directory}/file:/etc/passwd:ro`, '-v', `${directory}/file:/new/place/file`], 'cat /etc/passwd /new/place/file'), 'mine\nmine\n');
});

test('relative sources count from the current directory', () => {
  const directory = scratch();
  mkdirSync(join(directory, 'here'));
  writeFileSync(join(directory, 'here/file'), 'relative\n');
  assert.is(output([...bare, '-v', '.:/a', '-v', './here:/b', '--mount', 'type=bind,source=./here/file,target=/c', 'busybox', 'cat', '/a/here/file', '/b/file', '/c'], { cwd: directory }), 'relative\n'.repeat(3));
  assert.is(output([...bare, '-v', '../:/a', 'busybox', 'cat', '/a/here/file'], { cwd: join(directory, 'here') }), 'relative\n');
});

test('nested mounts are made from the outside in, whatever their order on the command line', () => {
  const directory = scratch();
  mkdirSync(join(directory, 'outer/inner'), { recursive: true });
  mkdirSync(join(directory, 'other'));
  writeFileSync(join(directory, 'other/file'), 'inner\n');
  assert.is(inBusybox(['-v', `${directory}/other:/data/inner`, '-v', `${directory}/outer:/data`], 'cat /data/inner/file; ls /data'), 'inner\ninner\n');
  assert.is(inBusybox(['-v', `${directory}/other/file:/t/file`, '--tmpfs', '/t'], 'cat /t/file; stat -f -c %T /t'), 'inner\ntmpfs\n');
});

test('rslave lets later mounts of the host in, rprivate does not', () => {
  const mountsSeen = (option: string): string => {
    const script = `mkdir -p "$DIR/sub"; id=$("$@" run -d --network none -v "$DIR:/data:${option}" busybox sleep 60) || exit
      mount -t tmpfs late "$DIR/sub" && echo here >"$DIR/sub/file"; "$@" exec $id sh -c 'cat /data/sub/file 2>/dev/null || echo nothing'; "$@" rm -f $id >/dev/null`;
    const { stdout, stderr } = inMountNamespace(script, { env: { DIR: scratch() } });
    assert.is(stderr, '');
    return stdout;
  };
  assert.is(mountsSeen('rslave'), 'here\n');
  assert.is(mountsSeen('slave'), 'here\n');
  assert.is(mountsSeen('rprivate'), 'nothing\n');
  assert.is(mountsSeen('rw'), 'nothing\n');
  assert.match(skiff([...bare, '-v', '/tmp:/data:rshared', 'busybox', 'true']).stderr, /^skiff: cannot mount .*'rshared' would carry mounts out to the host.*\n$/);
});

test('a source that is a symbolic link is followed on the host, a target in the container', () => {
  const directory = scratch();
  mkdirSync(join(directory, 'real'));
  writeFileSync(join(directory, 'real/file'), 'through a link\n');
  symlinkSync('real', join(directory, 'link'));
  assert.is(inBusybox(['-v', `${directory}/link:/data`], 'cat /data/file'), 'through a link\n');
  loadImage('linked', { Cmd: ['sh'] }, tar({ name: 'srv', type: 'symlink', linkname: 'opt/service' }, { name: 'opt/service/', type: 'directory' }));
  assert.is(output([...bare, '-v', `${directory}/real:/srv`, 'linked', 'cat', '/opt/service/file']), 'through a link\n');
});

test('--tmpfs and --mount type=tmpfs are memory with Docker\'s options', () => {
  const plain = optionsAt(['--tmpfs', '/t'], '/t');
  for (const option of ['rw', 'nosuid', 'nodev', 'noexec']) assert.ok(plain.includes(option), option);
  const chosen = optionsAt(['--tmpfs', '/t:size=1m,mode=700,exec,uid=33,gid=1'], '/t');
  for (const option of ['size=1024k', 'mode=700', 'nosuid']) assert.ok(chosen.includes(option), `${option} in ${chosen}`);
  assert.not.ok(chosen.includes('noexec'));
  assert.is(inBusybox(['--tmpfs', '/t:uid=33,gid=1,mode=710'], 'stat -c "%u:%g %a" /t'), '33:1 710\n');
  assert.is(inBusybox(['--mount', 'type=tmpfs,target=/t,tmpfs-size=2m,tmpfs-mode=1770'], 'stat -c %a /t; df -k /t | tail -n 1 | tr -s " " | cut -d " " -f 2'), '1770\n2048\n');
  assert.is(inBusybox(['--tmpfs', '/t:size=1m'], 'head -c 2000000 /dev/zero >/t/full 2>/dev/null || echo full'), 'full\n');
  assert.is(inBusybox(['--mount', 'type=tmpfs,target=/t,readonly'], 'touch /t/x 2>/dev/null || echo refused'), 'refused\n');
});

test('--read-only closes the root file system and leaves mounts as they are', () => {
  const directory = scratch();
  const script = 'touch /x 2>/dev/null || echo root; touch /etc/hosts 2>/dev/null || echo hosts; touch /data/x /t/x /dev/shm/x && echo open';
  assert.is(inBusybox(['--read-only', '-v', `${directory}:/data`, '--tmpfs', '/t'], script), 'root\nhosts\nopen\n');
});

test('what a container writes is gone with it, and in no other one', () => {
  assert.is(inBusybox([], 'echo x >/etc/passwd; rm -rf /bin/ls /var; mkdir /new; echo changed'), 'changed\n');
  assert.is(inBusybox([], 'head -n 1 /etc/passwd; ls -d /bin/ls /var; test -e /new || echo gone'), 'root:x:0:0:root:/root:/bin/sh\n/bin/ls\n/var\ngone\n');
});

test('--shm-size is the size of /dev/shm, 64 MiB without it', () => {
  const size = 'df -k /dev/shm | tail -n 1 | tr -s " " | cut -d " " -f 2';
  assert.is(inBusybox([], size), '65536\n');
  assert.is(inBusybox(['--shm-size', '1m'], size), '1024\n');
});

test('--device makes a device of the host available, under another name too', () => {
  assert.is(inBusybox(['--device', '/dev/fuse'], 'test -c /dev/fuse && stat -c "%t:%T" /dev/fuse'), 'a:e5\n');
  assert.is(inBusybox(['--device', '/dev/zero:/dev/other:rwm'], 'head -c 3 /dev/other | od -An -tx1'), ' 00 00 00\n');
  assert.is(inBusybox([], 'test -e /dev/fuse || echo absent'), 'absent\n');
});

test('/dev has Docker\'s nodes and links', () => {
  const expected = ['core', 'fd', 'full', 'mqueue', 'null', 'ptmx', 'pts', 'random', 'shm', 'stderr', 'stdin', 'stdout', 'tty', 'urandom', 'zero'];
  assert.equal(inBusybox([], 'ls /dev').trim().split('\n').filter((name) => name !== 'core'), expected.filter((name) => name !== 'core'));
  assert.is(inBusybox([], 'echo x >/dev/null && head -c 2 /dev/urandom | wc -c; readlink /dev/stdin; readlink /dev/ptmx'), '2\n/proc/self/fd/0\npts/ptmx\n');
});

test('files that are mounted over /etc are the container\'s own and can be written to', () => {
  assert.is(inBusybox([], 'for f in hosts hostname resolv.conf; do echo x >>/etc/$f && stat -c %a /etc/$f; done'), '644\n644\n644\n');
  const directory = scratch();
  writeFileSync(join(directory, 'hosts'), '192.0.2.9 elsewhere\n');
  assert.is(inBusybox(['-v', `${directory}/hosts:/etc/hosts`], 'cat /etc/hosts'), '192.0.2.9 elsewhere\n');
});

test.run();
