/**
 * `skiff pull`, and `skiff run` of what is not there, against a real registry.
 * @one-driver
 * @also-on-node
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { configOf, sha256, smallLayer } from '../make-image.ts';
import { startProxy, requestsTo } from '../registry/proxy.ts';
import type { Proxy } from '../registry/proxy.ts';
import { cutAfter, late, slow } from '../registry/faults.ts';
import { failure, matches, newPlace, output, skiff, storeState } from '../registry/run.ts';
import type { Place } from '../registry/run.ts';
import { gzipBusybox, gzipLayer, noiseLayer, plainBusybox, zstd } from '../registry/samples.ts';
import { startRegistry } from '../registry/server.ts';
import type { TestRegistry } from '../registry/server.ts';
import { uploadImage, uploadIndex } from '../registry/upload.ts';
import type { Descriptor } from '../registry/upload.ts';

let registry: TestRegistry;
let proxy: Proxy;
/** What most tests pull: busybox and a layer that says `first`. */
let first: Descriptor;
const firstParts = { layers: [gzipBusybox(), gzipLayer('etc/which', 'first')], config: { Cmd: ['cat', '/etc/which'] } };
const firstId = sha256(configOf(firstParts));

test.before(async () => {
  registry = await startRegistry();
  proxy = await startProxy(registry.address);
  first = await uploadImage(registry.address, 'first:latest', firstParts);
  await uploadImage(registry.address, 'first:again', firstParts);
});
test.before.each(() => proxy.use());
test.after(async () => {
  await proxy.stop();
  await registry.stop();
});

const bare = ['run', '--rm', '--network', 'none'] as const;
const imagesIn = (place: Place): Promise<string> => output(['images', '--no-trunc', '--format', '{{.Repository}}:{{.Tag}} {{.ID}}'], place);
const first12 = (digest: string): string => digest.slice(7, 19);

test('by tag: the lines are those of Docker, and the image runs', async () => {
  const place = newPlace();
  const name = `${proxy.address}/first:again`;
  const text = await output(['pull', name], place);
  const lines = text.split('\n');
  assert.is(lines[0], 'again: Pulling from first');
  for (const layer of firstParts.layers) assert.ok(lines.includes(`${first12(sha256(layer))}: Pull complete`), text);
  assert.equal(lines.slice(-4), [`Digest: ${first.digest}`, `Status: Downloaded newer image for ${name}`, name, '']);
  assert.not.match(text, /[\u001b\r]/);
  assert.is(await imagesIn(place), `${proxy.address}/first:again ${firstId}\n`);
  assert.is(await output([...bare, name], place), 'first');
  assert.is(requestsTo(proxy, /blobs/).length, 3);
});

test('a second pull is up to date and asks for nothing but the manifest', async () => {
  const place = newPlace();
  const name = `${proxy.address}/first:latest`;
  await output(['pull', '-q', name], place);
  const before = storeState(place.store);
  proxy.use();
  const text = await output(['pull', name], place);
  matches(text, new RegExp(`\nDigest: ${first.digest}\nStatus: Image is up to date for ${name}\n${name}\n$`));
  assert.equal(requestsTo(proxy, /blobs/).map(({ url }) => url), []);
  assert.equal(storeState(place.store), before);
});

test('without a tag it says which one it takes; -q says the name alone', async () => {
  const place = newPlace();
  matches(await output(['pull', `${proxy.address}/first`], place), /^Using default tag: latest\nlatest: Pulling from first\n/);
  assert.is(await output(['pull', '-q', `${proxy.address}/first`], place), `${proxy.address}/first:latest\n`);
  assert.is(await output(['image', 'pull', '--quiet', `${proxy.address}/first:again`], place), `${proxy.address}/first:again\n`);
});

test('by digest: verified, and stored without a tag', async () => {
  const place = newPlace();
  const name = `${proxy.address}/first@${first.digest}`;
  const text = await output(['pull', name], place);
  matches(text, new RegExp(`^${proxy.address}/first@${first.digest}: Pulling from first\n`));
  matches(text, new RegExp(`Digest: ${first.digest}\nStatus: Downloaded newer image for ${name}\n${name}\n$`));
  assert.is(await output(['images', '--digests', '--format', '{{.Repository}} {{.Tag}} {{.Digest}}'], place), `${proxy.address}/first <none> ${first.digest}\n`);
  assert.is(await output([...bare, name], place), 'first');
  // With both, the digest decides.
  matches(await output(['pull', `${proxy.address}/first:latest@${first.digest}`], place), new RegExp(`Digest: ${first.digest}\n`));
});

