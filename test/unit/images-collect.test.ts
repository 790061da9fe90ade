/** Collection on a real store: shared layers, containers, leases, what killed collections left, and records that cannot be read. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { right } from '../harness.ts';
import type { Digest } from '../../src/core/digest.ts';
import { digestHex, digestOfHex } from '../../src/core/digest.ts';
import { renderError } from '../../src/core/errors.ts';
import { collectAfter } from '../../src/images/collect.ts';
import type { Store } from '../../src/images/collect.ts';
import { blobPath, layerPath, readIndex } from '../../src/images/layout.ts';
import { lease } from '../../src/images/lease.ts';
import { loadArchive } from '../../src/images/load.ts';
import { partsOf } from '../../src/images/needs.ts';
import { openImage } from '../../src/images/open.ts';
import { pruneImages } from '../../src/images/prune.ts';
import type { Pruned } from '../../src/images/prune.ts';
import { removeImage } from '../../src/images/remove.ts';
import { tagImage } from '../../src/images/tag.ts';
import { makeTemporary } from '../../src/images/temporary.ts';
import { storeUsage } from '../../src/images/usage.ts';
import type { ImageUsers } from '../../src/images/users.ts';
import { readImageUsers } from '../../src/runtime/image-users.ts';
import { createdState } from '../../src/runtime/container-state.ts';
import { bootId } from '../../src/system/kernel.ts';
import { makeStore, ociArchive, sha256, smallLayer } from '../make-image.ts';
import type { TestStore } from '../make-image.ts';

const shared = smallLayer('etc/shared', 'shared');
const ownLayer = (name: string): Buffer => smallLayer('etc/x', name);
const diffId = (layer: Buffer): Digest => sha256(layer);

const withImages = (title: string, body: (store: Store, test: TestStore) => Promise<void>): void =>
  test(title, async () => {
    const made = makeStore();
    const { paths, host } = made;
    try {
      const input = join(made.directory, 'archive');
      writeFileSync(input, ociArchive(...['a', 'b'].map((name) => ({ layers: [shared, ownLayer(name)], names: [`${name}:latest`], config: { Labels: { which: name } } }))));
      right(await loadArchive(paths, host, { input })());
      await body({ paths, host, readUsers: () => readImageUsers(paths) }, made);
    } finally {
      made.remove();
    }
  });

const users = (some: Partial<ImageUsers>): ImageUsers => ({ users: [], doubts: [], ...some });
const prune = async (store: Store, all: boolean, filters: readonly string[] = []): Promise<Pruned> => right(await pruneImages(store, { all, filters, now: Date.now() })());
const opens = ({ paths }: Store, word: string): boolean => !('_tag' in openImage(paths, word));
const hasLayer = ({ paths }: Store, layer: Buffer): boolean => existsSync(layerPath(paths, diffId(layer)));
const idOf = ({ paths }: Store, word: string): Digest => {
  const image = openImage(paths, word);
  if ('_tag' in image) throw new Error(renderError(image));
  return image.id;
};

/** Every file of the store that is called after a digest or hidden, but for the lock. */
const contents = ({ paths }: Store): readonly string[] =>
  [paths.images, join(paths.images, 'blobs/sha256'), join(paths.images, '.partial'), paths.layers]
    .filter((directory) => existsSync(directory))
    .flatMap((directory) => readdirSync(directory).filter((name) => name !== '.lock' && (name.startsWith('.') || /^[0-9a-f]{64}$/.test(name))))
    .filter((name) => name !== '.partial');

const writeContainer = ({ paths }: Store, id: string, spec: unknown): string => {
  const directory = join(paths.containers, id);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'spec.json'), JSON.stringify(spec));
  writeFileSync(join(directory, 'state.json'), JSON.stringify({ ...createdState({ pid: 0, start: '0' }), status: 'exited' }));
  return directory;
};

const container = 'c'.repeat(64);
const usingLayers = ({ paths }: Store, image: string, ...layers: readonly Buffer[]): unknown => ({
  version: 9,
  image: { reference: 'x', id: image },
  rootfs: { kind: 'image', layers: layers.map((layer) => layerPath(paths, diffId(layer))) },
});

