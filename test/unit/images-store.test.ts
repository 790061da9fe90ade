import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { existsSync, mkdirSync, readFileSync, readdirSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { renderError } from '../../src/core/errors.ts';
import type { SkiffError } from '../../src/core/errors.ts';
import { provideImage } from '../../src/images/builtin.ts';
import { importImage } from '../../src/images/import.ts';
import { listImages } from '../../src/images/list.ts';
import { loadArchive } from '../../src/images/load.ts';
import { openImage } from '../../src/images/open.ts';
import type { Image } from '../../src/images/open.ts';
import type { Stored } from '../../src/images/store.ts';
import { withIndex } from '../../src/images/layout.ts';
import { busyboxTar, dockerArchive, dockerEntries, makeStore, ociArchive, ociImage, ociLayoutTar, sha256, smallLayer } from '../make-image.ts';
import type { ImageParts, TestStore } from '../make-image.ts';
import { tar } from '../tar-maker.ts';

const inStore = (name: string, body: (store: TestStore) => Promise<void>): void =>
  test(name, async () => {
    const store = makeStore();
    try {
      await body(store);
    } finally {
      store.remove();
    }
  });

const loadBytes = async (store: TestStore, bytes: Buffer, platform?: { os: string; architecture: string }): Promise<readonly Stored[]> => {
  const input = join(store.directory, 'archive');
  writeFileSync(input, bytes);
  const result = await loadArchive(store.paths, store.host, { input, ...(platform ? { platform } : {}) })();
  if (result._tag === 'Left') throw new Error(renderError(result.left));
  return result.right;
};

const open = (store: TestStore, word: string): Image => {
  const image = openImage(store.paths, word);
  if ('_tag' in image) throw new Error(renderError(image));
  return image;
};

const errorOf = (result: Image | SkiffError): string => ('_tag' in result ? result._tag : 'no error');

const text = (store: TestStore, word: string, file: string): string => {
  const layer = [...open(store, word).layers].reverse().find((directory) => existsSync(join(directory, file)));
  return layer === undefined ? '' : readFileSync(join(layer, file), 'utf8');
};

const leftovers = (store: TestStore): readonly string[] => [...readdirSync(store.paths.images), ...readdirSync(store.paths.layers)].filter((name) => name.startsWith('.tmp-'));

const simple = (content: string, ...names: readonly string[]): ImageParts => ({ layers: [smallLayer('etc/x', content)], names });

inStore('a docker-archive: layers in order, names, configuration', async (store) => {
  const config = { Cmd: ['sh'], Env: ['A=1'], Labels: null, ExposedPorts: { '80/tcp': {} }, OnBuild: null };
  const [stored] = await loadBytes(store, dockerArchive({ layers: [busyboxTar(), smallLayer('etc/x', 'hi')], names: ['busybox:latest', 'quay.io/a/b:1'], config }));
  assert.equal(stored?.names, ['docker.io/library/busybox:latest', 'quay.io/a/b:1']);
  const image = open(store, 'busybox');
  assert.is(image.layers.length, 2);
  assert.is(readlinkSync(join(image.layers[0] ?? '', 'bin/ls')), 'busybox');
  assert.is(readFileSync(join(image.layers[1] ?? '', 'etc/x'), 'utf8'), 'hi');
  assert.equal(image.config.Env, ['A=1']);
  assert.is(open(store, 'quay.io/a/b:1').id, image.id);
  assert.is(open(store, image.id.slice(7, 11)).id, image.id);
  assert.is(open(store, image.id).id, image.id);
  assert.is(open(store, `busybox@${image.manifestDigest}`).id, image.id);
  assert.equal(leftovers(store), []);
});

for (const [program, flag] of [['gzip', '-c'], ['zstd', '-c'], ['bzip2', '-c'], ['xz', '-c']] as const) {
  inStore(`outer and layer compression ${program}`, async (store) => {
    const packed = (bytes: Buffer): Buffer => execFileSync(program, [flag], { input: bytes });
    const layer = smallLayer('etc/x', program);
    const archive = dockerArchive({ layers: [packed(layer)], diffIds: [sha256(layer)], names: ['x'] });
    await loadBytes(store, packed(archive));
    assert.is(text(store, 'x', 'etc/x'), program);
    const manifest = JSON.parse(readFileSync(join(store.paths.images, 'blobs/sha256', open(store, 'x').manifestDigest.slice(7)), 'utf8')) as { layers: { mediaType: string }[] };
    const suffix = program === 'gzip' || program === 'zstd' ? `+${program}` : '';
    assert.is(manifest.layers[0]?.mediaType, `application/vnd.oci.image.layer.v1.tar${suffix}`);
  });
}

inStore('images of one archive share a layer whose compression is taken off', async (store) => {
  const shared = smallLayer('etc/s', 's');
  const packed = execFileSync('bzip2', ['-c'], { input: shared });
  const second = smallLayer('etc/x', '2');
  const diffIds = [shared, second].map(sha256);
  await loadBytes(store, dockerArchive({ layers: [packed], diffIds: diffIds.slice(0, 1), names: ['a'] }, { layers: [packed, second], diffIds, names: ['b'] }));
  assert.equal([text(store, 'a', 'etc/s'), text(store, 'b', 'etc/x')], ['s', '2']);
});

inStore('an old docker-archive whose second layer is a link to the first', async (store) => {
  const layer = smallLayer('etc/x', 'once');
  const { entries, line } = dockerEntries({ layers: [layer, layer], names: ['x'] });
  const [first, , config] = entries;
  if (first === undefined || config === undefined) throw new Error('make-image changed');
  const lines = [{ ...(line as object), Layers: ['a/layer.tar', 'b/layer.tar'] }];
  const linked = tar({ ...first, name: './a/layer.tar' }, { name: 'b/layer.tar', type: 'symlink', linkname: '../a/layer.tar' }, config, { name: 'manifest.json', data: JSON.stringify(lines) });
  await loadBytes(store, linked);
  assert.is(open(store, 'x').layers.length, 2);
  assert.is(text(store, 'x', 'etc/x'), 'once');
});

inStore('several images that share a layer; a name moves and its old image stays', async (store) => {
  const shared = smallLayer('etc/s', 's');
  const stored = await loadBytes(store, dockerArchive({ layers: [shared], names: ['a'] }, { layers: [shared, smallLayer('etc/x', '2')], names: ['b'] }));
  assert.is(stored.length, 2);
  const [moved] = await loadBytes(store, ociArchive(simple('new', 'a:latest')));
  assert.equal(moved?.replaced, [{ name: 'docker.io/library/a:latest', id: stored[0]?.id }]);
  assert.is(text(store, 'a', 'etc/x'), 'new');
  assert.is(open(store, stored[0]?.id ?? '').id, stored[0]?.id);
  const list = listImages(store.paths, { filters: ['dangling=true'] });
  if ('_tag' in list) throw new Error(renderError(list));
  assert.equal(list.rows.map((row) => row.id), [stored[0]?.id]);
});

inStore('an index for several platforms: the host\'s, or the one asked for', async (store) => {
  const of = (architecture: string): ImageParts => ({ ...simple(architecture), platform: { os: 'linux', architecture } });
  const made = ['amd64', 'arm64', 's390x'].map((name) => ociImage(of(name)));
  const attestation = { ...ociImage(of('unknown')).descriptor, platform: { os: 'unknown', architecture: 'unknown' } };
  const index = JSON.stringify({ schemaVersion: 2, manifests: [attestation, ...made.map((image) => image.descriptor)] });
  const line = { mediaType: 'application/vnd.oci.image.index.v1+json', digest: sha256(index), size: index.length, annotations: { 'io.containerd.image.name': 'docker.io/library/m:1', 'org.opencontainers.image.ref.name': '1' } };
  const archive = ociLayoutTar([...made.flatMap((image) => image.blobs), { name: `blobs/sha256/${sha256(index).slice(7)}`, data: index }], [line]);
  await loadBytes(store, archive);
  assert.is(text(store, 'm:1', 'etc/x'), process.arch === 'arm64' ? 'arm64' : 'amd64');
  await loadBytes(store, archive, { os: 'linux', architecture: 's390x' });
  assert.is(text(store, 'm:1', 'etc/x'), 's390x');
  assert.is(errorOf(openImage(store.paths, 'm:1', { os: 'linux', architecture: 'arm64' })), 'Refused');
  try {
    await loadBytes(store, archive, { os: 'linux', architecture: 'riscv64' });
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /no image for linux\/riscv64; it has linux\/amd64, linux\/arm64, linux\/s390x/);
  }
});

