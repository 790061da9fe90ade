/** Registries that lie: every document is refused in one line, and the store is as it was. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gzipSync } from 'node:zlib';
import { configOf, sha256, smallLayer } from '../make-image.ts';
import { startFake } from '../registry/fake.ts';
import type { FakeRegistry, Page, Pages } from '../registry/fake.ts';
import { failure, matches, newPlace, output, storeState } from '../registry/run.ts';
import { describe, makeImage, types } from '../registry/upload.ts';
import { tar } from '../tar-maker.ts';

const layer = gzipSync(smallLayer('etc/x', 'x'));
const parts = { layers: [layer] };
const good = makeImage(parts);
const words = types.oci;
const config = describe(words.config, good.config);
const blobOf = (data: string | Buffer): Pages => ({ [`blobs/${sha256(data)}`]: { body: data } });
const page = (type: string, body: string | Buffer): Page => ({ headers: { 'content-type': type }, body });
const blobs: Pages = { ...blobOf(layer), ...blobOf(good.config) };

/** An image whose manifest is changed. */
const manifest = (change: object, more: Pages = {}, type: string = words.manifest): Pages => ({
  ...blobs,
  ...more,
  'manifests/latest': page(type, JSON.stringify({ ...JSON.parse(good.manifest), ...change })),
});

/** An image of one layer, whose descriptor is changed. */
const layered = (change: object, more: Pages = {}): Pages => manifest({ layers: [{ ...describe(`${words.layer}+gzip`, layer), ...change }] }, more);

/** An image whose configuration is this text, truly described. */
const configured = (text: string): Pages => manifest({ config: describe(words.config, text) }, blobOf(text));

/** A manifest or index as it stands. */
const raw = (body: string | Buffer, type: string = words.manifest): Pages => ({ ...blobs, 'manifests/latest': page(type, body) });

const index = (...manifests: readonly unknown[]): string => JSON.stringify({ schemaVersion: 2, mediaType: words.index, manifests });
const mine = { os: 'linux', architecture: process.arch === 'arm64' ? 'arm64' : 'amd64' };

/** Indexes, one in the other, around the good image. */
const nested = (depth: number): Pages => {
  let text = index({ ...describe(words.manifest, good.manifest), platform: mine });
  const pages: Record<string, Page> = { ...blobs, [`manifests/${sha256(good.manifest)}`]: page(words.manifest, good.manifest) };
  for (let level = 1; level < depth; level += 1) {
    pages[`manifests/${sha256(text)}`] = page(words.index, text);
    text = index({ ...describe(words.index, text), platform: mine });
  }
  return { ...pages, 'manifests/latest': page(words.index, text) };
};

const bad = (data: Buffer): Pages => {
  const made = makeImage({ layers: [data], diffIds: [sha256(data[0] === 0x1f ? 'unknown' : data)] });
  return { ...blobOf(data), ...blobOf(made.config), 'manifests/latest': page(made.mediaType, made.manifest) };
};

const deep = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const escape = '\u001b[31m';