test('what the registry does not have: one line, exit code 1, no trace', async () => {
  const place = newPlace();
  await output(['pull', '-q', `${proxy.address}/first`], place);
  const before = storeState(place.store);
  matches(await failure(['pull', `${proxy.address}/first:nope`], 1, place), /manifest for .*first:nope not found/);
  matches(await failure(['pull', `${proxy.address}/first@${sha256('nope')}`], 1, place), new RegExp(`${sha256('nope')}.* not found`));
  matches(await failure(['pull', `${proxy.address}/nothing/here`], 1, place), /nothing\/here/);
  assert.equal(storeState(place.store), before);
});

test('names that are none, and a registry that is none', async () => {
  const place = newPlace();
  for (const name of ['upper/Case', 'x:', '-', 'a//b', 'x@sha256:12']) matches(await failure(['pull', '--', name], 125, place), /./);
  const gone = await startRegistry();
  await gone.stop();
  matches(await failure(['pull', `${gone.address}/x`], 1, place), new RegExp(gone.address));
});

test('-a pulls every tag; a tag with it is refused', async () => {
  const place = newPlace();
  const text = await output(['pull', '-a', `${proxy.address}/first`], place);
  matches(text, /^(again|latest): Pulling from first\n/);
  assert.equal((await imagesIn(place)).trim().split('\n').sort(), ['again', 'latest'].map((tag) => `${proxy.address}/first:${tag} ${firstId}`));
  for (const layer of firstParts.layers) assert.is(requestsTo(proxy, new RegExp(sha256(layer))).length, 1);
  matches(await failure(['pull', '-a', `${proxy.address}/first:latest`], 125, place), /tag/);
});

test('schema 2 and OCI, with gzip, zstd and plain layers', async () => {
  const place = newPlace();
  for (const dialect of ['oci', 'docker'] as const) {
    const layers = [plainBusybox(), gzipLayer('etc/a', 'gzip '), zstd(smallLayer('etc/b', 'zstd '))];
    const diffIds = [plainBusybox(), smallLayer('etc/a', 'gzip '), smallLayer('etc/b', 'zstd ')].map(sha256);
    const stored = await uploadImage(registry.address, `kinds:${dialect}`, { layers, diffIds, config: { Cmd: ['cat', '/etc/a', '/etc/b'] } }, dialect);
    matches(await output(['pull', `${proxy.address}/kinds:${dialect}`], place), new RegExp(`Digest: ${stored.digest}\n`));
    assert.is(await output([...bare, `${proxy.address}/kinds:${dialect}`], place), 'gzip zstd ');
  }
});

const platforms = [
  { os: 'linux', architecture: process.arch === 'arm64' ? 'arm64' : 'amd64' },
  { os: 'linux', architecture: 'arm', variant: 'v6' },
  { os: 'linux', architecture: 'arm', variant: 'v7' },
  { os: 'linux', architecture: 'riscv64' },
] as const;

for (const dialect of ['oci', 'docker'] as const) {
  test(`an index of ${dialect}: this machine's image, or the one of --platform`, async () => {
    const images = platforms.map((platform) => ({ platform, layers: [gzipBusybox(), gzipLayer('etc/for', JSON.stringify(platform))], config: { Cmd: ['cat', '/etc/for'] } }));
    const index = await uploadIndex(registry.address, `many:${dialect}`, images, dialect);
    const name = `${proxy.address}/many:${dialect}`;
    const place = newPlace();
    matches(await output(['pull', name], place), new RegExp(`Digest: ${index.digest}\n`));
    assert.is(await output([...bare, name], place), JSON.stringify(platforms[0]));
    // What no other platform needs was not fetched.
    assert.is(requestsTo(proxy, /blobs/).length, 3);
    assert.is(await output(['images', '--digests', '--format', '{{.Digest}}'], place), `${index.digest}\n`);
    for (const [words, position] of [['linux/arm/v6', 1], ['linux/arm/v7', 2], ['linux/arm', 2], ['riscv64', 3]] as const) {
      await output(['pull', '-q', '--platform', words, name], place);
      matches(await imagesIn(place), new RegExp(`${name} ${sha256(configOf(images[position] as (typeof images)[number]))}`), words);
    }
    matches(await failure(['pull', '--platform', 'linux/s390x', name], 1, place), /linux\/s390x/);
    // The index's digest names the same choice.
    matches(await output(['pull', `${proxy.address}/many@${index.digest}`], place), new RegExp(`Digest: ${index.digest}\n`));
  });
}

