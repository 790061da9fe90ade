/**
 * `skiff push` to a real registry.
 * @one-driver
 * @also-on-node
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../make-image.ts';
import { late } from '../registry/faults.ts';
import { requestsTo, startProxy } from '../registry/proxy.ts';
import type { Proxy } from '../registry/proxy.ts';
import { failure, matches, newPlace, output, outputOf } from '../registry/run.ts';
import type { Place } from '../registry/run.ts';
import { gzipBusybox, gzipLayer, noiseLayer, plainBusybox, zstd } from '../registry/samples.ts';
import { startRegistry } from '../registry/server.ts';
import type { TestRegistry } from '../registry/server.ts';
import { lookUp, makeImage, uploadImage } from '../registry/upload.ts';
import { ociArchive, smallLayer } from '../make-image.ts';
import { scratch, testImages } from './skiff.ts';

const layers = [gzipBusybox(), gzipLayer('etc/which', 'pushed')];
const parts = { layers, config: { Cmd: ['cat', '/etc/which'] } };
const made = makeImage(parts);

let registry: TestRegistry;
let proxy: Proxy;
/** A store that has the image as `source`. */
let place: Place;
let source: string;

test.before(async () => {
  registry = await startRegistry();
  proxy = await startProxy(registry.address);
  source = `${proxy.address}/source`;
  await uploadImage(registry.address, 'source:latest', parts);
});
test.before.each(async () => {
  place = newPlace();
  proxy.use();
  await output(['pull', '-q', source], place);
  proxy.use();
});
test.after(async () => {
  await proxy.stop();
  await registry.stop();
});

const tagged = async (name: string, from = source): Promise<string> => {
  const target = `${proxy.address}/${name}`;
  await output(['tag', from, target], place);
  return target;
};

const short = (data: Buffer): string => sha256(data).slice(7, 19);
const uploads = (): number => requestsTo(proxy, /uploads/, 'POST').length;
const digestAt = async (target: string): Promise<string> => (await outputOf(['skopeo', 'inspect', '--tls-verify=false', '--format', '{{.Digest}}', `docker://${target}`])).trim();

/** An image from an archive, which no registry has, under this name. */
const loaded = async (name: string, ...blobs: readonly Buffer[]): Promise<string> => {
  const target = `${proxy.address}/${name}`;
  const archive = join(scratch(), 'image.tar');
  writeFileSync(archive, ociArchive({ layers: blobs, names: [`${target}:latest`], config: { Cmd: ['true'] }}));
  await output(['load', '-q', '-i', archive], place);
  return target;
};

test('to an empty registry: Docker\'s lines, and what comes back is the same', async () => {
  const empty = await startRegistry();
  try {
    const target = `${empty.address}/deep/er/name`;
    await output(['tag', source, target], place);
    const text = await output(['push', target], place);
    const lines = text.split('\n');
    assert.equal(lines.slice(0, 2), ['Using default tag: latest', `The push refers to repository [${target}]`]);
    for (const layer of layers) assert.ok(lines.includes(`${short(layer)}: Pushed`), text);
    assert.is(lines.at(-2), `latest: digest: ${sha256(made.manifest)} size: ${made.manifest.length}`);
    assert.not.match(text, /[\u001b\r]/);
    assert.is(await digestAt(target), sha256(made.manifest));
    assert.is(await lookUp(empty.address, 'deep/er/name/manifests/latest'), made.manifest);
    const other = newPlace();
    await output(['pull', '-q', target], other);
    assert.is(await output(['run', '--rm', '--network', 'none', target], other), 'pushed');
  } finally {
    await empty.stop();
  }
});

test('again: every layer exists already, nothing is sent', async () => {
  const target = await tagged('again');
  await output(['push', '-q', target], place);
  proxy.use();
  const text = await output(['push', target], place);
  for (const layer of layers) matches(text, new RegExp(`^${short(layer)}: Layer already exists$`, 'm'));
  matches(text, new RegExp(`\nlatest: digest: ${sha256(made.manifest)} size: ${made.manifest.length}\n$`));
  assert.is(uploads(), 0);
});

test('-q says the name alone; a tag is pushed under that tag; a digest is refused', async () => {
  const target = await tagged('quiet:v1');
  assert.is(await output(['push', '-q', target], place), `${target}\n`);
  assert.is(await digestAt(target), sha256(made.manifest));
  matches(await failure(['push', `${proxy.address}/quiet`], 1, place), /An image does not exist locally with the tag: .*quiet/);
  matches(await failure(['push', `${proxy.address}/quiet@${sha256('x')}`], 125, place), /digest/);
  assert.is(await output(['image', 'push', '-q', target], place), `${target}\n`);
});

