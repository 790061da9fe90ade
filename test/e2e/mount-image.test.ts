/**
 * `--mount type=image`: what it shows, that nobody writes to it, and that the image stays as long as a container names it.
 */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tar } from '../tar-maker.ts';
import { bare, containerDirectories, eventually, execute, importBusybox, loadImage, output, removeAll, root, scratch, skiff, testImages } from './skiff.ts';
import { killNow, nothingLeft, ourProcesses, processesCalled, quiet } from './traces.ts';

const first = tar(
  { name: 'data/', type: 'directory', mode: 0o2750, uid: 33, gid: 34 },
  { name: 'data/gone', data: 'of the first layer\n' },
  { name: 'data/file', data: 'old\n', mode: 0o640, uid: 33, gid: 34 },
  { name: 'links/', type: 'directory' },
  { name: 'links/in', type: 'symlink', linkname: '../data' },
);
const second = tar(
  { name: 'data/', type: 'directory', mode: 0o2750, uid: 33, gid: 34 },
  { name: 'data/.wh.gone' },
  { name: 'data/file', data: 'new\n', mode: 0o640, uid: 33, gid: 34 },
  { name: 'top', data: 'x' },
);

/** Two layers upon busybox's. */
const loadAsset = (): void => loadImage('asset', { Cmd: ['true'] }, first, second);

test.before(() => importBusybox());
test.before.each(loadAsset);
test.after.each(async () => {
  removeAll();
  await nothingLeft('by a test');
});

const mounted = (flags: string, script: string, ...more: readonly string[]): string => output([...bare, '--mount', `type=image,${flags}`, ...more, 'busybox', 'sh', '-c', script]);

test('all layers joined, with owners and modes, and nothing of what was deleted', () => {
  assert.is(mounted('source=asset,target=/mnt/deep/er', 'cd /mnt/deep/er; ls data; cat data/file top; stat -c "%n %u:%g %a" data data/file; test -x bin/busybox && echo whole'), 'file\nnew\nxdata 33:34 2750\ndata/file 33:34 640\nwhole\n');
});

test('an image of one layer, an id, the built-in image, and one image at several places', () => {
  const id = output(['images', '-q', 'asset']).trim();
  const several = ['--mount', `type=image,src=${id},dst=/two`, '--mount', 'type=image,src=hello,destination=/three,readonly', '--mount', 'type=image,src=busybox,dst=/four,image-subpath=etc'];
  assert.is(mounted('source=busybox,target=/one', 'ls /one/bin/busybox /three/hello /four/passwd; cat /two/top', ...several), '/four/passwd\n/one/bin/busybox\n/three/hello\nx');
});

test('a layer alone shows no marks of what it deletes', () => {
  const tarball = join(scratch(), 'layer.tar');
  execute(['sh', '-c', 'cat > "$0"', tarball], { input: tar({ name: 'here', data: 'x' }, { name: '.wh.lost' }, { name: 'dir/', type: 'directory' }, { name: 'dir/.wh..wh..opq' }) });
  output(['import', tarball, 'marked']);
  assert.is(mounted('source=marked,target=/m', 'find /m | sort'), '/m\n/m/dir\n/m/here\n');
});

test('a part: a directory, a file, by way of a link inside', () => {
  assert.is(mounted('source=asset,target=/p,image-subpath=data', 'ls /p; stat -c "%u %a" /p'), 'file\n33 2750\n');
  assert.is(mounted('source=asset,target=/p,image-subpath=links/in/file', 'cat /p'), 'new\n');
  const none = skiff([...bare, '--mount', 'type=image,source=asset,target=/p,image-subpath=none', 'busybox', 'true']);
  assert.equal([none.status, none.stderr], [125, 'skiff: cannot access image-subpath none of image asset: No such file or directory\n']);
});

test('Docker\'s words, and images that are not there', () => {
  const said = (...flags: readonly string[]): string => skiff([...bare, ...flags, 'busybox', 'true']).stderr;
  assert.match(said('--mount', 'type=image,source=asset,target=/p,volume-nocopy'), /cannot mix 'volume-\*' options with mount type 'image'/);
  assert.match(said('--mount', 'type=image,source=nowhere,target=/p', '--pull', 'never'), /^skiff: no such image: nowhere:latest/);
  assert.match(said('--mount', 'type=image,source=asset,target=/p', '-v', 'vol:/p'), /duplicate mount point/i);
});

test('it is there again after stop and start, when the container is only made, and for cp', async () => {
  const id = output(['create', '--network', 'none', '--mount', 'type=image,source=asset,target=/p,image-subpath=data', 'busybox', 'sh', '-c', 'cat /p/file; exec sleep 1000']).trim();
  const copied = (): string => execute(['tar', 'tv'], { input: skiff(['cp', `${id}:/p/file`, '-']).bytes }).stdout;
  assert.match(copied(), /33\/34 .* file\n$/, 'of one that has never run');
  for (const round of [1, 2]) {
    output(['start', id]);
    await eventually('it has read', () => output(['logs', id]) === 'new\n'.repeat(round));
    assert.is(output(['exec', id, 'cat', '/p/file']), 'new\n');
    assert.match(copied(), /33\/34 .* file\n$/);
    output(['stop', '-t', '0', id]);
  }
  output(['run', '-d', '--network', 'none', '--name', 'again', '--restart', 'on-failure:2', '--mount', 'type=image,source=asset,target=/p', 'busybox', 'sh', '-c', 'cat /p/top; exit 1']);
  await eventually('the policy has started it three times', () => output(['logs', 'again']) === 'xxx');
});