withImages('a layer that another image has stays; the last user takes it along', async (store) => {
  const id = idOf(store, 'a');
  const first = right(await removeImage(store, 'a', { force: false })());
  assert.equal(first.deleted, [id, diffId(ownLayer('a'))]);
  assert.is(first.untagged.length, 2);
  assert.ok(hasLayer(store, shared) && opens(store, 'b') && !hasLayer(store, ownLayer('a')));
  const second = right(await removeImage(store, 'b', { force: false })());
  assert.equal(new Set(second.deleted.slice(1)), new Set([diffId(shared), diffId(ownLayer('b'))]));
  assert.equal(contents(store), []);
});

withImages('rmi deletes nothing but what was the image\'s', async (store) => {
  const orphan = blobPath(store.paths, digestOfHex('0'.repeat(64)));
  writeFileSync(orphan, 'left');
  right(await removeImage(store, 'a', { force: false })());
  assert.ok(existsSync(orphan));
  await prune(store, false);
  assert.not.ok(existsSync(orphan));
});

withImages('prune: images without a name, or all without a container, or those that match', async (store) => {
  const id = idOf(store, 'a');
  right(await tagImage(store.paths, 'b', 'a')());
  assert.equal((await prune(store, false, ['label=which=b'])).deleted, []);
  assert.equal((await prune(store, false, ['label!=which=a'])).deleted, []);
  const dangling = await prune(store, false);
  assert.equal(dangling.deleted, [id, diffId(ownLayer('a'))]);
  assert.ok(dangling.bytes > 0);
  writeContainer(store, container, usingLayers(store, idOf(store, 'b'), shared, ownLayer('b')));
  assert.equal((await prune(store, true)).deleted, []);
  rmSync(join(store.paths.containers, container), { recursive: true });
  const all = await prune(store, true);
  assert.equal(all.untagged.map((name) => name.replace(/@.*/, '@')), ['b:latest', 'a:latest', 'b@', 'a@']);
  assert.is(all.deleted.length, 3);
  assert.equal(contents(store), []);
});

withImages('a forced removal leaves a stopped container its layers', async (store) => {
  writeContainer(store, container, usingLayers(store, idOf(store, 'a'), shared, ownLayer('a')));
  const refused = await removeImage(store, 'a', { force: false })();
  assert.match(refused._tag === 'Left' ? renderError(refused.left) : '', /^conflict: unable to remove repository reference "a" \(must force\) - container cccccccccccc is using/);
  const id = idOf(store, 'a');
  assert.equal(right(await removeImage(store, 'a', { force: true })()).deleted, [id]);
  right(await removeImage(store, 'b', { force: true })());
  assert.ok(hasLayer(store, shared) && hasLayer(store, ownLayer('a')));
  await prune(store, true);
  assert.ok(hasLayer(store, shared) && hasLayer(store, ownLayer('a')));
  rmSync(join(store.paths.containers, container), { recursive: true });
  await prune(store, false);
  assert.equal(contents(store), []);
});

withImages('an image that a stopped container has mounted is kept, and after a forced removal its layers are', async (store) => {
  const mounted = { type: 'image', image: { reference: 'b', id: idOf(store, 'b'), layers: [shared, ownLayer('b')].map((layer) => layerPath(store.paths, diffId(layer))) } };
  writeContainer(store, container, { ...(usingLayers(store, idOf(store, 'a'), shared, ownLayer('a')) as object), mountPoints: [{ type: 'tmpfs' }, mounted] });
  assert.equal((await prune(store, true)).deleted, []);
  const { images } = right(await storeUsage(store)());
  assert.is(right(await storeUsage(store)()).reclaimable, 0);
  assert.equal(images.map(({ names, containers }) => [names[0], containers]).sort(), [['docker.io/library/a:latest', 1], ['docker.io/library/b:latest', 0]]);
  const refused = await removeImage(store, 'b', { force: false })();
  assert.match(refused._tag === 'Left' ? renderError(refused.left) : '', /reference "b" \(must force\) - container cccccccccccc is using/);
  assert.is(right(await removeImage(store, 'b', { force: true })()).deleted.length, 1);
  await prune(store, true);
  assert.ok(hasLayer(store, shared) && hasLayer(store, ownLayer('b')));
  rmSync(join(store.paths.containers, container), { recursive: true });
  await prune(store, true);
  assert.equal(contents(store), []);
});

