/**
 * Images from archives, as a user meets them.
 * @also-on-node
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { busyboxTar, dockerArchive } from '../make-image.ts';
import { bare, loadImage, output, root, scratch, skiff, testImages } from './skiff.ts';

test('a root file system is imported, from a file and from a pipe, plain and compressed', () => {
  const tar = join(testImages, 'busybox.tar');
  assert.match(output(['import', tar, 'plain']), /^sha256:[0-9a-f]{64}\n$/);
  for (const [program, name] of [['gzip', 'gz'], ['zstd', 'zst'], ['xz', 'xz'], ['bzip2', 'bz2']] as const) {
    output(['import', '-c', 'CMD ["echo","from the pipe"]', '-', name], { input: execFileSync(program, ['-c', tar], { maxBuffer: 64 << 20 }) });
    assert.is(output([...bare, name]), 'from the pipe\n', name);
  }
});

test('an archive of docker save is loaded, listed and run', () => {
  const archive = join(scratch(), 'saved.tar');
  writeFileSync(archive, dockerArchive({ layers: [busyboxTar()], names: ['saved:1', 'saved:2'], config: { Cmd: ['echo', 'saved'] } }));
  execFileSync('gzip', [archive]);
  assert.is(output(['load', '-i', `${archive}.gz`]), 'Loaded image: saved:1\nLoaded image: saved:2\n');
  assert.is(output(['images', 'saved', '--format', '{{.Repository}}:{{.Tag}}']).split('\n').sort().join(' ').trim(), 'saved:1 saved:2');
  assert.is(output([...bare, 'saved:2']), 'saved\n');
});

test('an unpacked layer that somebody removed is made again from its blob', () => {
  loadImage('mended', { Cmd: ['true'] });
  for (const name of readdirSync(join(root, 'layers'))) rmSync(join(root, 'layers', name), { recursive: true });
  assert.is(output([...bare, 'mended', 'echo', 'again']), 'again\n');
  const [blob = ''] = readdirSync(join(root, 'layers')).map((name) => (JSON.parse(readFileSync(join(root, 'layers', name, 'layer.json'), 'utf8')) as { blobs: string[] }).blobs[0]);
  const path = join(root, 'images/blobs', blob.replace(':', '/'));
  for (const name of readdirSync(join(root, 'layers'))) rmSync(join(root, 'layers', name), { recursive: true });
  writeFileSync(path, 'no layer');
  const { status, stderr } = skiff([...bare, 'mended', 'true']);
  assert.is(status, 125);
  assert.match(stderr, /^skiff: .*layer 1 of image mended.*\n$/);
});

test.run();
