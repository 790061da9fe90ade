/**
 * Everything that can go wrong between a registry and `skiff pull` or `skiff push`: it works all the same, or one line names what was
 * wrong and the store is as it was.
 * @one-driver
 * @time-limit 600
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { sha256 } from '../make-image.ts';
import { changed, cutAfter, endless, flipped, hangUp, headers, ignoreRange, redirect, slow, stalled, status } from '../registry/faults.ts';
import { closeServer, listen } from '../registry/http.ts';
import { requestsTo, startProxy } from '../registry/proxy.ts';
import type { Proxy, Rule } from '../registry/proxy.ts';
import { failure, matches, newPlace, output, skiff, storeState } from '../registry/run.ts';
import type { Place } from '../registry/run.ts';
import { gzipBusybox, noiseLayer } from '../registry/samples.ts';
import { startRegistry } from '../registry/server.ts';
import type { TestRegistry } from '../registry/server.ts';
import { makeImage, types, uploadImage } from '../registry/upload.ts';

const layer = noiseLayer('noise', 1 << 20);
const parts = { layers: [gzipBusybox(), layer], config: { Cmd: ['echo', 'whole'] } };
const made = makeImage(parts);
const digests = { layer: sha256(layer), config: sha256(made.config), manifest: sha256(made.manifest) };
const blob = new RegExp(`blobs/${digests.layer}$`);
const config = new RegExp(`blobs/${digests.config}$`);
const manifest = /manifests\/latest$/;

let registry: TestRegistry;
let proxy: Proxy;
let name: string;

test.before(async () => {
  registry = await startRegistry();
  proxy = await startProxy(registry.address);
  name = `${proxy.address}/faulty`;
  await uploadImage(registry.address, 'faulty:latest', parts);
});
test.after(async () => {
  await proxy.stop();
  await registry.stop();
});

const slowEnough = { timeout: 150000 };

const pulls = async (place: Place): Promise<void> => {
  matches(await output(['pull', name], { ...place, ...slowEnough }), new RegExp(`Digest: ${digests.manifest}\n`));
  assert.is(await output(['run', '--rm', '--network', 'none', name], place), 'whole\n');
  const { unfinished, partial } = storeState(place.store);
  assert.equal([unfinished, partial], [[], []]);
};

const retryAfter = { 'retry-after': '1' };

/** What a client gets over by asking again. */
const mended: readonly (readonly [what: string, rules: readonly Rule[]])[] = [
  ['a layer cut once', [{ path: blob, fault: cutAfter(300_000), times: 1 }]],
  ['a layer cut seven times, each a little further', [{ path: blob, fault: cutAfter(100_000), times: 7 }]],
  ['a layer cut before its first byte', [{ path: blob, fault: cutAfter(0), times: 2 }]],
  ['a connection that is closed instead of an answer', [{ path: /./, fault: hangUp, times: 1 }]],
  ['a configuration cut', [{ path: config, fault: cutAfter(20), times: 1 }]],
  ['a manifest cut', [{ path: manifest, fault: cutAfter(20), times: 1 }]],
  ['429 with Retry-After for a manifest', [{ path: manifest, fault: status(429, retryAfter), times: 1 }]],
  ['429 with Retry-After for a layer', [{ path: blob, fault: status(429, retryAfter), times: 2 }]],
  ['429 without it', [{ path: blob, fault: status(429), times: 1 }]],
  ['500 for a manifest', [{ path: manifest, fault: status(500), times: 2 }]],
  ['502 for a layer', [{ path: blob, fault: status(502), times: 2 }]],
  ['503 with Retry-After for a configuration', [{ path: config, fault: status(503, retryAfter), times: 1 }]],
  ['a slow layer', [{ path: blob, fault: slow(500_000) }]],
  ['a layer without its length', [{ path: blob, fault: changed((body) => body, 'none') }]],
  ['a manifest without its length', [{ path: manifest, fault: changed((body) => body, 'none') }]],
  ['a manifest without Docker-Content-Digest', [{ path: manifest, fault: headers({ 'docker-content-digest': undefined }) }]],
  ['a registry without ranges, and a cut', [{ path: blob, fault: cutAfter(300_000), times: 1 }, { path: blob, fault: ignoreRange }]],
];

for (const [what, rules] of mended) {
  test(`gets over ${what}`, async () => {
    proxy.use(...rules);
    await pulls(newPlace());
  });
}

test('Retry-After is waited for', async () => {
  proxy.use({ path: blob, fault: status(429, { 'retry-after': '2' }), times: 1 });
  const began = Date.now();
  await pulls(newPlace());
  assert.ok(Date.now() - began >= 2000, `${Date.now() - began} ms`);
});

