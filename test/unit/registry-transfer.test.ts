import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { mediaTypes } from '../../src/core/oci-image.ts';
import { collect, digestOf, failureOf, layerOf, withRegistry, withServer } from './registry-support.ts';
import type { Handler } from './registry-support.ts';

const bytes = Buffer.alloc(300_000, 'skiff');
const layer = layerOf(bytes);
const manifest = JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociManifest, config: layer, layers: [] });

/** A 404 to the search for https and for everything else that a handler leaves. */
const orMissing = (handler: (path: string, response: ServerResponse, range: number) => boolean): Handler => (request, response) => {
  const range = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (!handler(request.url ?? '', response, range)) response.writeHead(404).end('{"errors":[{"code":"X_UNKNOWN"}]}');
};

const blobFrom = (host: string, from = 0, options = {}): Promise<Buffer> => withRegistry(host, options, (registry) => collect(registry.blob('a', layer, from)));

/** Sends the rest from `from` on, of which only `length` bytes are real; then the connection is cut. */
const sendPart = (response: ServerResponse, from: number, length: number): void => {
  const rest = bytes.subarray(from);
  response.writeHead(from === 0 ? 200 : 206, { 'content-length': rest.length, ...(from === 0 ? {} : { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` }) });
  if (length >= rest.length) return void response.end(rest);
  response.write(rest.subarray(0, length), () => setTimeout(() => response.destroy(), 20));
};

test('a download goes on after many cuts', async () => {
  const starts: number[] = [];
  await withServer(orMissing((_path, response, range) => (starts.push(range), sendPart(response, range, 40_000), true)), async ({ host }) => {
    assert.ok((await blobFrom(host)).equals(bytes));
    assert.equal(starts, [0, 40_000, 80_000, 120_000, 160_000, 200_000, 240_000, 280_000]);
  });
});

test('a download from the middle, and a server that knows no ranges', async () => {
  await withServer(orMissing((_path, response, range) => (sendPart(response, range, Infinity), true)), async ({ host }) => {
    assert.ok((await blobFrom(host, 299_990)).equals(bytes.subarray(299_990)));
    assert.is((await blobFrom(host, bytes.length)).length, 0);
  });
  await withServer(orMissing((_path, response) => (response.end(bytes), true)), async ({ host }) => {
    assert.ok((await blobFrom(host, 123_456)).equals(bytes.subarray(123_456)));
  });
});

test('cuts without progress end after five attempts', async () => {
  await withServer(orMissing((_path, response) => (response.writeHead(200, { 'content-length': bytes.length }).flushHeaders(), setTimeout(() => response.destroy(), 5), true)), async ({ host, seen }) => {
    assert.match(await failureOf(blobFrom(host)), /^cannot reach the registry .*: the connection was cut \(needed for the layer sha256:[0-9a-f]{64} of .*\)$/);
    assert.is(seen.length, 5);
  });
});

test('a host that is gone in the middle is waited for, one that was never there is not', async () => {
  const gone = (response: ServerResponse): boolean => (response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(), true);
  let count = 0;
  await withServer(orMissing((_path, response, range) => {
    count += 1;
    if (count === 2 || count === 3) return gone(response);
    return sendPart(response, range, count === 1 ? 1000 : Infinity), true;
  }), async ({ host }) => {
    assert.ok((await blobFrom(host)).equals(bytes));
    assert.is(count, 4);
  });
  await withServer(orMissing((_path, response) => gone(response)), async ({ host, seen }) => {
    assert.match(await failureOf(blobFrom(host)), /connection refused/);
    assert.is(seen.length, 1);
  });
});

test('silence ends with a time-out', async () => {
  await withServer(orMissing((_path, response) => (response.writeHead(200, { 'content-length': bytes.length }).flushHeaders(), true)), async ({ host, seen }) => {
    assert.match(await failureOf(blobFrom(host, 0, { idle: 60 })), /no answer in time/);
    assert.is(seen.length, 5);
  });
});

test('headers and documents that come in drops end with a time-out', async () => {
  const drip = (socket: Socket, head: string, drop: string): void => {
    socket.write(head);
    const timer = setInterval(() => socket.write(drop), 20);
    socket.on('error', () => undefined).on('close', () => clearInterval(timer));
  };
  const answers = [
    ['HTTP/1.1 200 OK\r\nx-header: ', 'x'],
    ['', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
    [`HTTP/1.1 200 OK\r\ncontent-type: ${mediaTypes.ociManifest}\r\ncontent-length: 100000\r\n\r\n`, 'x'],
  ] as const;
  for (const [head, drop] of answers) {
    let asked = 0;
    await withServer((request, response) => {
      asked += 1;
      drip(request.socket, head, drop);
      response.on('error', () => undefined);
    }, async ({ host }) => {
      const began = Date.now();
      // The first request looks for https, and fails at once.
      assert.match(await failureOf(withRegistry(host, { idle: 150 }, (registry) => registry.manifest('a', 'latest'))), /no answer in time/);
      assert.is(asked, 5);
      assert.ok(Date.now() - began < 5000);
    });
  }
});

test('a list that has more names than anybody needs is given up', async () => {
  let page = 0;
  await withServer(orMissing((path, response) => {
    if (!path.startsWith('/v2/a/tags')) return false;
    page += 1;
    const tags = Array.from({ length: 60_000 }, (_, position) => `${page}-${position}`);
    return response.writeHead(200, { link: `</v2/a/tags/list?page=${page}>; rel="next"` }).end(JSON.stringify({ tags })), true;
  }), async ({ host }) => {
    assert.match(await failureOf(withRegistry(host, {}, (registry) => registry.tags('a'))), /more than 250000 names/);
    assert.is(page, 5);
  });
});

test('a digest that is asked for is what every mirror has to send', async () => {
  const wanted = digestOf(manifest);
  const lie = manifest.replace('"layers":[]', '"layers": []');
  const serve = (text: string): Handler => orMissing((path, response) => {
    if (!path.startsWith(`/v2/a/manifests/${wanted}`)) return false;
    return response.writeHead(200, { 'content-type': mediaTypes.ociManifest, 'docker-content-digest': wanted }).end(text), true;
  });
  await withServer(serve(manifest), async (registry) => withServer(serve(lie), async (mirror) => {
    const registries = { [registry.host]: { mirrors: [`http://${mirror.host}`], insecure: false } };
    const document = await withRegistry(registry.host, { registries }, (client) => client.manifest('a', wanted));
    assert.is(document.text, manifest);
    assert.is(mirror.seen.length, 1);
    assert.match(await failureOf(withRegistry(mirror.host, {}, (client) => client.manifest('a', wanted))), /has the digest|sent one with the digest/);
  }));
});