const cases: readonly (readonly [what: string, pages: Pages, words: RegExp])[] = [
  ['a layer whose digest is a path', layered({ digest: 'sha256:../../x' }), /digest/],
  ['a configuration whose digest is a path', manifest({ config: { ...config, digest: 'sha256:../../../../etc/passwd' } }), /digest/],
  ['a digest of another algorithm', layered({ digest: `sha512:${'a'.repeat(128)}` }), /digest/],
  ['a digest in capital letters', layered({ digest: sha256(layer).toUpperCase() }), /digest/],
  ['a manifest that is an index too', manifest({ manifests: [] }), /^refusing /],
  ['an index that is a manifest too', manifest({ manifests: [], mediaType: words.index }, {}, words.index), /^refusing /],
  ['a manifest that comes as an index', raw(good.manifest, words.index), /index|manifest/],
  ['an index that comes as a manifest', raw(index(), words.manifest), /index|manifest/],
  ['a manifest of schema 1', raw(JSON.stringify({ schemaVersion: 1, name: 'x', tag: 'latest', fsLayers: [], history: [] }), 'application/vnd.docker.distribution.manifest.v1+prettyjws'), /schema 1/],
  ['a web page', raw('<html>please log in</html>', 'text/html'), /./],
  ['a manifest that is null', raw('null'), /./],
  ['a manifest that is a list', raw('[]'), /./],
  ['a manifest that is empty', raw(''), /./],
  ['a manifest of nothing', raw('{}'), /./],
  ['a manifest without layers', manifest({ layers: null }), /layers/],
  ['a manifest that is no UTF-8', raw(Buffer.from([0x7b, 0xff, 0xfe, 0x7d])), /./],
  ['a manifest of 5 MiB', raw(Buffer.alloc(5 << 20, ' ')), /4 MiB/],
  ['a manifest a million levels deep', raw(deep(1_000_000)), /./],
  ['a manifest with a level too many inside', manifest({ annotations: { a: JSON.parse(deep(2000)) } }), /annotations/],
  ['a configuration a million levels deep', configured(deep(1_000_000)), new RegExp(sha256(deep(1_000_000)))],
  ['a configuration of 5 MiB', configured(JSON.stringify({ padding: 'x'.repeat(5 << 20) })), /4 MiB/],
  ['a configuration said to be of 5 TiB', manifest({ config: { ...config, size: 5 * 2 ** 40 } }), /4 MiB/],
  ['a configuration said to be shorter', manifest({ config: { ...config, size: 5 } }), new RegExp(config.digest)],
  ['a configuration said to be longer', manifest({ config: { ...config, size: config.size + 1 } }), new RegExp(config.digest)],
  ['a configuration that is another', { ...manifest({}), [`blobs/${config.digest}`]: { body: good.config.replace('linux', 'Linux') } }, new RegExp(config.digest)],
  ['a configuration that is no JSON', configured('{'), /JSON/],
  ['a configuration that is a list', configured('[]'), /./],
  ['a configuration with an environment of another kind', configured(configOf({ ...parts, config: { Env: 'A=1' } })), /config\.Env/],
  ['a configuration with more layers than there are', configured(configOf({ layers: [layer, layer] })), /2 layers.* 1/],
  ['a configuration with fewer layers than there are', configured(configOf({ layers: [] })), /0 layers.* 1/],
  ['a diff id that is a path', configured(configOf({ ...parts, diffIds: ['sha256:../../x'] })), /diff_ids/],
  ['a diff id that the layer has not', configured(configOf({ ...parts, diffIds: [sha256('other')] })), new RegExp(sha256('other'))],
  ['an image for Windows', configured(configOf({ ...parts, platform: { os: 'windows', architecture: 'amd64' } })), /windows/],
  ['10,000 layers', manifest({ layers: Array.from({ length: 10_000 }, () => describe(`${words.layer}+gzip`, layer)) }), /10,?000 layers, more than 512/],
  ['a layer of a negative size', layered({ size: -1 }), /size/],
  ['a layer of a size beyond numbers', layered({ size: 1e300 }), /size/],
  ['a layer whose size is a word', layered({ size: '1' }), /size/],
  ['a layer said to be shorter', layered({ size: layer.length - 1 }), new RegExp(sha256(layer))],
  ['a layer said to be longer', layered({ size: layer.length + 1 }), new RegExp(sha256(layer))],
  ['a layer said to be empty', layered({ size: 0 }), new RegExp(sha256(layer))],
  ['a foreign layer of Docker', layered({ mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', urls: ['http://127.0.0.1:1/x'] }), /foreign/],
  ['a layer that is not to be distributed', layered({ mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip' }), /distribut|foreign/],
  ['a layer of an unknown kind', layered({ mediaType: 'application/x-squashfs' }), /application\/x-squashfs/],
  ['a layer that is encrypted', layered({ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip+encrypted' }), /encrypted/],
  ['a layer of a kind with control characters', layered({ mediaType: `${escape}evil` }), /\\x1b\[31mevil/],
  ['an artifact that is no image', manifest({ config: { ...describe('application/vnd.cncf.helm.config.v1+json', good.config) } }), /helm/],
  ['an index of nothing', raw(index(), words.index), /latest|platform|no image/],
  ['an index without this platform', raw(index({ ...describe(words.manifest, good.manifest), platform: { os: 'plan9', architecture: 'mips' } }), words.index), new RegExp(`linux/${mine.architecture}`)],
  ['an index whose platforms are of another kind', raw(index({ ...describe(words.manifest, good.manifest), platform: 7 }), words.index), /./],
  ['indexes nested six deep', nested(6), /nested|index/],
  ['an index whose manifest is another', { ...nested(1), [`manifests/${sha256(good.manifest)}`]: page(words.manifest, `${good.manifest} `) }, new RegExp(sha256(good.manifest))],
  ['an index whose manifest is longer than it says', { ...nested(1), 'manifests/latest': page(words.index, index({ ...describe(words.manifest, good.manifest), size: 3, platform: mine })) }, new RegExp(sha256(good.manifest))],
  ['a header with another digest', { ...manifest({}), 'manifests/latest': { headers: { 'content-type': words.manifest, 'docker-content-digest': sha256('other') }, body: good.manifest } }, new RegExp(sha256('other'))],
  ['an error with control characters', { 'manifests/latest': { status: 400, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ errors: [{ code: escape, message: `${escape}two\nlines` }] }) } }, /\\x1b\[31m|400/],
  ['an error of 10 MB', { 'manifests/latest': { status: 400, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ errors: [{ message: 'x'.repeat(10_000_000) }] }) } }, /^.{1,1000}$/],
  ['a redirect to a file', { ...manifest({}), [`blobs/${sha256(layer)}`]: { status: 307, headers: { location: 'file:///etc/passwd' } } }, /redirect|file:/],
  ['a redirect to nowhere', { ...manifest({}), [`blobs/${sha256(layer)}`]: { status: 307 } }, /redirect|Location|location/],
  ['a redirect to nonsense', { ...manifest({}), [`blobs/${sha256(layer)}`]: { status: 307, headers: { location: 'http://[' } } }, /redirect|Location|location/],
  ['a challenge with a file for a realm', { 'manifests/latest': { status: 401, headers: { 'www-authenticate': 'Bearer realm="file:///etc/passwd",service="x"' } } }, /realm|token|file:|login/],
  ['a challenge with an unfinished string', { 'manifests/latest': { status: 401, headers: { 'www-authenticate': 'Bearer realm="http://x' } } }, /./],
  ['a challenge of a kind that nobody knows', { 'manifests/latest': { status: 401, headers: { 'www-authenticate': 'Negotiate' } } }, /./],
  ['a layer that climbs', bad(gzipSync(tar({ name: '../evil', data: 'x' }))), /evil/],
  ['a layer that is no tar', bad(Buffer.from('nonsense '.repeat(200))), /layer|sha256/],
  ['a layer of cut gzip', bad(gzipSync(smallLayer('a', 'b'.repeat(5000))).subarray(0, 40)), /layer|sha256/],
];

let fake: FakeRegistry;
test.before(async () => void (fake = await startFake()));
test.after(() => fake.stop());

test('the image that is changed below is a good one', async () => {
  fake.serve(manifest({}));
  const place = newPlace();
  assert.is(await output(['pull', '-q', `${fake.address}/good`], place), `${fake.address}/good:latest\n`);
  fake.serve(nested(2));
  await output(['pull', '-q', `${fake.address}/nested`], newPlace());
});

for (const [what, pages, says] of cases) {
  test(`pull refuses ${what}`, async () => {
    fake.serve(pages);
    const place = newPlace();
    matches(await failure(['pull', `${fake.address}/hostile`], 1, place), says);
    assert.equal(storeState(place.store), { index: '', blobs: [], layers: [], unfinished: [], partial: [] });
  });
}

test('an index that lies about the platform of an image, where that was asked for', async () => {
  fake.serve({ ...nested(1), 'manifests/latest': page(words.index, index({ ...describe(words.manifest, good.manifest), platform: { os: 'linux', architecture: 's390x' } })), [`manifests/${sha256(good.manifest)}`]: page(words.manifest, good.manifest) });
  const place = newPlace();
  matches(await failure(['pull', '--platform', 'linux/s390x', `${fake.address}/lie`], 1, place), /wanted linux\/s390x, actual linux\//);
  assert.is(storeState(place.store).index, '');
});

test('a name with a digest is that content, or nothing', async () => {
  fake.serve({ ...manifest({}), [`manifests/${sha256('another')}`]: { headers: { 'content-type': words.manifest, 'docker-content-digest': sha256('another') }, body: good.manifest } });
  const place = newPlace();
  for (const tag of ['', ':latest']) {
    matches(await failure(['pull', `${fake.address}/pinned${tag}@${sha256('another')}`], 1, place), new RegExp(sha256(good.manifest)));
  }
  assert.equal(storeState(place.store), { index: '', blobs: [], layers: [], unfinished: [], partial: [] });
});

test('a place that a descriptor names is never asked', async () => {
  const other = await startFake();
  try {
    fake.serve(layered({ urls: [`http://${other.address}/v2/x/blobs/${sha256(layer)}`] }));
    await output(['pull', '-q', `${fake.address}/urls`], newPlace());
    assert.equal(other.asked, []);
  } finally {
    await other.stop();
  }
});

test('lists of tags that never end, lead elsewhere or hold no tags', async () => {
  const other = await startFake();
  try {
    const list = (tags: unknown, link?: string): Pages => ({ ...manifest({}), 'tags/list': { headers: { 'content-type': 'application/json', ...(link === undefined ? {} : { link }) }, body: JSON.stringify({ name: 'x', tags }) } });
    const refused: readonly (readonly [Pages, RegExp])[] = [
      [list(['latest'], '</v2/x/tags/list?n=1&last=latest>; rel="next"'), /./],
      [list(['latest'], `<http://${other.address}/v2/x/tags/list?n=1>; rel="next"`), /./],
      [list(['../../x']), /\.\.\/\.\.\/x|tag/],
      [list([`${escape}x`]), /tag|\\x1b/],
      [list('latest'), /tags/],
      [list([7]), /tags/],
      [{ 'tags/list': { body: `{"name":"x","tags":["${'x'.repeat(5 << 20)}"]}` } }, /4 MiB/],
    ];
    for (const [pages, says] of refused) {
      fake.serve(pages);
      matches(await failure(['pull', '-a', `${fake.address}/x`], 1, newPlace()), says);
      assert.ok(fake.asked.length < 2500, `${fake.asked.length} requests`);
    }
    assert.equal(other.asked, []);
  } finally {
    await other.stop();
  }
});

test.run();
