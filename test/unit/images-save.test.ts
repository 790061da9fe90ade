import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isLeft } from 'fp-ts/Either';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadArchive } from '../../src/images/load.ts';
import { blobPath, readIndex } from '../../src/images/layout.ts';
import { saveImages } from '../../src/images/save.ts';
import { left, right } from '../harness.ts';
import { makeStore, ociArchive, smallLayer } from '../make-image.ts';
import type { TestStore } from '../make-image.ts';

const layer = smallLayer('shared', 'x'.repeat(3000));

const withStore = async (body: (store: TestStore) => Promise<void>): Promise<void> => {
  const store = makeStore();
  try {
    const archive = join(store.directory, 'in.tar');
    const a = { layers: [layer], names: ['docker.io/library/a:1', 'docker.io/library/a:2'], created: '2026-01-01T00:00:00Z' };
    const b = { layers: [layer, smallLayer('own', 'b')], names: ['localhost:5000/b:latest'], created: '2026-02-01T00:00:00Z' };
    writeFileSync(archive, ociArchive(a, b));
    right(await loadArchive(store.paths, store.host, { input: archive })());
    await body(store);
  } finally {
    store.remove();
  }
};

const namesIn = (file: string): readonly string[] => execFileSync('tar', ['tf', file], { encoding: 'utf8' }).trim().split('\n');

const jsonIn = (file: string, name: string): unknown => JSON.parse(execFileSync('tar', ['xOf', file, name], { encoding: 'utf8' }));

test('an archive holds each blob once, under its digest, with the documents of both formats', () =>
  withStore(async ({ paths, directory }) => {
    const file = join(directory, 'out.tar');
    right(await saveImages(paths, { images: ['a:1', 'localhost:5000/b'] }, file)());
    assert.is(statSync(file).mode & 0o777, 0o600);
    const names = namesIn(file);
    assert.is(new Set(names).size, names.length);
    const blobs = names.filter((name) => /^blobs\/sha256\/./.test(name));
    assert.is(blobs.length, 6, 'two manifests, two configurations, two layers');
    for (const name of blobs) assert.is(createHash('sha256').update(execFileSync('tar', ['xOf', file, name])).digest('hex'), name.slice('blobs/sha256/'.length));
    assert.equal(names.slice(-4), ['index.json', 'manifest.json', 'oci-layout', 'repositories']);
    const index = jsonIn(file, 'index.json') as { manifests: { annotations?: Record<string, string> }[] };
    assert.equal(index.manifests.map(({ annotations }) => annotations), [
      { 'io.containerd.image.name': 'docker.io/library/a:1', 'org.opencontainers.image.ref.name': '1' },
      { 'io.containerd.image.name': 'localhost:5000/b:latest', 'org.opencontainers.image.ref.name': 'latest' },
    ]);
    const docker = jsonIn(file, 'manifest.json') as { RepoTags: string[]; Layers: string[] }[];
    assert.equal(docker.map(({ RepoTags, Layers }) => [RepoTags, Layers.length]), [[['a:1'], 1], [['localhost:5000/b:latest'], 2]]);
    for (const name of docker.flatMap(({ Layers }) => Layers)) assert.ok(blobs.includes(name));
  }));

test('a repository stands for all of its tags; by id an image has no name', () =>
  withStore(async ({ paths, directory }) => {
    const tags = async (...images: readonly string[]): Promise<unknown> => {
      const file = join(directory, 'out.tar');
      right(await saveImages(paths, { images }, file)());
      return (jsonIn(file, 'manifest.json') as { RepoTags: unknown }[]).map(({ RepoTags }) => RepoTags);
    };
    const id = readIndex(paths).entries.find(({ name }) => name?.endsWith('a:1'))?.id ?? '';
    assert.equal(await tags('a'), [['a:1', 'a:2']]);
    assert.equal(await tags('a:2', 'a:2'), [['a:2']]);
    assert.equal(await tags(id.slice('sha256:'.length, 20)), [null]);
    assert.equal(await tags(id, 'a:1'), [['a:1']]);
  }));

test('the same images make the same bytes, to a file and to a function', () =>
  withStore(async ({ paths, directory }) => {
    const file = join(directory, 'out.tar');
    const chunks: Buffer[] = [];
    right(await saveImages(paths, { images: ['a:1', 'localhost:5000/b'] }, file)());
    right(await saveImages(paths, { images: ['a:1', 'localhost:5000/b'] }, (chunk) => void chunks.push(Buffer.from(chunk)))());
    assert.ok(Buffer.concat(chunks).equals(readFileSync(file)));
  }));

test('a damaged, shortened or missing blob makes no archive and leaves what was there', () =>
  withStore(async ({ paths, directory }) => {
    const file = join(directory, 'out.tar');
    writeFileSync(file, 'before');
    const digest = `sha256:${createHash('sha256').update(layer).digest('hex')}` as const;
    const path = blobPath(paths, digest);
    const whole = readFileSync(path);
    const before = readdirSync(directory);
    for (const [damage, words] of [[Buffer.from(whole.map((byte, at) => (at === 700 ? byte ^ 1 : byte))), /its content has the digest sha256:/], [whole.subarray(0, 700), /it has 700 bytes, not/]] as const) {
      writeFileSync(path, damage);
      const error = left(await saveImages(paths, { images: ['a:1'] }, file)());
      assert.is(error._tag, 'Corrupt');
      assert.match('reason' in error ? error.reason : '', words);
      assert.is(readFileSync(file, 'utf8'), 'before');
      assert.equal(readdirSync(directory), before);
    }
  }));

test('what is not there or fits no platform is refused before anything is written', () =>
  withStore(async ({ paths, directory }) => {
    const file = join(directory, 'out.tar');
    assert.is(left(await saveImages(paths, { images: ['a:1', 'nosuch'] }, file)())._tag, 'NotFound');
    assert.is(left(await saveImages(paths, { images: ['a:1'], platform: { os: 'linux', architecture: 's390x' } }, file)())._tag, 'Refused');
    assert.is(left(await saveImages(paths, { images: ['a:1'] }, join(directory, 'no/such/out.tar'))())._tag, 'NotFound');
    assert.not.ok(existsSync(file));
    assert.ok(isLeft(await saveImages(paths, { images: ['a:1'] }, directory)()));
  }));

test.run();