test('a reader that takes its time is no silence', async () => {
  await withServer(orMissing((_path, response, range) => (sendPart(response, range, Infinity), true)), async ({ host, seen }) => {
    await withRegistry(host, { idle: 60 }, async (registry) => {
      let size = 0;
      for await (const chunk of registry.blob('a', layer, 0)) {
        if (size === 0) await new Promise((resolve) => setTimeout(resolve, 200));
        size += chunk.length;
      }
      assert.is(size, bytes.length);
    });
    assert.is(seen.length, 1);
  });
});

test('a body without end is left at its first byte too many', async () => {
  await withServer(orMissing((_path, response) => {
    const more = (): void => void (response.destroyed || response.write(bytes, () => setTimeout(more, 1)));
    response.writeHead(200);
    more();
    return true;
  }), async ({ host, seen }) => {
    assert.match(await failureOf(blobFrom(host)), /sent more than its 300000 bytes/);
    assert.is(seen.length, 1);
  });
});

test('answers that contradict size or range are not believed', async () => {
  const answers: readonly (readonly [number, number, Record<string, string | number>, RegExp])[] = [
    [0, 200, { 'content-length': 10 }, /has 10 bytes of it, not 300000/],
    [10, 206, { 'content-range': 'bytes 11-299999/300000' }, /another part/],
    [10, 206, { 'content-range': 'bytes 10-299999/300001' }, /another part/],
    [10, 206, { 'content-range': 'bytes 10-300000/*' }, /another part/],
    [10, 206, {}, /another part/],
    [0, 206, { 'content-range': 'bytes 0-299999/300000' }, /another part/],
    [10, 416, {}, /no bytes of it after 10/],
  ];
  for (const [from, status, headers, words] of answers) {
    await withServer(orMissing((_path, response) => (response.writeHead(status, headers).end(status === 200 ? Buffer.alloc(10) : ''), true)), async ({ host, seen }) => {
      assert.match(await failureOf(blobFrom(host, from)), words);
      assert.is(seen.length, 1, String(words));
    });
  }
});