test('another container takes it over', () => {
  const id = output(['create', '--mount', 'type=image,source=asset,target=/p,image-subpath=data', '--mount', 'type=image,source=asset,target=/q', 'busybox', 'true']).trim();
  assert.is(output([...bare, '--volumes-from', id, 'busybox', 'sh', '-c', 'cat /p/file /q/top; touch /p/y 2>/dev/null || echo refused']), 'new\nxrefused\n');
});

test('inspect and ps', () => {
  const id = output(['create', '--mount', 'type=image,source=asset,target=/p,image-subpath=data,readonly', 'busybox', 'true']).trim();
  const [{ Mounts, HostConfig }] = JSON.parse(output(['inspect', id])) as [{ Mounts: readonly Record<string, unknown>[]; HostConfig: { Mounts: unknown } }];
  const { Source, ...rest } = Mounts[0] ?? {};
  assert.equal(rest, { Type: 'image', Name: 'asset', Destination: '/p', Mode: '', RW: false, Propagation: 'rprivate' });
  assert.ok(String(Source).startsWith(containerDirectories()[0] ?? 'none'));
  assert.equal(HostConfig.Mounts, [{ Type: 'image', Source: 'asset', Target: '/p', ReadOnly: true, ImageOptions: { Subpath: 'data' } }]);
  assert.is(output(['ps', '-a', '--filter', 'volume=asset', '--format', '{{.Mounts}}']), 'asset\n');
});

const inUse = /^skiff: conflict: unable to remove repository reference "asset" \(must force\) - container [0-9a-f]{12} is using its referenced image [0-9a-f]{12}\n$/;

test('as long as a container names it the image stays, or after a forced removal its layers', async () => {
  const id = output(['run', '-d', '--network', 'none', '--mount', 'type=image,source=asset,target=/p', 'busybox', 'sleep', '1000']).trim();
  assert.match(skiff(['rmi', 'asset']).stderr, inUse);
  assert.match(skiff(['rmi', '-f', output(['images', '-q', 'asset']).trim()]).stderr, /cannot be forced.*image is being used by running container/);
  output(['stop', '-t', '0', id]);
  assert.match(skiff(['rmi', 'asset']).stderr, inUse);
  output(['image', 'prune', '-af']);
  assert.match(output(['images', '--format', '{{.Repository}}']), /asset/);
  assert.match(output(['rmi', '-f', 'asset']), /Deleted: sha256/);
  output(['system', 'prune', '-f', '--filter', 'label=nobody']);
  output(['image', 'prune', '-af']);
  output(['start', id]);
  assert.is(output(['exec', id, 'cat', '/p/data/file', '/p/top']), 'new\nx');
  output(['rm', '-f', id]);
  const before = readdirSync(join(root, 'layers')).length;
  output(['image', 'prune', '-f']);
  assert.is(readdirSync(join(root, 'layers')).length, before - 3, 'with the container its layers go');
});

test('with --userns keep-id files have the owners that the image says, and --rootfs can have images too', () => {
  const fuse = ['--storage-driver', 'fuse-overlayfs', ...bare, '--userns', 'keep-id', '--mount', 'type=image,source=asset,target=/p'];
  assert.is(output([...fuse, 'busybox', 'sh', '-c', 'stat -c %u:%g /p /p/data; touch /p/x 2>/dev/null || echo refused']), '0:0\n33:34\nrefused\n');
  const directory = join(scratch(), 'rootfs');
  mkdirSync(directory);
  execute(['tar', '-xf', join(testImages, 'busybox.tar'), '-C', directory]);
  assert.is(output([...bare, '--mount', 'type=image,source=asset,target=/p', '--rootfs', directory, 'stat', '-c', '%u:%g', '/p', '/p/data']), '0:0\n33:34\n');
  assert.is(output([...fuse, '--rootfs', directory, 'stat', '-c', '%u:%g', '/p', '/p/data']), '0:0\n33:34\n');
});

test('under another OCI runtime', () => {
  const flags = ['--runtime', 'runc', '--mount', 'type=image,source=asset,target=/p', '--mount', 'type=image,source=asset,target=/q,image-subpath=data'];
  assert.is(output([...bare, ...flags, 'busybox', 'sh', '-c', 'cat /p/top /q/file; touch /p/x /q/x 2>/dev/null || echo refused']), 'xnew\nrefused\n');
});

test('whoever is killed, nothing is left, and it can be started again', async () => {
  const words = ['run', '-d', '--network', 'none', '--name', 'victim', '--mount', 'type=image,source=asset,target=/p', '--mount', 'type=image,source=asset,target=/q,image-subpath=data', 'busybox', 'sleep', '1000'];
  output(words);
  const [monitor] = processesCalled('skiff-monitor');
  assert.ok(monitor !== undefined);
  killNow(monitor.pid);
  await quiet();
  output(['start', 'victim']);
  for (const { pid } of ourProcesses()) killNow(pid);
  await quiet();
  output(['start', 'victim']);
  assert.is(output(['exec', 'victim', 'cat', '/q/file']), 'new\n');
});

test.run();