inStore('import: configuration, name, history; then the same tar again', async (store) => {
  const source = join(store.directory, 'rootfs.tar.xz');
  writeFileSync(source, execFileSync('xz', ['-c'], { input: smallLayer('etc/x', 'imported') }));
  const options = { source, reference: 'Mine', changes: ['CMD ["/x"]', 'ENV A=1'], now: Date.parse('2026-11-20T19:00:00Z') };
  const refused = await importImage(store.paths, store.host, options)();
  assert.is(refused._tag === 'Left' && refused.left._tag, 'Usage');
  const result = await importImage(store.paths, store.host, { ...options, reference: 'mine', message: 'm' })();
  if (result._tag === 'Left') throw new Error(renderError(result.left));
  const image = open(store, 'mine');
  assert.is(image.id, result.right.id);
  assert.equal(image.config, { Cmd: ['/x'], Env: ['A=1'] });
  assert.is(image.created, '2026-11-20T19:00:00.000Z');
  assert.is(text(store, 'mine', 'etc/x'), 'imported');
  assert.equal(leftovers(store), []);
});

inStore('owners are the mapped ones, or kept in an attribute where there is one id only', async (store) => {
  await loadBytes(store, dockerArchive({ layers: [tar({ name: 'd/', type: 'directory', uid: 1000, gid: 1000, mode: 0o700 }, { name: 'd/x', uid: 1000, mode: 0o600, data: 'x' })], names: ['x'] }));
  const owner = statSync(join(open(store, 'x').layers[0] ?? '', 'd')).uid;
  const { idMap } = store.host;
  const range = idMap.mode === 'ranges' ? idMap.uids.find(({ containerId, size }) => containerId <= 1000 && 1000 < containerId + size) : undefined;
  assert.is(owner, range === undefined ? store.host.uid : range.hostId + 1000 - range.containerId);
});

