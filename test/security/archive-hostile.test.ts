/** Hostile and damaged archives: each is refused in one line, and the store is as it was. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { renderError } from '../../src/core/errors.ts';
import { importImage } from '../../src/images/import.ts';
import { readIndex } from '../../src/images/layout.ts';
import type { IndexContent } from '../../src/images/layout.ts';
import { loadArchive } from '../../src/images/load.ts';
import { blobEntry, busyboxTar, configOf, dockerArchive, dockerEntries, makeStore, ociArchive, ociImage, ociLayoutTar, sha256, smallLayer } from '../make-image.ts';
import type { TestStore } from '../make-image.ts';
import { tar } from '../tar-maker.ts';
import type { Entry } from '../tar-maker.ts';

const layer = smallLayer('etc/x', 'x');
const parts = { layers: [layer], names: ['x:latest'] };
const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const indexType = 'application/vnd.oci.image.index.v1+json';

const docker = (change: { readonly line?: object; readonly extra?: readonly Entry[]; readonly drop?: RegExp } = {}): Buffer => {
  const { entries, line } = dockerEntries(parts);
  const kept = entries.filter((entry) => !(change.drop?.test(String(entry.name)) ?? false));
  return tar(...(change.extra ?? []), ...kept, { name: 'manifest.json', data: JSON.stringify([{ ...(line as object), ...change.line }]) });
};

const oci = (change: (blob: Entry, position: number) => Entry): Buffer => {
  const image = ociImage(parts);
  return ociLayoutTar(image.blobs.map(change), [image.descriptor]);
};

const withConfig = (config: string): Buffer => tar({ name: 'c.json', data: config }, { name: 'l', data: layer }, { name: 'manifest.json', data: JSON.stringify([{ Config: 'c.json', Layers: ['l'], RepoTags: ['x:1'] }]) });

const selfIndex = (depth: number): Buffer => {
  const image = ociImage(parts);
  let line: object = image.descriptor;
  const blobs = [...image.blobs];
  for (let level = 0; level < depth; level += 1) {
    const data = JSON.stringify({ schemaVersion: 2, manifests: [line] });
    blobs.push(blobEntry(data));
    line = { mediaType: indexType, digest: sha256(data), size: data.length };
  }
  return ociLayoutTar(blobs, [line]);
};

const corrupted = (bytes: Buffer): Buffer => {
  const copy = Buffer.from(bytes);
  copy[copy.length >> 1] = (copy[copy.length >> 1] ?? 0) ^ 0xff;
  return copy;
};

const big = 5 * 1024 * 1024;
const cases: readonly (readonly [name: string, archive: () => Buffer, words: RegExp])[] = [
  ['a parent directory in a name', () => docker({ extra: [{ name: '../../evil', data: 'x' }] }), /'\.\.\/\.\.\/evil' has '\.\.' in its name/],
  ['an absolute name', () => docker({ extra: [{ name: '/tmp/evil', data: 'x' }] }), /'\/tmp\/evil' has an absolute name/],
  ['a link out of the archive', () => docker({ extra: [{ name: 'a/l', type: 'symlink', linkname: '../../etc/passwd' }] }), /'a\/l' links out of the archive/],
  ['an absolute link', () => docker({ extra: [{ name: 'l', type: 'symlink', linkname: '/etc/passwd' }] }), /'l' links out of the archive/],
  ['a hard link to outside', () => docker({ extra: [{ name: 'l', type: 'hardlink', linkname: '../x' }] }), /has '\.\.' in its name/],
  ['a device', () => docker({ extra: [{ name: 'sda', type: 'block', major: 8 }] }), /'sda' is of a kind/],
  ['a fifo', () => docker({ extra: [{ name: 'p', type: 'fifo' }] }), /'p' is of a kind/],
  ['a circle of links', () => docker({ line: { Config: 'a' }, extra: [{ name: 'a', type: 'symlink', linkname: 'b' }, { name: 'b', type: 'symlink', linkname: 'a' }] }), /chain of more than 16 links/],
  ['a configuration outside', () => docker({ line: { Config: '../../../etc/passwd' } }), /'\.\.\/\.\.\/\.\.\/etc\/passwd' is missing/],
  ['a missing layer', () => docker({ drop: /layer\.tar$/ }), /layer\.tar' is missing/],
  ['a missing configuration', () => docker({ drop: /json$/ }), /json' is missing/],
  ['an invalid name', () => docker({ line: { RepoTags: ['Bad Name'] } }), /names an image 'Bad Name'/],
  ['control characters in a name', () => docker({ line: { RepoTags: ['\u001b[31m'] } }), /'\\x1b\[31m'/],
  ['control characters in an entry', () => docker({ extra: [{ name: '\u001b[2J/../x', data: 'x' }] }), /\\x1b\[2J/],
  ['a manifest that is no list', () => tar({ name: 'manifest.json', data: '{"a":1}' }), /has a manifest\.json, but/],
  ['a manifest of 5 MiB', () => tar({ name: 'manifest.json', data: Buffer.alloc(big, ' ') }), /'manifest\.json' is larger than 4 MiB/],
  ['a configuration of 5 MiB', () => withConfig(' '.repeat(big)), /'c\.json' is larger than 4 MiB/],
  ['a configuration that is no JSON', () => withConfig('{'), /it is not JSON/],
  ['a configuration with more layers than there are', () => withConfig(configOf({ layers: [layer, layer] })), /promises 2 layers, its manifest has 1/],
  ['a configuration of the wrong kinds', () => withConfig(configOf({ layers: [layer], config: { Env: 'A=1' } })), /config\.Env is missing or of the wrong kind/],
  ['a diff id that is no digest', () => withConfig(configOf({ layers: [layer], diffIds: ['../../x'] })), /diff_ids/],
  ['a diff id that the layer has not', () => withConfig(configOf({ layers: [layer], diffIds: [sha256('other')] })), new RegExp(`unpacks to ${sha256(layer)}, but the image promises ${sha256('other')}`)],
  ['513 layers', () => docker({ line: { Layers: Array.from({ length: 513 }, () => 'l') } }), /513 layers, more than 512/],
  ['a layer that is no tar', () => dockerArchive({ layers: [Buffer.from('nonsense '.repeat(200))], names: ['x'] }), /refusing layer 1 of/],
  ['a layer that climbs', () => dockerArchive({ layers: [tar({ name: '../evil', data: 'x' })], names: ['x'] }), /\.\.\/evil/],
  ['a good layer, then one that climbs', () => dockerArchive({ layers: [layer, tar({ name: '/evil', data: 'x' })], names: ['x'] }), /layer 2 of/],
  ['a layer that hides what it left with owners and modes', () => dockerArchive({ layers: [tar({ name: 'd/', type: 'directory', uid: 1000, gid: 1000, mode: 0o500 }, { name: 'd/x', uid: 1001, mode: 0, data: 'x' }, { name: '/evil', data: 'x' })], names: ['x'] }), /evil/],
  ['a cut layer', () => dockerArchive({ layers: [busyboxTar().subarray(0, 100_000)], names: ['x'] }), /layer 1 of/],
  ['a layer of cut gzip', () => dockerArchive({ layers: [gzipSync(busyboxTar()).subarray(0, 100_000)], diffIds: [sha256('x')], names: ['x'] }), /layer 1 of/],
  ['a blob with another content', () => oci((blob, n) => (n === 0 ? { ...blob, data: smallLayer('etc/x', 'y') } : blob)), new RegExp(`blob named ${sha256(layer)} has the digest sha256:`)],
  ['a manifest with another content', () => oci((blob, n) => (n === 2 ? { ...blob, data: `${String(blob.data)} ` } : blob)), /has the digest sha256:/],
  ['a size that is not the blob\'s', () => ociLayoutTar(ociImage(parts).blobs, [{ ...ociImage(parts).descriptor, size: 1 }]), /bytes, not 1/],
  ['a digest that is a path', () => ociLayoutTar([], [{ mediaType: manifestType, digest: 'sha256:../../x', size: 1 }]), /digest is missing or of the wrong kind/],
  ['a negative size', () => ociLayoutTar([], [{ mediaType: manifestType, digest: sha256('x'), size: -1 }]), /size is missing or of the wrong kind/],
  ['indexes nested too deep', () => selfIndex(6), /nested more than 4 deep/],
  ['an artifact', () => ociLayoutTar([], [{ mediaType: 'application/x-other', digest: sha256('x'), size: 1 }]), /not an image archive: .* holds a 'application\/x-other'/],
  ['an empty index', () => ociLayoutTar([], []), /holds no image/],
  ['a root file system', busyboxTar, /not an image archive: .* root file system .*skiff import/],
  ['some text', () => Buffer.from('hello\n'.repeat(500)), /not an image archive: .* no tar archive/],
  ['a few bytes', () => Buffer.from('hi'), /not an image archive: .* too short/],
  ['nothing', () => Buffer.alloc(0), /not an image archive: .* is empty/],
  ['zeros only', () => Buffer.alloc(10240), /not an image archive: .* is empty/],
  ['another tar', () => tar({ name: 'README', data: 'x' }), /neither manifest\.json nor index\.json/],
  ['an archive cut inside a layer', () => docker().subarray(0, 700), /is damaged: it is cut short/],
  ['an archive cut before its manifest', () => docker().subarray(0, 2048), /neither manifest\.json nor index\.json|cut short/],
  ['a gzip archive cut short', () => gzipSync(dockerArchive({ ...parts, layers: [busyboxTar()] })).subarray(0, 50_000), /./],
  ['a name that promises a digest', () => docker({ line: { RepoTags: [`busybox@${sha256('another')}`] } }), /no valid name with a tag/],
  ['a gzip archive with a wrong byte', () => corrupted(gzipSync(dockerArchive({ ...parts, layers: [busyboxTar()] }))), /./],
  ['a header with a wrong byte', () => { const bytes = Buffer.from(ociArchive(parts)); bytes[1024 + 5] = 0x7f; return bytes; }, /no valid tar archive beyond its first entries/],
];

const stateOf = (store: TestStore): readonly string[] => {
  const list = (directory: string): readonly string[] => (existsSync(directory) ? readdirSync(directory) : []);
  return [...list(join(store.paths.images, 'blobs/sha256')), ...list(store.paths.layers), ...list(store.paths.images).filter((name) => name.startsWith('.tmp-') || name === 'index.json')];
};

for (const [name, archive, words] of cases) {
  test(`load refuses ${name}`, async () => {
    const store = makeStore();
    try {
      const input = join(store.directory, 'archive');
      writeFileSync(input, archive());
      const result = await loadArchive(store.paths, store.host, { input })();
      if (result._tag === 'Right') throw new Error(`was loaded: ${JSON.stringify(result.right)}`);
      const line = renderError(result.left);
      assert.match(line, words);
      assert.not.match(line, /[\u0000-\u001f]|Error|undefined|\[object/);
      assert.equal(stateOf(store), [], 'something is left behind');
    } finally {
      store.remove();
    }
  });
}

const imports: readonly (readonly [name: string, bytes: Buffer, words: RegExp])[] = [
  ['nothing', Buffer.alloc(0), /is empty/],
  ['some text', Buffer.from('hello\n'.repeat(500)), /./],
  ['a climbing tar', tar({ name: '../x', data: 'x' }), /\.\.\/x/],
  ['a write through a link', tar({ name: 'l', type: 'symlink', linkname: '/etc' }, { name: 'l/evil', data: 'x' }, { name: '../l/evil2', data: 'x' }), /evil/],
  ['a cut tar', busyboxTar().subarray(0, 100_000), /./],
  ['a cut gzip', gzipSync(busyboxTar()).subarray(0, 100_000), /./],
  ['cut xz', execFileSync('xz', ['-c'], { input: busyboxTar() }).subarray(0, 100_000), /./],
];

for (const [name, bytes, words] of imports) {
  test(`import refuses ${name}`, async () => {
    const store = makeStore();
    try {
      const source = join(store.directory, 'rootfs');
      writeFileSync(source, bytes);
      const result = await importImage(store.paths, store.host, { source, reference: 'x', changes: [], now: 0 })();
      if (result._tag === 'Right') throw new Error('was imported');
      assert.match(renderError(result.left), words);
      assert.not.match(renderError(result.left), /[\u0000-\u001f]|undefined|\[object/);
      assert.equal(stateOf(store), []);
    } finally {
      store.remove();
    }
  });
}

/** The entries of the index after a load that must succeed. */
const loaded = async (bytes: Buffer): Promise<IndexContent['entries']> => {
  const store = makeStore();
  try {
    const input = join(store.directory, 'archive');
    writeFileSync(input, bytes);
    const result = await loadArchive(store.paths, store.host, { input })();
    if (result._tag === 'Left') throw new Error(renderError(result.left));
    return readIndex(store.paths).entries;
  } finally {
    store.remove();
  }
};

