/**
 * Round trips with skopeo, podman and buildah: what one pushes, the other pulls, both ways, with equal digests.
 * @one-driver
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { skip } from '../harness.ts';
import { configOf, sha256 } from '../make-image.ts';
import { matches, newPlace, output, outputOf } from '../registry/run.ts';
import type { Place } from '../registry/run.ts';
import { gzipBusybox, gzipLayer } from '../registry/samples.ts';
import { startRegistry } from '../registry/server.ts';
import type { TestRegistry } from '../registry/server.ts';
import { lookUp, uploadImage } from '../registry/upload.ts';
import { scratch } from './skiff.ts';

const parts = { layers: [gzipBusybox(), gzipLayer('etc/which', 'travelled')], config: { Cmd: ['cat', '/etc/which'] } };

let registry: TestRegistry;
let place: Place;
let source: string;
let digest: string;

test.before(async () => {
  registry = await startRegistry();
  place = newPlace();
  source = `${registry.address}/source`;
  digest = (await uploadImage(registry.address, 'source:latest', parts)).digest;
  await output(['pull', '-q', source], place);
});
test.after(() => registry.stop());

const isThere = (program: string): boolean => (process.env['PATH'] ?? '').split(':').some((directory) => existsSync(join(directory, program)));

/** Words for a rootless peer with a store of its own that needs no mount. */
const peer = (program: string): readonly string[] => {
  const directory = scratch();
  for (const name of ['root', 'run']) mkdirSync(join(directory, name));
  return [program, '--root', join(directory, 'root'), '--runroot', join(directory, 'run'), '--storage-driver', 'vfs'];
};

const digestIn = (text: string): string | undefined => /Digest: (sha256:[0-9a-f]{64})/.exec(text)?.[1];
const bare = ['run', '--rm', '--network', 'none'] as const;

test('skopeo pulls what skiff pushed, and the other way round', async () => {
  const target = `${registry.address}/by-skiff`;
  await output(['tag', source, target], place);
  matches(await output(['push', target], place), new RegExp(`latest: digest: ${digest} `));
  const layout = join(scratch(), 'layout');
  await outputOf(['skopeo', 'copy', '--src-tls-verify=false', '--preserve-digests', `docker://${target}`, `oci:${layout}:it`]);
  assert.is((await outputOf(['skopeo', 'inspect', '--format', '{{.Digest}}', `oci:${layout}:it`])).trim(), digest);
  await outputOf(['skopeo', 'copy', '--dest-tls-verify=false', '--preserve-digests', `oci:${layout}:it`, `docker://${registry.address}/by-skopeo:latest`]);
  const other = newPlace();
  assert.is(digestIn(await output(['pull', `${registry.address}/by-skopeo`], other)), digest);
  assert.is(await output([...bare, `${registry.address}/by-skopeo`], other), 'travelled');
});

test('skopeo reads the store, and converts to schema 2 what skiff then pulls', async () => {
  const images = join(place.store, 'images');
  assert.is((await outputOf(['skopeo', 'inspect', '--format', '{{.Digest}}', `oci:${images}:${source}:latest`])).trim(), digest);
  await outputOf(['skopeo', 'copy', '--src-tls-verify=false', '--dest-tls-verify=false', '--format', 'v2s2', `docker://${source}`, `docker://${registry.address}/schema2:latest`]);
  const text = await lookUp(registry.address, 'schema2/manifests/latest');
  matches(text, /vnd\.docker\.distribution\.manifest\.v2/);
  const other = newPlace();
  assert.is(digestIn(await output(['pull', `${registry.address}/schema2`], other)), sha256(text));
  assert.is(await output([...bare, `${registry.address}/schema2`], other), 'travelled');
  // What was pulled as schema 2 is pushed as schema 2: the digest says so.
  await output(['tag', `${registry.address}/schema2`, `${registry.address}/schema2-again`], other);
  matches(await output(['push', `${registry.address}/schema2-again`], other), new RegExp(`digest: ${sha256(text)} `));
});

