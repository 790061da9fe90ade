/** Layers on their way in: resumed, shared, verified, taken back. The registry is a function here. */
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SkiffFailure } from '../../src/core/errors.ts';
import { fetchLayers } from '../../src/images/fetch.ts';
import type { BlobReader, FetchedLayer, WantedLayer } from '../../src/images/fetch.ts';
import { discardPulled, nameFetched } from '../../src/images/fetched.ts';
import { blobPath, ensureLayout, layerPath } from '../../src/images/layout.ts';
import { lease } from '../../src/images/lease.ts';
import { documentFile, documentOf, publishImages } from '../../src/images/store.ts';
import type { ImageRecord } from '../../src/images/store.ts';
import { withSpool } from '../../src/images/temporary.ts';
import type { TransferEvent } from '../../src/images/transfer.ts';
import { makeStore, sha256, smallLayer } from '../make-image.ts';
import type { TestStore } from '../make-image.ts';

interface Layer extends WantedLayer {
  readonly bytes: Buffer;
}

/** Random content, so that it does not shrink to nothing. */
const layerOf = (name: string, size = 200_000): Layer => {
  const content = Array.from({ length: size / 10 }, (_, at) => `${name}${(at * 7919) % 99991}`.padEnd(10, 'x')).join('');
  const tar = smallLayer(`etc/${name}`, content);
  const bytes = gzipSync(tar);
  const digest = sha256(bytes);
  const descriptor = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size: bytes.length };
  return { bytes, digest, size: bytes.length, diffId: sha256(tar), descriptor, subject: `layer ${name}` };
};

interface Request {
  readonly digest: string;
  readonly from: number;
}

interface Server {
  readonly read: BlobReader;
  readonly requests: Request[];
}

const serve = (layers: readonly Layer[], change: (chunk: Buffer, request: Request, at: number) => Buffer | Promise<Buffer> = (chunk) => chunk): Server => {
  const requests: Request[] = [];
  const read: BlobReader = async function* ({ digest }, from) {
    const request = { digest, from };
    requests.push(request);
    const { bytes } = layers.find((layer) => layer.digest === digest) ?? { bytes: Buffer.alloc(0) };
    for (let at = from; at < bytes.length; at += 4096) yield await change(bytes.subarray(at, at + 4096), request, at);
  };
  return { read, requests };
};

const fetchAll = (store: TestStore, layers: readonly WantedLayer[], read: BlobReader, events: TransferEvent[] = []): Promise<readonly FetchedLayer[]> =>
  fetchLayers(store.paths, store.host, layers, { read, parallelDownloads: 3, progress: (event) => void events.push(event), abort: () => undefined });

const failureOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'it worked';
  } catch (error) {
    return (error as Error).message;
  }
};

const partials = ({ paths }: TestStore): readonly string[] => (existsSync(join(paths.images, '.partial')) ? readdirSync(join(paths.images, '.partial')) : []);

const inStore = (name: string, body: (store: TestStore) => Promise<void>): void =>
  test(name, async () => {
    const store = makeStore();
    try {
      ensureLayout(store.paths);
      await body(store);
    } finally {
      store.remove();
    }
  });

inStore('layers are unpacked and wait for their names', async (store) => {
  const layers = [layerOf('a'), layerOf('b'), layerOf('c'), layerOf('a')];
  const server = serve(layers);
  const events: TransferEvent[] = [];
  const fetched = await fetchAll(store, layers, server.read, events);
  assert.is(server.requests.length, 3, 'each blob once');
  assert.equal(fetched.map(({ diffId }) => diffId), layers.map(({ diffId }) => diffId));
  for (const { tree = '' } of fetched) assert.ok(existsSync(join(tree, 'fs/etc')));
  assert.not.ok(existsSync(layerPath(store.paths, layers[0]?.diffId ?? 'sha256:')), 'no name yet');
  nameFetched(store.paths, fetched);
  assert.ok(existsSync(join(layerPath(store.paths, layers[0]?.diffId ?? 'sha256:'), 'etc/a')));
  const ofB = events.filter(({ id }) => id === layers[1]?.digest).map(({ state }) => state);
  assert.equal([...new Set(ofB)], ['Pulling fs layer', 'Downloading', 'Download complete', 'Extracting', 'Pull complete']);
});

inStore('what was interrupted is resumed where it ended', async (store) => {
  const layer = layerOf('a');
  const cut = serve([layer], (chunk, _, at) => {
    if (at >= 40960) throw new SkiffFailure({ _tag: 'System', operation: 'read', subject: 'x', reason: 'the connection was cut' });
    return chunk;
  });
  assert.match(await failureOf(fetchAll(store, [layer], cut.read)), 'the connection was cut');
  assert.equal(partials(store).length, 1);
  assert.equal(readdirSync(store.paths.layers), [], 'no half layer');
  const server = serve([layer]);
  await fetchAll(store, [layer], server.read);
  assert.equal(server.requests, [{ digest: layer.digest, from: 40960 }]);
});

