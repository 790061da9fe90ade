/**
 * Images into archives and back: what skiff saves others read, and the other way round, with equal ids and digests.
 * @one-driver
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { skip } from '../harness.ts';
import { smallLayer } from '../make-image.ts';
import { bare, execute, loadImage, output, scratch, skiff } from './skiff.ts';
import type { Result } from './skiff.ts';

const isThere = (program: string): boolean => (process.env['PATH'] ?? '').split(':').some((directory) => existsSync(join(directory, program)));

/** Words for a rootless peer with a store of its own that needs no mount. */
const peer = (program: string): readonly string[] => {
  const directory = scratch();
  for (const name of ['root', 'run']) mkdirSync(join(directory, name));
  return [program, '--root', join(directory, 'root'), '--runroot', join(directory, 'run'), '--storage-driver', 'vfs'];
};

const succeed = (command: readonly string[]): Result => {
  const result = execute(command);
  assert.is(result.status, 0, `${command.join(' ')}: ${result.stderr}`);
  return result;
};

const field = (name: string, template: string): string => output(['image', 'inspect', '-f', template, name]).trim();
const idOf = (name: string): string => field(name, '{{.Id}}');
const digestOf = (name: string): string => field(name, '{{.Descriptor.digest}}');

/** The image that all of this is about, in two layers of which one is compressed. */
const archiveOf = (...names: readonly string[]): string => {
  const file = join(scratch(), 'saved.tar');
  assert.is(output(['save', '-o', file, ...names]), '');
  return file;
};

test.before(() => {
  loadImage('archived', { Cmd: ['cat', '/etc/which'] }, gzipSync(smallLayer('etc/which', 'archived')));
  loadImage('second', { Cmd: ['true'] });
});

test('skiff loads what it saved, from a file and from a pipe, several images at once', () => {
  const [id, digest] = [idOf('archived'), digestOf('archived')];
  const piped = skiff(['save', 'archived', 'second']);
  assert.equal([piped.status, piped.stderr], [0, '']);
  const file = archiveOf('archived', 'second');
  assert.ok(piped.bytes.equals(readFileSync(file)), 'the same bytes');
  const root = join(scratch(), 'root');
  assert.is(output(['--root', root, 'load', '-q'], { input: piped.bytes }), 'Loaded image: archived:latest\nLoaded image: second:latest\n');
  assert.is(output(['--root', root, 'image', 'inspect', '-f', '{{.Id}} {{.Descriptor.digest}}', 'archived']), `${id} ${digest}\n`);
  assert.is(output(['--root', root, ...bare, 'archived']), 'archived');
});

test('an image that is saved by its id has no name, and history tells of its layers', () => {
  const root = join(scratch(), 'root');
  const id = idOf('archived');
  assert.is(output(['--root', root, 'load', '-q', '-i', archiveOf(id.slice(7, 19))]), `Loaded image ID: ${id}\n`);
  assert.equal(output(['--root', root, 'history', '-q', '--no-trunc', id]).trim().split('\n'), [id, '<missing>']);
});

test('skopeo reads both formats and gives them back', () => {
  if (!isThere('skopeo')) return skip('skopeo', 'it is not installed');
  const [id, digest, file, directory] = [idOf('archived'), digestOf('archived'), archiveOf('archived'), scratch()];
  assert.is(succeed(['skopeo', 'inspect', '--format', '{{.Digest}}', `oci-archive:${file}:latest`]).stdout.trim(), digest);
  const config = succeed(['skopeo', 'inspect', '--raw', '--config', `docker-archive:${file}:archived:latest`]).bytes;
  assert.is(`sha256:${createHash('sha256').update(config).digest('hex')}`, id);
  const [oci, docker] = [join(directory, 'oci.tar'), join(directory, 'docker.tar')];
  succeed(['skopeo', 'copy', '-q', '--preserve-digests', `oci-archive:${file}:latest`, `oci-archive:${oci}:from-skopeo:oci`]);
  succeed(['skopeo', 'copy', '-q', `docker-archive:${file}:archived:latest`, `docker-archive:${docker}:from-skopeo:docker`]);
  for (const archive of [oci, docker]) output(['load', '-q', '-i', archive]);
  assert.equal([idOf('from-skopeo:oci'), digestOf('from-skopeo:oci'), idOf('from-skopeo:docker')], [id, digest, id]);
});

for (const program of ['podman', 'buildah']) {
  test(`${program} takes the archive and gives it back`, () => {
    if (!isThere(program)) return skip(program, 'it is not installed');
    const [id, file, words, back] = [idOf('archived'), archiveOf('archived'), peer(program), join(scratch(), 'back.tar')];
    const load = program === 'podman' ? ['load', '-q', '-i', file] : ['pull', '-q', `docker-archive:${file}`];
    succeed([...words, ...load]);
    assert.is(`sha256:${succeed([...words, 'images', '--no-trunc', '-q']).stdout.trim().replace(/^sha256:/, '')}`, id);
    succeed([...words, 'push', '-q', id.slice(7), `docker-archive:${back}:from-${program}:1`]);
    output(['load', '-q', '-i', back]);
    assert.is(idOf(`from-${program}:1`), id);
    assert.is(output([...bare, `from-${program}:1`]), 'archived');
  });
}

test('what cannot be saved fails with 1 and leaves nothing', () => {
  const directory = scratch();
  const file = join(directory, 'out.tar');
  writeFileSync(file, 'before');
  for (const words of [['nosuch'], ['archived', 'nosuch'], ['--platform', 'linux/s390x', 'archived']]) {
    const { status, stdout, stderr } = skiff(['save', '-o', file, ...words]);
    assert.equal([status, stdout], [1, '']);
    assert.match(stderr, /^skiff: [^\n]*\n$/);
  }
  assert.equal([readdirSync(directory), readFileSync(file, 'utf8')], [['out.tar'], 'before']);
});

test('image inspect prints what is there and fails for what is not', () => {
  const { status, stdout, stderr } = skiff(['image', 'inspect', 'archived', 'nosuch']);
  assert.is(status, 1);
  assert.is((JSON.parse(stdout) as unknown[]).length, 1);
  assert.match(stderr, /^skiff: no such image: nosuch/);
  assert.equal([skiff(['image', 'inspect', 'nosuch']).stdout, skiff(['history', 'nosuch']).status], ['[]\n', 1]);
});

test.run();