test('podman pulls what skiff pushed and pushes what skiff pulls', async () => {
  if (!isThere('podman')) return skip('podman pulls what skiff pushed', 'podman is not installed');
  const podman = peer('podman');
  const target = `${registry.address}/for-podman`;
  await output(['tag', source, target], place);
  await output(['push', '-q', target], place);
  const id = (await outputOf([...podman, 'pull', '-q', '--tls-verify=false', target])).trim();
  assert.is(id, sha256(configOf(parts)).slice(7));
  await outputOf([...podman, 'push', '-q', '--tls-verify=false', target, `${registry.address}/by-podman:latest`]);
  const pushed = sha256(await lookUp(registry.address, 'by-podman/manifests/latest'));
  const other = newPlace();
  assert.is(digestIn(await output(['pull', `${registry.address}/by-podman`], other)), pushed);
  assert.is(await output(['images', '--no-trunc', '-q'], other), `${sha256(configOf(parts))}\n`);
  assert.is(await output([...bare, `${registry.address}/by-podman`], other), 'travelled');
  await outputOf([...podman, 'rmi', '-f', target]);
});

test('buildah pulls what skiff pushed, builds on it, and pushes what skiff pulls', async () => {
  if (!isThere('buildah')) return skip('buildah pulls what skiff pushed', 'buildah is not installed');
  const buildah = peer('buildah');
  const target = `${registry.address}/for-buildah`;
  await output(['tag', source, target], place);
  await output(['push', '-q', target], place);
  const container = (await outputOf([...buildah, 'from', '--tls-verify=false', target])).trim();
  await outputOf([...buildah, 'config', '--cmd', 'echo built', container]);
  for (const format of ['oci', 'docker']) {
    const name = `by-buildah-${format}`;
    await outputOf([...buildah, 'commit', '-q', '--format', format, container, name]);
    await outputOf([...buildah, 'push', '-q', '--tls-verify=false', name, `docker://${registry.address}/${name}:latest`]);
    const other = newPlace();
    assert.is(digestIn(await output(['pull', `${registry.address}/${name}`], other)), sha256(await lookUp(registry.address, `${name}/manifests/latest`)));
    assert.is(await output([...bare, `${registry.address}/${name}`], other), 'built\n');
  }
});

test('an index that buildah pushed: skiff takes this machine\'s image', async () => {
  if (!isThere('buildah')) return skip('an index that buildah pushed', 'buildah is not installed');
  const buildah = peer('buildah');
  const strange = await uploadImage(registry.address, 'strange:latest', { ...parts, platform: { os: 'linux', architecture: 'riscv64' } });
  await outputOf([...buildah, 'manifest', 'create', 'several']);
  for (const name of ['strange', 'source']) await outputOf([...buildah, 'manifest', 'add', '--tls-verify=false', 'several', `docker://${registry.address}/${name}:latest`]);
  await outputOf([...buildah, 'manifest', 'push', '--all', '--tls-verify=false', 'several', `docker://${registry.address}/several:latest`]);
  const text = await lookUp(registry.address, 'several/manifests/latest');
  const other = newPlace();
  assert.is(digestIn(await output(['pull', `${registry.address}/several`], other)), sha256(text));
  assert.is(await output([...bare, `${registry.address}/several`], other), 'travelled');
  await output(['pull', '-q', '--platform', 'linux/riscv64', `${registry.address}/several`], other);
  matches(text, new RegExp(strange.digest));
});

test('what skiff saves, skopeo pushes; what skopeo copies out, skiff loads', async () => {
  const directory = scratch();
  await output(['save', '-o', join(directory, 'saved.tar'), source], place);
  await outputOf(['skopeo', 'copy', '--dest-tls-verify=false', `docker-archive:${join(directory, 'saved.tar')}`, `docker://${registry.address}/saved:latest`]);
  const other = newPlace();
  await output(['pull', '-q', `${registry.address}/saved`], other);
  assert.is(await output([...bare, `${registry.address}/saved`], other), 'travelled');
  await outputOf(['skopeo', 'copy', '--src-tls-verify=false', '--preserve-digests', `docker://${source}`, `oci-archive:${join(directory, 'out.tar')}:${source}:latest`]);
  const loading = newPlace();
  await output(['load', '-q', '-i', join(directory, 'out.tar')], loading);
  assert.is(await output([...bare, '--pull', 'never', source], loading), 'travelled');
  await output(['tag', source, `${registry.address}/loaded`], loading);
  matches(await output(['push', `${registry.address}/loaded`], loading), new RegExp(`digest: ${digest} `));
});

test.run();