test('-a pushes every tag of the repository; a tag with it is refused', async () => {
  await tagged('all:one');
  await tagged('all:two');
  const text = await output(['push', '-a', `${proxy.address}/all`], place);
  for (const tag of ['one', 'two']) matches(text, new RegExp(`^${tag}: digest: ${sha256(made.manifest)}`, 'm'));
  assert.equal(JSON.parse(await lookUp(registry.address, 'all/tags/list')).tags.sort(), ['one', 'two']);
  matches(await failure(['push', '-a', `${proxy.address}/all:one`], 125, place), /tag/);
  matches(await failure(['push', '-a', `${proxy.address}/none-of-these`], 1, place), /none-of-these/);
});

test('layers that another repository there has are mounted, not sent', async () => {
  const text = await output(['push', await tagged('mounted')], place);
  for (const layer of layers) matches(text, new RegExp(`^${short(layer)}: Mounted from source$`, 'm'));
  assert.is(requestsTo(proxy, new RegExp(`uploads/\\?.*from=source`), 'POST').length >= layers.length, true);
  assert.equal(requestsTo(proxy, /uploads\/[^?]/, 'PATCH').filter(({ headers }) => Number(headers['content-length'] ?? 0) > 10_000), []);
});

test('plain and zstd layers are pushed as they are', async () => {
  const file = smallLayer('etc/x', 'x');
  const archive = join(scratch(), 'image.tar');
  const target = `${proxy.address}/kinds`;
  writeFileSync(archive, ociArchive({ layers: [plainBusybox(), zstd(file)], diffIds: [sha256(plainBusybox()), sha256(file)], names: [`${target}:latest`], config: { Cmd: ['cat', '/etc/x'] } }));
  await output(['load', '-q', '-i', archive], place);
  const text = await output(['push', target], place);
  const digest = /digest: (sha256:[0-9a-f]{64})/.exec(text)?.[1];
  assert.is(await digestAt(target), digest);
  const other = newPlace();
  matches(await output(['pull', target], other), new RegExp(`Digest: ${digest}`));
  assert.is(await output(['run', '--rm', '--network', 'none', target], other), 'x');
});

test('an image that was imported', async () => {
  const target = `${proxy.address}/imported`;
  await output(['import', join(testImages, 'busybox.tar'), target], place);
  await output(['push', '-q', target], place);
  const other = newPlace();
  await output(['pull', '-q', target], other);
  assert.is(await output(['run', '--rm', '--network', 'none', target, 'echo', 'back'], other), 'back\n');
});

test('the same layer twice is sent once, and layers go several at a time', async () => {
  const noise = Array.from({ length: 6 }, (_, position) => noiseLayer(`n${position}`, 2000));
  const target = await loaded('wide', ...noise, noise[0] as Buffer);
  let now = 0;
  let peak = 0;
  proxy.use({
    method: 'POST',
    path: /uploads/,
    fault: async (request, response, upstream) => {
      peak = Math.max(peak, ++now);
      await late(300)(request, response, upstream);
      now -= 1;
    },
  });
  await output(['push', '-q', target], place);
  assert.is(peak, 5);
  assert.is(uploads(), 7);
});

test('a damaged blob of the store is found, named, and no name points at it over there', async () => {
  const target = await tagged('damaged');
  const path = join(place.store, 'images/blobs/sha256', sha256(layers[1] as Buffer).slice(7));
  const bytes = readFileSync(path);
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  const empty = await startRegistry();
  try {
    await output(['tag', target, `${empty.address}/damaged`], place);
    matches(await failure(['push', `${empty.address}/damaged`], 1, place), new RegExp(sha256(layers[1] as Buffer).slice(7)));
    // The registry answers 404 where a repository has no tag.
    assert.is(await lookUp(empty.address, 'damaged/manifests/latest').catch(() => 'no manifest'), 'no manifest');
  } finally {
    await empty.stop();
  }
});

test('what is not there, and where nobody is', async () => {
  matches(await failure(['push', `${proxy.address}/nowhere:x`], 1, place), /An image does not exist locally with the tag: .*nowhere/);
  const gone = await startRegistry();
  await gone.stop();
  await output(['tag', source, `${gone.address}/x`], place);
  matches(await failure(['push', `${gone.address}/x`], 1, place), new RegExp(gone.address));
});

test.run();