withImages('a container of another host counts, and one that is just being made', async (store) => {
  const elsewhere = join(store.paths.root, 'hosts/other/containers', container);
  mkdirSync(elsewhere, { recursive: true });
  writeFileSync(join(elsewhere, 'spec.json'), JSON.stringify(usingLayers(store, idOf(store, 'a'), shared)));
  writeFileSync(join(elsewhere, 'state.json'), '{"status":"running"}');
  const busy = await removeImage(store, idOf(store, 'a'), { force: true })();
  assert.match(busy._tag === 'Left' ? renderError(busy.left) : '', /\(cannot be forced\) - image is being used by running container cccccccccccc$/);
  rmSync(elsewhere, { recursive: true });
  const directory = writeContainer(store, container, usingLayers(store, idOf(store, 'a'), shared));
  renameSync(directory, join(store.paths.containers, `.making-${container}`));
  const making = await removeImage(store, idOf(store, 'a'), { force: true })();
  assert.is(making._tag, 'Left');
});

withImages('a container that is made while layers are chosen gets them back', async (store) => {
  let asked = 0;
  const readUsers = (): ImageUsers => {
    asked += 1;
    return asked === 1 ? users({}) : users({ users: [{ id: container, layers: [diffId(ownLayer('a'))], mounted: [], running: true }] });
  };
  const { deleted } = right(await removeImage({ ...store, readUsers }, 'a', { force: false })());
  assert.is(asked, 2);
  assert.is(deleted.length, 1);
  assert.ok(hasLayer(store, ownLayer('a')));
  assert.is(readFileSync(join(layerPath(store.paths, diffId(ownLayer('a'))), 'etc/x'), 'utf8'), 'a');
});

withImages('a record that cannot be read keeps every layer, and is named', async (store) => {
  const directory = writeContainer(store, container, { rootfs: 7 });
  const { warnings } = await prune(store, true);
  assert.is(warnings.length, 1);
  assert.match(warnings[0] ?? '', new RegExp(`^${join(directory, 'spec.json')} does not say`));
  assert.ok(hasLayer(store, shared) && hasLayer(store, ownLayer('a')));
  rmSync(directory, { recursive: true });
  await prune(store, true);
  assert.equal(contents(store), []);
});

withImages('a lease keeps blobs, layers, fresh layers and downloads; its end frees them', async (store) => {
  const { paths } = store;
  const [line] = readIndex(paths).entries.filter(({ name }) => name?.endsWith('/a:latest'));
  if (line === undefined) throw new Error('a is not there');
  const { blobs, layers } = partsOf(paths, line);
  const fresh = join(paths.layers, `.fresh-${bootId()}~${'1'.repeat(64)}`);
  const partial = join(paths.images, '.partial', '2'.repeat(64));
  mkdirSync(fresh);
  mkdirSync(join(paths.images, '.partial'));
  writeFileSync(partial, 'some');
  writeFileSync(`${partial}.${bootId()}`, 'all');
  const work = makeTemporary(paths, paths.images);
  await lease(paths, work, [...blobs, ...layers, digestOfHex('1'.repeat(64)), digestOfHex('2'.repeat(64))]);
  await prune(store, true);
  assert.ok([...blobs.map((digest) => blobPath(paths, digest)), ...layers.map((digest) => layerPath(paths, digest)), fresh, partial, `${partial}.${bootId()}`].every((path) => existsSync(path)));
  assert.not.ok(hasLayer(store, ownLayer('b')));
  rmSync(work, { recursive: true });
  await prune(store, false);
  assert.equal(contents(store), []);
});