inStore('hello is made when asked for, once, also by several at a time', async (store) => {
  assert.is(errorOf(openImage(store.paths, 'hello')), 'NotFound');
  const results = await Promise.all([1, 2, 3].map(() => provideImage(store.paths, store.host, 'hello')()));
  const ids = results.map((result) => (result._tag === 'Right' ? result.right.id : renderError(result.left)));
  assert.is(new Set(ids).size, 1);
  assert.ok(existsSync(join(open(store, 'hello').layers[0] ?? '', 'hello')));
  const before = readFileSync(join(store.paths.images, 'index.json'), 'utf8');
  await provideImage(store.paths, store.host, 'hello')();
  assert.is(readFileSync(join(store.paths.images, 'index.json'), 'utf8'), before);
  assert.is(readdirSync(store.paths.layers).length, 1);
  const other = await provideImage(store.paths, store.host, 'hello:2')();
  assert.is(other._tag === 'Left' && other.left._tag, 'NotFound');
});

inStore('hello of an older build is replaced, a hello of the user\'s own is not', async (store) => {
  await loadBytes(store, ociArchive({ ...simple('old', 'hello:latest'), config: { Labels: { 'skiff.builtin': 'older' } } }));
  await provideImage(store.paths, store.host, 'hello')();
  assert.equal(open(store, 'hello').config.Cmd, ['/hello']);
  await loadBytes(store, ociArchive(simple('own', 'hello:latest')));
  await provideImage(store.paths, store.host, 'hello')();
  assert.is(text(store, 'hello', 'etc/x'), 'own');
});