test('429 with Retry-After and 503 are waited for, 404 is not', async () => {
  let count = 0;
  const started = Date.now();
  await withServer(orMissing((path, response) => {
    if (!path.includes('tags')) return false;
    count += 1;
    if (count === 1) return response.writeHead(429, { 'retry-after': '1' }).end(), true;
    if (count === 2) return response.writeHead(503).end(), true;
    return response.end('{"tags":["x","../y","x"]}'), true;
  }), async ({ host, seen }) => {
    await withRegistry(host, {}, async (registry) => {
      assert.equal(await registry.tags('a'), ['x']);
      assert.ok(Date.now() - started >= 1000, 'it waited as long as it was told');
      assert.is(await failureOf(registry.manifest('a', 'v1')), `manifest for ${host}/a:v1 not found (X_UNKNOWN)`);
      assert.is(await registry.headManifest('a', 'v1'), undefined);
    });
    assert.is(seen.length, 5);
  });
});

const withManifest = (text: string, headers: Record<string, string>, reference = 'v1') => async (check: (outcome: string) => void): Promise<void> =>
  withServer(orMissing((path, response) => path.includes('manifests') && (response.writeHead(200, headers).end(text), true)), async ({ host }) => {
    const outcome = await withRegistry(host, {}, (registry) => registry.manifest('a', reference)).then((document) => `${document.mediaType} ${document.digest} ${document.size}`, (error: Error) => error.message);
    check(outcome);
  });

test('a manifest is what its bytes are', async () => {
  const right = `${mediaTypes.ociManifest} ${digestOf(manifest)} ${manifest.length}`;
  const type = { 'content-type': `${mediaTypes.ociManifest}; charset=utf-8` };
  await withManifest(manifest, type)((outcome) => assert.is(outcome, right));
  await withManifest(manifest, { 'content-type': 'application/json' })((outcome) => assert.is(outcome, right));
  await withManifest(manifest, type, digestOf(manifest))((outcome) => assert.is(outcome, right));
  const other = digestOf('other');
  await withManifest(manifest, type, other)((outcome) => assert.ok(outcome.includes(other) && outcome.includes(digestOf(manifest)), outcome));
  await withManifest(manifest, { ...type, 'docker-content-digest': other })((outcome) => assert.ok(outcome.includes(other) && outcome.includes('is damaged'), outcome));
});

test('manifests that could be taken for something else are refused', async () => {
  const list = { 'content-type': mediaTypes.ociIndex };
  const table: readonly (readonly [object | string, Record<string, string>, RegExp])[] = [
    [{ schemaVersion: 2, manifests: [], layers: [] }, list, /manifest and an index at once/],
    [{ schemaVersion: 2, manifests: [], config: {} }, { 'content-type': mediaTypes.ociManifest }, /manifest and an index at once/],
    [{ schemaVersion: 2, mediaType: mediaTypes.ociManifest, manifests: [] }, list, /sent as .*index.* calls itself .*manifest/],
    [{ schemaVersion: 2, layers: [] }, list, /not the .*index/],
    [{ schemaVersion: 1, fsLayers: [] }, {}, /schema 1/],
    [{ schemaVersion: 2, mediaType: 'text/\u001b', layers: [] }, {}, /is a 'text\/\\x1b', not an image/],
    ['not json', list, /not JSON/],
    ['x'.repeat(4 * 1024 * 1024 + 1), list, /more than 4 MiB/],
  ];
  for (const [document, headers, words] of table) {
    await withManifest(typeof document === 'string' ? document : JSON.stringify(document), headers)((outcome) => assert.match(outcome, words));
  }
});

test('a document has the size and digest that were promised', async () => {
  await withServer(orMissing((_path, response) => (response.end('{"a":1}'), true)), async ({ host }) => {
    const read = (size: number, digest = digestOf('{"a":1}')): Promise<string> => withRegistry(host, {}, (registry) => registry.document('a', { mediaType: 'x', digest, size })).then(({ text }) => text, (error: Error) => error.message);
    assert.is(await read(7), '{"a":1}');
    assert.match(await read(6), /more than the 6 bytes/);
    assert.match(await read(8), /sent 7 bytes, not 8/);
    assert.match(await read(7, digestOf('x')), /sent one with the digest/);
    assert.match(await read(5_000_000), /more than 4 MiB/);
  });
});