inStore('a damaged beginning is found and fetched again, once', async (store) => {
  const layer = layerOf('a');
  mkdirSync(join(store.paths.images, '.partial'));
  writeFileSync(join(store.paths.images, '.partial', layer.digest.slice(7)), Buffer.alloc(5000, 7));
  const server = serve([layer]);
  const [fetched] = await fetchAll(store, [layer], server.read);
  assert.equal(server.requests.map(({ from }) => from), [5000, 0]);
  assert.equal(readFileSync(fetched?.blob ?? ''), layer.bytes);
});

inStore('wrong bytes are refused with the digest, and nothing is kept', async (store) => {
  const [good, bad] = [layerOf('good'), layerOf('bad')];
  const server = serve([good, bad], (chunk, { digest }, at) => (digest === bad.digest && at === 8192 ? Buffer.alloc(chunk.length, 1) : chunk));
  await withSpool(store.paths, async (directory) => {
    await lease(store.paths, directory, [good.digest, good.diffId, bad.digest, bad.diffId]);
    const words = await failureOf(fetchAll(store, [good, bad], server.read));
    assert.match(words, /layer bad/);
    await discardPulled(store.paths, store.host, directory, [good, bad]);
  });
  assert.equal(partials(store), []);
  assert.equal(readdirSync(store.paths.layers), []);
});

inStore('what other work relies on stays when a bad image is taken back', async (store) => {
  const layer = layerOf('shared');
  await fetchAll(store, [layer], serve([layer]).read);
  await withSpool(store.paths, (other) =>
    withSpool(store.paths, async (directory) => {
      await lease(store.paths, other, [layer.digest, layer.diffId]);
      await lease(store.paths, directory, [layer.digest, layer.diffId]);
      await discardPulled(store.paths, store.host, directory, [layer]);
    }));
  assert.is(partials(store).length, 1);
  assert.is(readdirSync(store.paths.layers).length, 1);
});

inStore('an index that cannot be written: blobs go back, but for those that other work counts on', async (store) => {
  const { paths } = store;
  const unwritable = { get decodedConfig(): never { throw new Error('no room'); } } as unknown as ImageRecord;
  await withSpool(paths, (other) =>
    withSpool(paths, async (directory) => {
      const own = documentFile(directory, documentOf('own'));
      const shared = documentFile(directory, documentOf('shared'));
      await lease(paths, other, [shared.digest]);
      await lease(paths, directory, [own.digest, shared.digest]);
      assert.is(await failureOf(publishImages(paths, directory, [unwritable], [0], [own, shared])), 'no room');
      assert.equal([own, shared].map(({ digest }) => existsSync(blobPath(paths, digest))), [false, true]);
      assert.equal([own, shared].map(({ path }) => existsSync(path)), [true, false]);
    }));
});

inStore('a layer whose promise is another is refused', async (store) => {
  const layer = { ...layerOf('a'), diffId: sha256('something else') };
  assert.match(await failureOf(fetchAll(store, [layer], serve([layer]).read)), /unpacks to sha256:[0-9a-f]{64}, but the image promises/);
  assert.equal(partials(store), []);
});

inStore('two at once share the work, in whatever order they ask', async (store) => {
  const layers = ['a', 'b', 'c', 'd', 'e'].map((name) => layerOf(name));
  const slow = async (chunk: Buffer): Promise<Buffer> => {
    await new Promise((resolve) => setTimeout(resolve, 2));
    return chunk;
  };
  const server = serve(layers, slow);
  const [one, two] = await Promise.all([fetchAll(store, layers, server.read), fetchAll(store, [...layers].reverse(), server.read)]);
  assert.is(server.requests.length, 5);
  assert.equal(two.map(({ diffId }) => diffId).reverse(), one.map(({ diffId }) => diffId));
  nameFetched(store.paths, one);
  nameFetched(store.paths, two);
  assert.is(readdirSync(store.paths.layers).length, 5);
});

inStore('a failed layer ends the others, and its reason is the one that is told', async (store) => {
  const layers = [layerOf('a', 2_000_000), layerOf('b'), layerOf('c', 2_000_000)];
  let aborted = 0;
  const server = serve(layers, async (chunk, { digest }, at) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (digest === layers[1]?.digest && at > 0) throw new SkiffFailure({ _tag: 'System', operation: 'read', subject: 'b', reason: 'it broke' });
    return chunk;
  });
  const work = fetchLayers(store.paths, store.host, layers, { read: server.read, parallelDownloads: 3, progress: () => undefined, abort: () => void (aborted += 1) });
  assert.is(await failureOf(work), 'cannot read b: it broke');
  assert.is(aborted, 1);
});

test.run();
