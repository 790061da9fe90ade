import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { SkiffError } from '../../src/core/errors.ts';
import { renderError } from '../../src/core/errors.ts';
import { ImageConfig } from '../../src/core/oci-image.ts';
import { importImage } from '../../src/images/import.ts';
import { readBlob } from '../../src/images/layout.ts';
import { defaultSettings } from '../../src/system/settings.ts';
import { left, right } from '../harness.ts';
import { makeStore, smallLayer } from '../make-image.ts';
import type { TestStore } from '../make-image.ts';

const layer = gzipSync(smallLayer('etc/x', 'fetched'));

const answer: RequestListener = (request, response) => {
  if (request.url?.startsWith('/whole') === true) return void response.writeHead(200, { 'content-length': layer.length }).end(layer);
  if (request.url === '/chunked') return void response.writeHead(200).end(layer);
  if (request.url === '/moved') return void response.writeHead(302, { location: '/whole' }).end();
  if (request.url === '/loop') return void response.writeHead(302, { location: '/loop' }).end();
  if (request.url === '/vast') return void response.writeHead(200, { 'content-length': 2 ** 40 }).flushHeaders();
  if (request.url === '/cut') return void response.writeHead(200, { 'content-length': layer.length }).write(layer.subarray(0, 50), () => response.destroy());
  response.writeHead(404).end('no');
};

const withServer = async (body: (store: TestStore, address: string) => Promise<void>): Promise<void> => {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const store = makeStore();
  try {
    await body(store, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    store.remove();
    server.closeAllConnections();
    server.close();
  }
};

const seen: (readonly [number, number | undefined])[] = [];

const fetchImage = ({ paths, host }: TestStore, source: string) =>
  importImage(paths, host, { source, changes: [], now: 0, fetch: { settings: defaultSettings, env: {}, progress: (...step) => void seen.push(step) } })();

test('a file is fetched, with and without its length, and by way of a redirect', () =>
  withServer(async (store, address) => {
    const { id } = right(await fetchImage(store, `${address}/whole?token=secret`));
    assert.equal(seen.at(-1), [layer.length, layer.length]);
    assert.is(readBlob(store.paths, id, ImageConfig).history?.[0]?.comment, `Imported from ${address}/whole`);
    for (const path of ['/chunked', '/moved']) right(await fetchImage(store, address + path));
  }));

test('what does not arrive whole makes no image and leaves nothing', () =>
  withServer(async (store, address) => {
    const errorOf = async (path: string): Promise<SkiffError> => left(await fetchImage(store, path.startsWith('/') ? address + path : path));
    assert.match(renderError(await errorOf('/nosuch?token=secret')), /^cannot fetch http:\/\/127\.0\.0\.1:\d+\/nosuch: .*status 404$/);
    assert.match(renderError(await errorOf('/cut')), /^cannot fetch .*\/cut: the connection was cut/);
    assert.is((await errorOf('/loop'))._tag, 'Hostile');
    assert.is((await errorOf('/vast'))._tag, 'Hostile');
    assert.match(renderError(await errorOf('http://user:secret@127.0.0.1:1/x')), /^cannot fetch http:\/\/127\.0\.0\.1:1\/x: connection refused/);
    assert.is((await errorOf('ftp://host/x'))._tag, 'Usage');
    assert.equal(readdirSync(store.paths.images).filter((name) => name.startsWith('.tmp-') || name === 'index.json'), []);
  }));

test.run();