test('mirrors come first, in their order; the registry is asked where they fail', async () => {
  const serve: Handler = orMissing((path, response, range) => (path.includes('blobs') ? sendPart(response, range, Infinity) : response.end('{"tags":[]}'), true));
  await withServer(serve, async (registry) => withServer(orMissing((_path, response, range) => (sendPart(response, range, range === 0 ? 1000 : 0), true)), async (cutting) => {
    const settings = (mirrors: readonly string[]) => ({ registries: { [registry.host]: { mirrors, insecure: false } }, credentials: { [registry.host]: { username: 'me', password: 'x' } } });
    const mirrors = ['http://127.0.0.1:1', `http://${cutting.host}`];
    assert.ok((await blobFrom(registry.host, 0, settings(mirrors))).equals(bytes));
    assert.is(cutting.seen.length, 1);
    assert.is(registry.seen.length, 1, 'the registry gave what the mirror did not');
    await withServer(serve, async (whole) => {
      assert.ok((await blobFrom(registry.host, 0, settings([`http://${whole.host}`]))).equals(bytes));
      assert.is(whole.seen.length, 1);
      assert.is(registry.seen.length, 1);
    });
  }));
});

test('an upload starts anew after a failure, and its place gets credentials on its own host only', async () => {
  const stored: Buffer[] = [];
  await withServer((_request, response, body) => (stored.push(body), void response.writeHead(201).end()), async (storage) => {
    let puts = 0;
    await withServer((request, response, body) => {
      if (request.method === 'POST') return void response.writeHead(202, { location: puts === 0 ? '/upload?state=1' : `http://${storage.host}/up?state=2` }).end();
      if (request.method !== 'PUT') return void response.writeHead(404).end();
      puts += 1;
      response.writeHead(body.length === bytes.length ? 500 : 400).end();
    }, async ({ host, seen }) => {
      const sent: number[] = [];
      await withRegistry(host, {}, (registry) => registry.uploadBlob('a', layer, (from) => Readable.from([bytes.subarray(from, 100_000), bytes.subarray(100_000)]), (count) => sent.push(count)));
      assert.equal(sent, [100_000, 300_000, 100_000, 300_000]);
      assert.ok(stored[0]?.equals(bytes));
      assert.equal(storage.seen, [`PUT /up?state=2&digest=${encodeURIComponent(layer.digest)} -`]);
      assert.is(seen.length, 3);
    });
  });
});

test('a layer that is shorter or longer than it says is not uploaded', async () => {
  await withServer((request, response) => void (request.method === 'POST' ? response.writeHead(202, { location: '/upload' }) : response.writeHead(201)).end(), async ({ host }) => {
    for (const wrong of [bytes.subarray(1), Buffer.concat([bytes, bytes])]) {
      assert.match(await failureOf(withRegistry(host, {}, (registry) => registry.uploadBlob('a', layer, () => Readable.from([wrong])))), /not the 300000 bytes/);
    }
  });
});

test('an upload that is cut leaves no source open', async () => {
  const server = createServer((request, response) => void (request.method === 'POST' ? response.writeHead(202, { location: '/upload' }).end() : request.once('data', () => request.socket.destroy())));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sources: Readable[] = [];
  const open = (): Readable => {
    const source = new Readable({ read: () => undefined });
    source.push(bytes.subarray(1));
    sources.push(source);
    return source;
  };
  try {
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    assert.match(await failureOf(withRegistry(host, {}, (registry) => registry.uploadBlob('a', layer, open))), /the connection was cut/);
    assert.is(sources.length, 5);
    for (let waits = 0; waits < 100 && sources.some(({ destroyed }) => !destroyed); waits += 1) await sleep(10);
    assert.ok(sources.every(({ destroyed }) => destroyed));
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('lists of several pages', async () => {
  await withServer(orMissing((path, response) => {
    if (!path.startsWith('/v2/_catalog')) return false;
    if (path.includes('last=b')) return response.end('{"repositories":["c","Bad Name","\\u001b"]}'), true;
    return response.writeHead(200, { link: '</v2/_catalog?last=b>; rel="next"' }).end('{"repositories":["a","x/b"]}'), true;
  }), async ({ host }) => {
    assert.equal(await withRegistry(host, {}, (registry) => registry.catalog()), ['a', 'x/b', 'c']);
  });
});

test.run();