withImages('what killed collections left: names come back, trash goes', async (store) => {
  const { paths } = store;
  const hex = digestHex(diffId(shared));
  renameSync(join(paths.layers, hex), join(paths.layers, `.doomed-${hex}`));
  const trash = join(paths.layers, `.tmp-${paths.host.split('/').at(-1) ?? ''}~1~1~0`);
  mkdirSync(join(trash, 'x'), { recursive: true });
  mkdirSync(join(paths.layers, `.doomed-${digestHex(diffId(ownLayer('a')))}`));
  await prune(store, false);
  assert.ok(opens(store, 'a') && hasLayer(store, shared));
  assert.equal(contents(store).filter((name) => name.startsWith('.')), []);
});

withImages('a manifest that is missing keeps all blobs, and the image can still be removed', async (store) => {
  const { paths } = store;
  const [line] = readIndex(paths).entries.filter(({ name }) => name?.endsWith('/a:latest'));
  if (line === undefined) throw new Error('a is not there');
  rmSync(blobPath(paths, line.descriptor.digest));
  right(await removeImage(store, 'b', { force: false })());
  const { warnings } = await prune(store, false);
  assert.is(warnings.length, 1);
  assert.ok(existsSync(blobPath(paths, sha256(shared))));
  right(await removeImage(store, 'a', { force: false })());
  await prune(store, false);
  assert.equal(contents(store), []);
});

withImages('lines of other programs keep what they name, or everything', async (store) => {
  const path = join(store.paths.images, 'index.json');
  const index = JSON.parse(readFileSync(path, 'utf8')) as { manifests: { digest: string; annotations: Record<string, string> }[] };
  const foreign = (lines: readonly unknown[]): void => writeFileSync(path, JSON.stringify({ ...index, manifests: lines }));
  const ours = index.manifests.find(({ annotations }) => annotations['org.opencontainers.image.ref.name']?.endsWith('/a:latest'));
  foreign([{ ...ours, annotations: {} }]);
  await prune(store, true);
  assert.ok(hasLayer(store, ownLayer('a')) && hasLayer(store, shared) && !hasLayer(store, ownLayer('b')));
  assert.is(contents(store).length, 6, 'manifest, configuration, two blobs, two layers');
  foreign(['what is this']);
  assert.is((await prune(store, true)).warnings.length, 1);
  assert.is(contents(store).length, 6);
  foreign([]);
  await prune(store, true);
  assert.equal(contents(store), []);
});

withImages('a plan that throws changes nothing', async (store) => {
  const before = contents(store);
  try {
    await collectAfter(store, () => {
      throw new Error('no');
    });
    assert.unreachable();
  } catch (error) {
    assert.is((error as Error).message, 'no');
  }
  assert.equal(contents(store), before);
});

withImages('usage agrees with du, tells shared from own, and counts leftovers until they are pruned', async (store) => {
  const { paths } = store;
  writeContainer(store, container, usingLayers(store, idOf(store, 'a'), shared, ownLayer('a')));
  const orphan = blobPath(paths, digestOfHex('0'.repeat(64)));
  writeFileSync(orphan, Buffer.alloc(100_000));
  const usage = right(await storeUsage(store)());
  assert.equal(usage.leftovers, { count: 1, bytes: 102_400 });
  assert.equal(usage.images.map(({ names, containers }) => [names, containers]), [[['docker.io/library/a:latest'], 1], [['docker.io/library/b:latest'], 0]]);
  assert.ok(usage.images.every((image) => image.shared > 0 && image.unique > 0));
  assert.is(usage.reclaimable, usage.images[1]?.unique);
  await prune(store, false);
  const after = right(await storeUsage(store)());
  assert.equal(after.leftovers, { count: 0, bytes: 0 });
  const du = execFileSync('du', ['-skc', paths.images, paths.layers], { encoding: 'utf8' });
  assert.is(after.total, Number(/(\d+)\s+total/.exec(du)?.[1]) * 1024);
});

test.run();
