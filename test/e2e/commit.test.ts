/**
 * `skiff diff` and `skiff commit`: what a container has changed, as a list and as an image.
 * @also-on-node
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execute, importBusybox, inBusybox, leftovers, loadImage, output, removeAll, scratch, skiff, skiffCommand, withContainer } from './skiff.ts';
import { tar } from '../tar-maker.ts';

const base = tar(
  { name: 'keep/', type: 'directory', mode: 0o755 },
  { name: 'keep/file', data: 'kept\n' },
  { name: 'keep/gone', data: 'x' },
  { name: 'whole/', type: 'directory', mode: 0o755 },
  { name: 'whole/one', data: '1' },
  { name: 'whole/two/', type: 'directory', mode: 0o755 },
  { name: 'whole/two/three', data: '3' },
  { name: 'again/', type: 'directory', mode: 0o755 },
  { name: 'again/old', data: 'x' },
  { name: 'again/same/', type: 'directory', mode: 0o755 },
  { name: 'again/same/old', data: 'x' },
  { name: 'kind', data: 'a file' },
  { name: 'mode', data: 'm', mode: 0o644 },
);

test.before(() => {
  importBusybox();
  loadImage('based', { Cmd: ['sh'], Env: ['PATH=/bin', 'FROM=image'], Labels: { from: 'image' } }, base);
});
test.after.each(removeAll);

const script = [
  'rm /keep/gone', 'rm -r /whole', 'rm -r /again', 'mkdir -p /again/same', 'echo new > /again/same/new', 'rm /kind', 'mkdir /kind', 'echo i > /kind/inner',
  'chmod 600 /mode', 'mkdir -m 1777 /data', 'chown 33:44 /data', 'echo x > /data/x', 'ln -s data /link', 'echo a > /a', 'echo b > /a.b', 'touch -r /keep /tmp/quiet', 'rm /tmp/quiet',
].join('; ');

const expected = `A /a
A /a.b
C /again
D /again/old
C /again/same
A /again/same/new
D /again/same/old
A /data
A /data/x
C /keep
D /keep/gone
C /kind
A /kind/inner
A /link
C /mode
D /whole
`.split('\n').sort();

/** Directories that are replaced count as changed when they differ; whether they do depends on their times, so `same` may be unchanged. */
const diffOf = (word: string): readonly string[] => output(['diff', word]).split('\n').sort();

test('diff: added, changed and deleted, sorted; of a container that has ended and of one that runs', () => {
  output(['run', '--name', 'ended', '--network', 'none', 'based', 'sh', '-c', script]);
  assert.equal(diffOf('ended'), expected);
  const paths = output(['diff', 'ended']).trim().split('\n').map((line) => line.slice(2));
  assert.equal(paths, paths.toSorted());
  assert.is(output(['container', 'diff', 'ended']), output(['diff', 'ended']));
  withContainer([], ['based', 'sh', '-c', `${script}; touch /tmp/done; sleep 1000`], (id) => {
    output(['exec', id, 'sh', '-c', 'while [ ! -e /tmp/done ]; do sleep 0.05; done; rm /tmp/done']);
    const now = diffOf(id).filter((line) => line !== 'C /tmp');
    assert.equal(now, expected);
  });
});

test('diff: a container that changed nothing has none, mount points included; names cannot speak to the terminal', () => {
  output(['run', '--name', 'quiet', '--network', 'none', 'busybox', 'true']);
  assert.is(output(['diff', 'quiet']), '');
  output(['run', '--name', 'loud', '--network', 'none', 'busybox', 'sh', '-c', `printf x > "$(printf '/bad\\033[31m\\nname')"`]);
  assert.is(output(['diff', 'loud']), 'A /bad\\x1b[31m\\x0aname\n');
  assert.equal({ ...skiff(['diff', 'nobody']), bytes: null }, { status: 1, stdout: '', stderr: 'skiff: no such container: nobody\n', bytes: null });
});

test('commit: what was changed is so in the image, with the parent untouched', () => {
  output(['run', '--name', 'ended', '--network', 'none', 'based', 'sh', '-c', script]);
  const id = output(['commit', '-m', 'a comment', '-a', 'somebody', 'ended', 'made:1']);
  assert.match(id, /^sha256:[0-9a-f]{64}\n$/);
  const look = 'cat /keep/file /kind/inner /a /again/same/new; stat -c "%a %u:%g" /data /mode; readlink /link; ls /keep /again /again/same; ls -d /whole 2>/dev/null || echo none';
  const seen = output(['run', '--rm', '--network', 'none', 'made:1', 'sh', '-c', look]);
  assert.is(seen, 'kept\ni\na\nnew\n1777 33:44\n600 0:0\ndata\n/again:\nsame\n\n/again/same:\nnew\n\n/keep:\nfile\nnone\n');
  assert.is(output(['run', '--rm', '--network', 'none', 'based', 'cat', '/whole/two/three']), '3');
  const history = output(['history', '--no-trunc', '--format', '{{.ID}} {{.Comment}}', 'made:1']).split('\n');
  assert.is(history[0], `${id.trim()} a comment`);
  assert.is(output(['image', 'inspect', '-f', '{{.Author}} {{len .RootFS.Layers}}', 'made:1']), 'somebody 3\n');
});