test('run pulls what is missing and says so on standard error only', async () => {
  const place = newPlace();
  const { status, stdout, stderr } = await skiff([...bare, `${proxy.address}/first`], place);
  assert.equal({ status, stdout }, { status: 0, stdout: 'first' });
  matches(stderr, new RegExp(`^Unable to find image '${proxy.address}/first:latest' locally\nlatest: Pulling from first\n`));
  matches(stderr, new RegExp(`Status: Downloaded newer image for ${proxy.address}/first:latest\n`));
  proxy.use();
  assert.equal(await skiff([...bare, `${proxy.address}/first`], place), { status: 0, stdout: 'first', stderr: '' });
  assert.equal(proxy.requests, []);
});

test('run pulls an image that is only to be mounted, too', async () => {
  const place = newPlace();
  const words = ['--mount', `type=image,source=${proxy.address}/first:again,target=/m`, `${proxy.address}/first`];
  matches(await failure([...bare, '--pull', 'never', ...words], 125, place), /no such image/);
  const { status, stdout, stderr } = await skiff([...bare, ...words], place);
  assert.equal({ status, stdout }, { status: 0, stdout: 'first' });
  matches(stderr, new RegExp(`^Unable to find image '${proxy.address}/first:latest' locally\n[^]*\nUnable to find image '${proxy.address}/first:again' locally\n`));
  assert.equal(await skiff([...bare, ...words], place), { status: 0, stdout: 'first', stderr: '' });
});

test('run --pull never, missing and always', async () => {
  const place = newPlace();
  const name = `${proxy.address}/moving:latest`;
  const put = (text: string): Promise<Descriptor> => uploadImage(registry.address, 'moving:latest', { layers: [gzipBusybox(), gzipLayer('etc/which', text)], config: { Cmd: ['cat', '/etc/which'] } });
  await put('old');
  matches(await failure([...bare, '--pull', 'never', name], 125, place), /moving/);
  assert.equal(proxy.requests, []);
  assert.is((await skiff([...bare, '--pull', 'missing', name], place)).stdout, 'old');
  await put('new');
  assert.is((await skiff([...bare, '--pull', 'missing', name], place)).stdout, 'old');
  assert.is((await skiff([...bare, '--pull=always', name], place)).stdout, 'new');
  assert.is((await skiff([...bare, '--pull', 'never', name], place)).stdout, 'new');
  matches(await failure([...bare, '--pull', 'sometimes', name], 125, place), /sometimes/);
  // The image that lost its tag is there still, under its digest.
  assert.equal((await output(['images', '--format', '{{.Repository}}:{{.Tag}}'], place)).trim().split('\n').sort(), [`${proxy.address}/moving:<none>`, name]);
});

test('run of what cannot be pulled: exit code 125, and no container', async () => {
  const place = newPlace();
  const { status, stdout, stderr } = await skiff([...bare, `${proxy.address}/first:nope`], place);
  assert.equal([status, stdout], [125, '']);
  matches(stderr, /\nskiff: [^\n]*first:nope[^\n]*\n$/);
  assert.is(await output(['ps', '-aq'], place), '');
});

