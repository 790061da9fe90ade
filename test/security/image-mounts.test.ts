/**
 * Images that are mounted are hostile, as their containers are: no part of one leads out of it, and nobody writes to a layer that others share.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tar } from '../tar-maker.ts';
import { bare, importBusybox, inBusybox, loadImage, output, removeAll, root, skiff } from '../e2e/skiff.ts';

const links: Readonly<Record<string, string>> = {
  absolute: '/etc', up: '../../../../../../../../etc', root: '/', dots: '..', magic: '/proc/self/root/etc', descriptors: '/proc/self/fd', chain: 'links/up', loop: 'loop',
};
const hostile = tar(
  { name: 'inside/', type: 'directory' },
  { name: 'inside/file', data: 'inside\n' },
  { name: 'links/', type: 'directory' },
  ...Object.entries(links).map(([name, linkname]) => ({ name, type: 'symlink' as const, linkname })),
  ...Object.entries(links).map(([name, linkname]) => ({ name: `links/${name}`, type: 'symlink' as const, linkname: linkname.replace('links/', '') })),
);

test.before(() => {
  importBusybox();
  loadImage('hostile', { Cmd: ['true'] }, hostile);
  loadImage('placed', { Cmd: ['sh'] }, tar({ name: 'out', type: 'symlink', linkname: '../../../../../../../tmp' }));
});
test.after.each(removeAll);

/** Every layer's files but directories, with their contents. */
const layerFiles = (): readonly string[] =>
  readdirSync(join(root, 'layers'), { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => !path.endsWith('/busybox'))
    .map((path) => `${path} ${readFileSync(path, 'latin1')}`)
    .sort();

test('no link of an image leads a part out of it', () => {
  const names = Object.keys(links).flatMap((name) => [name, `links/${name}`]);
  for (const path of [...names, ...names.map((name) => `${name}/passwd`)]) {
    const { status, stdout, stderr } = skiff([...bare, '--mount', `type=image,source=hostile,target=/p,image-subpath=${path}`, 'busybox', 'sh', '-c', 'ls -d /p; cat /p 2>/dev/null; true']);
    if (path === 'links/dots') assert.is(status, 0, 'the image\'s own root');
    else assert.equal([status, stdout], [125, ''], path);
    assert.match(stderr, /^$|^skiff: (image-subpath \S+ leads out of image hostile|cannot access image-subpath \S+ of image hostile: No such file or directory)\n$/, path);
  }
});

test('a target that is a link of the container\'s image ends up inside the container', () => {
  assert.is(output([...bare, '--mount', 'type=image,source=hostile,target=/out/p', 'placed', 'cat', '/tmp/p/inside/file']), 'inside\n');
});

test('not even root of a privileged container changes what it has mounted', () => {
  const before = layerFiles();
  assert.ok(before.length > 0);
  const script = 'for at in /one /two /part; do mount -o remount,rw $at; mount -o remount,rw,bind $at; echo bad > $at/bad; echo bad > $at/file; echo bad > $at/etc/passwd; rm -rf $at/*; mkdir -p /b; mount --bind $at /b; mount -o remount,bind,rw /b; echo bad > /b/bad; umount /b; done 2>/dev/null; ls /part';
  const mounts = ['--mount', 'type=image,source=busybox,target=/one', '--mount', 'type=image,source=hostile,target=/two', '--mount', 'type=image,source=hostile,target=/part,image-subpath=inside'];
  for (const flags of [['--privileged'], ['--cap-add', 'ALL', '--security-opt', 'seccomp=unconfined']]) assert.is(inBusybox([...flags, ...mounts], script), 'file\n');
  assert.equal(layerFiles(), before);
  assert.is(output([...bare, 'hostile', 'cat', '/inside/file']), 'inside\n');
});

test.run();