inStore('rows and filters', async (store) => {
  await loadBytes(store, dockerArchive(
    { ...simple('1', 'redis:1', 'redis:2'), created: '2026-01-01T00:00:00Z', config: { Labels: { a: 'b' } } },
    { ...simple('2', 'quay.io/x/redis:1'), created: '2026-02-01T00:00:00Z' },
    { ...simple('3'), created: '2026-03-01T00:00:00Z' },
  ));
  const names = (repository: string | undefined, ...filters: readonly string[]): readonly string[] => {
    const list = listImages(store.paths, { filters, ...(repository === undefined ? {} : { repository }) });
    if ('_tag' in list) return [list._tag];
    return list.rows.map((row) => `${row.repository ?? '<none>'}:${row.tag ?? '<none>'}`);
  };
  assert.equal(names(undefined), ['<none>:<none>', 'quay.io/x/redis:1', 'redis:1', 'redis:2']);
  assert.equal(names('redis'), ['redis:1', 'redis:2']);
  assert.equal(names('redis:2'), ['redis:2']);
  assert.equal(names(undefined, 'reference=redis'), ['redis:1', 'redis:2']);
  assert.equal(names(undefined, 'reference=*/*/redis:1'), ['quay.io/x/redis:1']);
  assert.equal(names(undefined, 'label=a'), ['redis:1', 'redis:2']);
  assert.equal(names(undefined, 'label=a=c'), []);
  assert.equal(names(undefined, 'dangling=true'), ['<none>:<none>']);
  assert.equal(names(undefined, 'before=quay.io/x/redis:1'), ['redis:1', 'redis:2']);
  assert.equal(names(undefined, 'since=quay.io/x/redis:1'), ['<none>:<none>']);
  assert.equal(names(undefined, 'nonsense=1'), ['Usage']);
  assert.equal(names(undefined, 'dangling=maybe'), ['Usage']);
  assert.equal(names(undefined, 'since=missing'), ['NotFound']);
});

inStore('damaged records are reported by path and cost only themselves', async (store) => {
  await loadBytes(store, ociArchive(simple('1', 'a'), { ...simple('2', 'b:1') }));
  const path = join(store.paths.images, 'index.json');
  const index = JSON.parse(readFileSync(path, 'utf8')) as { manifests: unknown[] };
  writeFileSync(path, JSON.stringify({ ...index, manifests: [{ digest: 7 }, ...index.manifests] }));
  const list = listImages(store.paths, { filters: [] });
  if ('_tag' in list) throw new Error(renderError(list));
  assert.is(list.rows.length, 2);
  assert.is(list.warnings.length, 1);
  await withIndex(store.paths, (entries, write) => write(entries));
  assert.match(readFileSync(path, 'utf8'), /"digest":7/, 'a writer keeps what it does not understand');
  writeFileSync(join(store.paths.images, 'blobs/sha256', open(store, 'b:1').id.slice(7)), '{');
  assert.is(errorOf(openImage(store.paths, 'b:1')), 'Corrupt');
  writeFileSync(path, '[]');
  assert.is(errorOf(openImage(store.paths, 'b:1')), 'Corrupt');
});

inStore('what a dead process left is swept, what a living one works on is not', async (store) => {
  const host = store.paths.host.split('/').at(-1) ?? '';
  const start = readFileSync('/proc/self/stat', 'latin1').split(') ')[1]?.split(' ')[19] ?? '';
  const names = [`.tmp-${host}~${process.pid}~1~0`, `.tmp-${host}~${process.pid}~${start}~999`, `.tmp-elsewhere~1~1~0`];
  for (const parent of [store.paths.images, store.paths.layers]) for (const name of names) mkdirSync(join(parent, name, 'fs'), { recursive: true });
  await loadBytes(store, ociArchive(simple('1', 'a')));
  assert.equal([...leftovers(store)].sort(), [names[1], names[1], names[2], names[2]].sort());
});

inStore('skopeo reads the store by name', async (store) => {
  try {
    execFileSync('skopeo', ['--version'], { stdio: 'ignore' });
  } catch {
    return;
  }
  await loadBytes(store, dockerArchive({ layers: [gzipSync(smallLayer('etc/x', 'z'))], names: ['localhost:5000/x/y:1.0'] }));
  const raw = execFileSync('skopeo', ['inspect', `oci:${store.paths.images}:localhost:5000/x/y:1.0`], { encoding: 'utf8' });
  assert.is((JSON.parse(raw) as { Digest: string }).Digest, open(store, 'localhost:5000/x/y:1.0').manifestDigest);
});

test.run();