test('a pull that was cut for good goes on where it was', async () => {
  const layer = noiseLayer('noise', 3 << 20);
  await uploadImage(registry.address, 'cut:latest', { layers: [layer] });
  const blob = new RegExp(`blobs/${sha256(layer)}`);
  const place = newPlace();
  proxy.use({ path: blob, fault: cutAfter(2 << 20), times: 1 }, { path: blob, fault: cutAfter(0) });
  matches(await failure(['pull', `${proxy.address}/cut`], 1, { ...place, timeout: 120000 }), new RegExp(sha256(layer)));
  assert.equal(storeState(place.store).partial, [sha256(layer).slice(7)]);
  proxy.use();
  matches(await output(['pull', `${proxy.address}/cut`], place), /Status: Downloaded newer image/);
  const ranges = requestsTo(proxy, blob).map(({ headers }) => headers.range);
  assert.is(ranges.length, 1);
  matches(ranges[0] ?? 'no range', /^bytes=[1-9]\d+-/);
  assert.ok(Number(/\d+/.exec(ranges[0] ?? '')?.[0]) > 1 << 20, ranges[0]);
  assert.equal(storeState(place.store).partial, []);
});

test('two pulls of one image at once download each blob once, and both succeed', async () => {
  const layers = [gzipBusybox(), noiseLayer('a', 500_000), noiseLayer('b', 500_000)];
  const stored = await uploadImage(registry.address, 'twice:latest', { layers, config: { Cmd: ['echo', 'both'] } });
  const place = newPlace();
  proxy.use({ path: /blobs/, fault: slow(1_000_000) });
  const name = `${proxy.address}/twice`;
  const texts = await Promise.all([output(['pull', name], place), output(['pull', name], place)]);
  for (const text of texts) matches(text, new RegExp(`Digest: ${stored.digest}\nStatus: `));
  const urls = requestsTo(proxy, /blobs/).map(({ url }) => url);
  for (const layer of layers) assert.is(urls.filter((url) => url.endsWith(sha256(layer))).length, 1, urls.join('\n'));
  assert.is(await output([...bare, name], place), 'both\n');
  assert.equal([storeState(place.store).unfinished, storeState(place.store).partial], [[], []]);
});

test('pulls of images that share layers in the opposite order wait for nobody for ever', async () => {
  const layers = [gzipBusybox(), noiseLayer('a', 300_000), noiseLayer('b', 300_000), noiseLayer('c', 300_000)];
  await uploadImage(registry.address, 'order:forth', { layers });
  await uploadImage(registry.address, 'order:back', { layers: [...layers].reverse() });
  const place = newPlace('parallel-downloads: 1\n');
  proxy.use({ path: /blobs/, fault: slow(2_000_000) });
  await Promise.all(['forth', 'back', 'forth', 'back'].map((tag) => output(['pull', '-q', `${proxy.address}/order:${tag}`], place)));
  const urls = requestsTo(proxy, /blobs/).map(({ url }) => url);
  for (const layer of layers) assert.is(urls.filter((url) => url.endsWith(sha256(layer))).length, 1, urls.join('\n'));
  assert.is(storeState(place.store).layers.length, 4);
});

test('layers come several at a time, as many as the settings say', async () => {
  const layers = Array.from({ length: 6 }, (_, position) => noiseLayer(`layer${position}`, 1000));
  await uploadImage(registry.address, 'wide:latest', { layers });
  for (const [settings, most] of [['', 3], ['parallel-downloads: 1\n', 1], ['parallel-downloads: 6\n', 6]] as const) {
    let now = 0;
    let peak = 0;
    proxy.use({
      path: /blobs/,
      fault: async (request, response, upstream) => {
        peak = Math.max(peak, ++now);
        await late(300)(request, response, upstream);
        now -= 1;
      },
    });
    await output(['pull', '-q', `${proxy.address}/wide`], newPlace(settings));
    assert.is(peak, most, settings);
  }
});

test('a layer that another image brought is not fetched again', async () => {
  const place = newPlace();
  await output(['pull', '-q', `${proxy.address}/first`], place);
  await uploadImage(registry.address, 'second:latest', { layers: [...firstParts.layers, gzipLayer('etc/more', 'x')] });
  proxy.use();
  const text = await output(['pull', `${proxy.address}/second`], place);
  for (const layer of firstParts.layers) matches(text, new RegExp(`^${first12(sha256(layer))}: Already exists$`, 'm'));
  assert.is(requestsTo(proxy, /blobs/).length, 2);
});

test.run();