test('what an archive says of its images in our own words is not believed', async () => {
  const image = ociImage(parts);
  const wrong = sha256('another');
  const lies = { 'skiff.image.id': wrong, 'skiff.image.size': '1', 'skiff.image.created': '1', 'skiff.image.remote': wrong, 'io.containerd.image.name': 'docker.io/library/x:latest' };
  const [entry, ...others] = await loaded(ociLayoutTar(image.blobs, [{ ...image.descriptor, annotations: lies }]));
  assert.equal(others, []);
  assert.is(entry?.name, 'docker.io/library/x:latest');
  assert.is(entry?.id, sha256(configOf(parts)));
  assert.is(entry?.size, layer.length);
  assert.is(entry?.remoteDigest, undefined);
});

test('a name with a digest is given to nothing else', async () => {
  const image = ociImage(parts);
  const { digest } = image.descriptor as { readonly digest: string };
  const named = (name: string): Promise<IndexContent['entries']> => loaded(ociLayoutTar(image.blobs, [{ ...image.descriptor, annotations: { 'io.containerd.image.name': name } }]));
  const lie = `docker.io/library/busybox@${sha256('another')}`;
  assert.equal((await named(lie)).map(({ name }) => name), [undefined]);
  assert.equal((await named(lie.replace('@', ':1@'))).map(({ name }) => name), [undefined]);
  assert.equal((await named(`docker.io/library/busybox@${digest}`)).map(({ name }) => name), [`docker.io/library/busybox@${digest}`]);
});

test('what cannot be read is said', async () => {
  const store = makeStore();
  try {
    mkdirSync(join(store.directory, 'd'));
    for (const [input, tag] of [['d', 'Usage'], ['missing', 'NotFound']] as const) {
      const result = await loadArchive(store.paths, store.host, { input: join(store.directory, input) })();
      assert.is(result._tag === 'Left' && result.left._tag, tag);
    }
  } finally {
    store.remove();
  }
});

test.run();