test('after a cut only the rest is asked for', async () => {
  proxy.use({ path: blob, fault: cutAfter(700_000), times: 1 });
  await pulls(newPlace());
  const ranges = requestsTo(proxy, blob).map((request) => request.headers.range);
  assert.equal([ranges.length, ranges[0]], [2, undefined]);
  matches(ranges[1] ?? '', /^bytes=[1-9]\d*-/);
  assert.ok(Number(/\d+/.exec(ranges[1] ?? '')?.[0]) <= 700_000);
});

const zeros = { bytes: 0 };
const otherType = { 'content-type': types.oci.index };
const bothKinds = JSON.stringify({ ...JSON.parse(made.manifest), manifests: [] });

/** What no client may believe; the words must be on the line. */
const refused: readonly (readonly [what: string, rules: readonly Rule[], words: RegExp])[] = [
  ['a layer with a wrong byte', [{ path: blob, fault: flipped }], new RegExp(digests.layer)],
  ['a layer that is another one', [{ path: blob, fault: changed(() => Buffer.alloc(layer.length, 7)) }], new RegExp(digests.layer)],
  ['a layer that is too short', [{ path: blob, fault: changed((body) => body.subarray(0, 1000)) }], new RegExp(digests.layer)],
  ['a layer with a byte too many', [{ path: blob, fault: changed((body) => Buffer.concat([body, Buffer.from('x')])) }], new RegExp(digests.layer)],
  ['a layer without an end', [{ path: blob, fault: endless(zeros) }], new RegExp(digests.layer)],
  ['a layer that is empty', [{ path: blob, fault: changed(() => Buffer.alloc(0)) }], new RegExp(digests.layer)],
  ['a layer always cut at the same byte', [{ path: blob, fault: cutAfter(0) }], new RegExp(digests.layer)],
  ['a layer whose rest is another range', [{ path: blob, fault: cutAfter(300_000), times: 1 }, { path: blob, fault: headers({ 'content-range': `bytes 0-${layer.length - 1}/${layer.length}` }) }], new RegExp(digests.layer)],
  ['a layer that is not there', [{ path: blob, fault: status(404, {}, '{"errors":[{"code":"BLOB_UNKNOWN"}]}') }], new RegExp(digests.layer)],
  ['500 for a layer, always', [{ path: blob, fault: status(500) }], new RegExp(`${digests.layer}|500`)],
  ['a configuration with a wrong byte', [{ path: config, fault: flipped }], new RegExp(digests.config)],
  ['a configuration that is too long', [{ path: config, fault: changed((body) => Buffer.concat([body, Buffer.from(' ')])) }], new RegExp(digests.config)],
  ['a configuration without an end', [{ path: config, fault: endless({ bytes: 0 }) }], new RegExp(digests.config)],
  ['a manifest whose digest is said to be another', [{ path: manifest, fault: headers({ 'docker-content-digest': sha256('other') }) }], new RegExp(`${sha256('other')}.*${digests.manifest}|${digests.manifest}.*${sha256('other')}`)],
  ['a manifest that is no JSON', [{ path: manifest, fault: changed(() => Buffer.from('<html>')) }], /faulty/],
  ['a manifest of 5 MiB', [{ path: manifest, fault: changed(() => Buffer.alloc(5 << 20, ' ')) }], /4 MiB/],
  ['a manifest without an end', [{ path: manifest, fault: endless({ bytes: 0 }) }], /4 MiB/],
  ['a manifest that calls itself an index', [{ path: manifest, fault: headers(otherType) }], /faulty|manifest|index/],
  ['a manifest that is an index too', [{ path: manifest, fault: async (_, response) => void response.writeHead(200, { 'content-type': types.oci.manifest }).end(bothKinds) }], /refusing/],
  ['500 for a manifest, always, with words of its own', [{ path: manifest, fault: status(500, {}, '{"errors":[{"code":"UNKNOWN","message":"\\u001b[31mred\\nline"}]}') }], /500|\\x1b/],
];

for (const [what, rules, words] of refused) {
  test(`refuses ${what}`, async () => {
    const place = newPlace();
    proxy.use(...rules);
    matches(await failure(['pull', name], 1, { ...place, ...slowEnough }), words);
    const { index, blobs, layers, unfinished, partial } = storeState(place.store);
    assert.equal({ index, blobs, layers, unfinished }, { index: '', blobs: [], layers: [], unfinished: [] });
    // A part that may still be right is kept for the next time, a whole that is wrong is not.
    const mayBeRight = /cut at the same|not there|500|another range/.test(what);
    assert.equal(mayBeRight ? [] : partial.filter((hex) => digests.layer.endsWith(hex)), []);
    proxy.use();
    await pulls(place);
  });
}