test('commit: settings are those of run, then --change; what nobody said is the image\'s', () => {
  const flags = ['--name', 'set', '--network', 'none', '-e', 'OWN=1', '--label', 'own=2', '-w', '/keep', '--user', '7:8'];
  output(['run', ...flags, 'based', 'true']);
  output(['commit', '-c', 'ENV MORE="3 4"', '-c', 'CMD ["sh", "-c", "echo $FROM $OWN $MORE; pwd; id -u"]', 'set', 'set:1']);
  assert.is(output(['run', '--rm', '--network', 'none', 'set:1']), 'image 1 3 4\n/keep\n7\n');
  assert.is(output(['image', 'inspect', '-f', '{{index .Config.Labels "from"}} {{index .Config.Labels "own"}}', 'set:1']), 'image 2\n');
  const env = output(['image', 'inspect', '-f', '{{join .Config.Env " "}}', 'set:1']);
  assert.not.match(env, /HOSTNAME|HOME/);
  output(['commit', 'set', 'set:2']);
  assert.is(output(['image', 'inspect', '-f', '{{json .Config.Cmd}}', 'set:2']), '["true"]\n');
});

test('commit then run as a user that the container made', () => {
  output(['run', '--name', 'users', '--network', 'none', 'busybox', 'sh', '-c', 'echo elo:x:1234:1234::/home/elo:/bin/sh >> /etc/passwd; mkdir -p /home/elo; echo mine > /home/elo/f; chown -R 1234:1234 /home/elo; chmod 700 /home/elo']);
  output(['commit', 'users', 'with-elo']);
  assert.is(output(['run', '--rm', '--network', 'none', '--user=elo', 'with-elo', 'sh', '-c', 'id -un; cat ~/f']), 'elo\nmine\n');
  output(['run', '--name', 'more', '--network', 'none', 'with-elo', 'sh', '-c', 'rm -r /home/elo; echo again > /second']);
  output(['commit', 'more', 'twice']);
  assert.is(output(['run', '--rm', '--network', 'none', 'twice', 'sh', '-c', 'ls /home; cat /second']), 'again\n');
});

test('commit of a running container, with and without standing still; it goes on', () =>
  withContainer([], ['busybox', 'sh', '-c', 'echo first > /first; while true; do date > /tick; sleep 0.05; done'], (id) => {
    output(['exec', id, 'sh', '-c', 'while [ ! -s /first ]; do sleep 0.05; done']);
    const one = output(['commit', id]).trim();
    assert.is(output(['run', '--rm', '--network', 'none', one, 'cat', '/first']), 'first\n');
    output(['commit', '--pause=false', id, 'live:1']);
    output(['commit', '--no-pause', id, 'live:2']);
    assert.is(output(['ps', '--format', '{{.Status}}']).includes('Paused'), false);
    assert.is(output(['exec', id, 'sh', '-c', 'rm /tick; while [ ! -s /tick ]; do sleep 0.05; done; echo goes on']), 'goes on\n');
  }));

test('commit: the committed image can be saved, loaded elsewhere and listed', () => {
  output(['run', '--name', 'kept', '--network', 'none', 'busybox', 'sh', '-c', 'rm /bin/vi; echo k > /k']);
  output(['commit', 'kept', 'kept:1']);
  const [program, ...words] = skiffCommand;
  const root = join(scratch(), 'root');
  const done = execute(['sh', '-c', 'root=$1; shift; "$@" save kept:1 | "$@" --root "$root" load -q && "$@" --root "$root" run --rm --network none kept:1 sh -c "cat /k; ls /bin/vi 2>&1"; "$@" --root "$root" rmi -f kept:1 >/dev/null', 'sh', root, program, ...words]);
  assert.match(done.stdout, /k\nls: \/bin\/vi: No such file/);
});

test('commit: failures are one line, exit 1, and store nothing', () => {
  output(['run', '--name', 'there', '--network', 'none', 'busybox', 'true']);
  const before = output(['images', '-aq']);
  const refusal = (status: number, ...args: string[]): string => {
    const done = skiff(['commit', ...args]);
    assert.equal({ status: done.status, stdout: done.stdout }, { status, stdout: '' });
    assert.match(done.stderr, /^skiff: [^\n]+\n$/);
    return done.stderr;
  };
  assert.match(refusal(1, 'nobody', 'x:1'), /no such container: nobody/);
  assert.match(refusal(125, 'there', 'UPPER CASE'), /reference/);
  assert.match(refusal(125, '-c', 'NONSENSE x', 'there', 'x:1'), /NONSENSE/);
  assert.is(output(['images', '-aq']), before);
  const rootfs = join(scratch(), 'rootfs');
  execute(['mkdir', '-p', join(rootfs, 'bin')]);
  execute(['cp', '/bin/busybox', join(rootfs, 'bin/sh')]);
  writeFileSync(join(rootfs, 'old'), 'old');
  output(['run', '--name', 'directory', '--network', 'none', '--rootfs', rootfs, '/bin/sh', '-c', 'echo n > /new']);
  assert.match(refusal(1, 'directory', 'x:1'), /no image to add to/);
  assert.match(output(['diff', 'directory']), /^A \/new$/m);
});

test('nothing is left behind', () => {
  assert.equal(leftovers(), []);
  assert.is(inBusybox([], 'echo fine'), 'fine\n');
});

test.run();