test('of a layer without an end no more was read than it may have', () => {
  assert.ok(zeros.bytes < 64 << 20, `${zeros.bytes} bytes`);
});

test('blobs at another host are fetched, and credentials do not follow', async () => {
  const [user, password] = ['somebody', 'secret words'];
  const locked = await startRegistry({ user: [user, password] });
  const front = await startProxy(locked.address);
  const seen: IncomingHttpHeaders[] = [];
  const blobs = createServer((request, response) => {
    seen.push(request.headers);
    const wanted = [...parts.layers, Buffer.from(made.config)].find((one) => request.url?.endsWith(sha256(one)) === true);
    response.writeHead(wanted === undefined ? 404 : 200).end(wanted);
  });
  const port = await listen(blobs);
  try {
    const place = newPlace();
    assert.is((await skiff(['login', '-u', user, '--password-stdin', front.address], { ...place, input: password })).status, 0);
    await output(['pull', '-q', name], place);
    await output(['tag', name, `${front.address}/private`], place);
    await output(['push', '-q', `${front.address}/private`], place);
    for (const code of [307, 302]) {
      front.use({ path: /blobs\/sha256/, fault: redirect(`http://127.0.0.1:${port}`, code) });
      await output(['pull', '-q', `${front.address}/private`], { env: { ...newPlace().env, DOCKER_CONFIG: place.dockerConfig } });
      assert.ok(requestsTo(front, /blobs\/sha256/).some(({ headers: sent }) => sent.authorization !== undefined), 'the registry itself was given the credentials');
    }
    assert.is(seen.length, 6);
    assert.equal(seen.filter((one) => one.authorization !== undefined || one.cookie !== undefined), []);
    assert.equal(seen.map(({ host }) => host), seen.map(() => `127.0.0.1:${port}`));
  } finally {
    await closeServer(blobs);
    await front.stop();
    await locked.stop();
  }
});

test('redirects without an end are given up', async () => {
  proxy.use({ path: blob, fault: redirect(`http://${proxy.address}`) });
  const place = newPlace();
  matches(await failure(['pull', name], 1, { ...place, ...slowEnough }), /redirect/);
  assert.ok(requestsTo(proxy, blob).length < 50, `${requestsTo(proxy, blob).length} requests`);
});

test('a push gets over 429, 500 and a cut, and what was pushed is right', async () => {
  const place = newPlace();
  proxy.use();
  await output(['pull', '-q', name], place);
  const faults: readonly (readonly [string, readonly Rule[]])[] = [
    ['429', [{ method: 'POST', path: /uploads/, fault: async (request, ...rest) => (request.resume(), status(429, retryAfter)(request, ...rest)), times: 1 }]],
    ['500', [{ method: 'PUT', path: /./, fault: async (request, ...rest) => (request.resume(), status(500)(request, ...rest)), times: 1 }]],
    ['hang', [{ method: 'PATCH', path: /./, fault: hangUp, times: 1 }, { method: 'PUT', path: /./, fault: hangUp, times: 1 }]],
  ];
  for (const [tag, rules] of faults) {
    const target = `${proxy.address}/pushed-${tag}`;
    await output(['tag', name, target], place);
    proxy.use(...rules);
    matches(await output(['push', target], { ...place, ...slowEnough }), new RegExp(`latest: digest: ${digests.manifest} size: ${made.manifest.length}\n$`));
    proxy.use();
    await output(['pull', '-q', target], newPlace());
  }
});

test('a push that cannot succeed says so in one line', async () => {
  const place = newPlace();
  proxy.use();
  await output(['pull', '-q', name], place);
  const target = `${proxy.address}/never`;
  await output(['tag', name, target], place);
  const before = storeState(place.store);
  for (const [code, words] of [[403, /never/], [500, /500|a fault of the test/], [413, /413|a fault of the test/]] as const) {
    proxy.use(...['POST', 'PUT', 'PATCH'].map((method): Rule => ({ method, path: /./, fault: async (request, ...rest) => (request.resume(), status(code)(request, ...rest)) })));
    matches(await failure(['push', target], 1, { ...place, ...slowEnough }), words);
  }
  assert.equal(storeState(place.store), before);
});

test('a layer that has stalled does not hold up the failure of another', async () => {
  const other = new RegExp(`blobs/${sha256(parts.layers[0] ?? '')}$`);
  for (const bytes of [0, 50_000]) {
    const place = newPlace();
    proxy.use({ path: other, fault: stalled(bytes) }, { path: blob, fault: status(403) });
    matches(await failure(['pull', name], 1, { ...place, timeout: 20000 }), /a fault of the test/);
  }
});

test.run();
