import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nameQualifier, qualifier } from '../../src/cli/qualify.ts';
import { resolvePaths } from '../../src/system/paths.ts';

const hex = 'a'.repeat(64);
const empty = resolvePaths({ SKIFF_ROOT: '/nonexistent' });
const corp = { defaultRegistry: 'registry.corp:5000' };

test('with Docker Hub as the default nothing changes', () => {
  const hub = { defaultRegistry: 'docker.io' };
  for (const word of ['busybox', 'user/x:1', '93fd', 'quay.io/x', 'UPPER', '']) {
    assert.is(qualifier(hub, empty)(word), word);
    assert.is(nameQualifier(hub)(word), word);
  }
});

test('short names get the default registry, all others stay', () => {
  const cases: readonly (readonly [word: string, qualified: string])[] = [
    ['busybox', 'registry.corp:5000/busybox'],
    ['busybox:1.36', 'registry.corp:5000/busybox:1.36'],
    ['library/x', 'registry.corp:5000/library/x'],
    ['user/x:v1', 'registry.corp:5000/user/x:v1'],
    [`busybox@sha256:${hex}`, `registry.corp:5000/busybox@sha256:${hex}`],
    ['quay.io', 'registry.corp:5000/quay.io'],
    ['localhost:5000', 'registry.corp:5000/localhost:5000'],
    ['docker.io/busybox', 'docker.io/busybox'],
    ['index.docker.io/busybox', 'index.docker.io/busybox'],
    ['quay.io/x', 'quay.io/x'],
    ['localhost/x', 'localhost/x'],
    ['[::1]:5000/x', '[::1]:5000/x'],
    ['hello', 'hello'],
    ['hello:latest', 'hello:latest'],
    ['library/hello', 'library/hello'],
    ['hello:2', 'registry.corp:5000/hello:2'],
    ['hello-world', 'registry.corp:5000/hello-world'],
    [hex, hex],
    [`sha256:${hex}`, `sha256:${hex}`],
    ['UPPER', 'UPPER'],
    ['a b', 'a b'],
    ['', ''],
  ];
  for (const [word, qualified] of cases) assert.is(qualifier(corp, empty)(word), qualified, word);
});

test('a word of hexadecimal digits is an id where there may be one, a name where there may not', () => {
  for (const word of ['cafe', '93fd', 'a', '1234567890ab']) {
    assert.is(qualifier(corp, empty)(word), word);
    assert.is(nameQualifier(corp)(word), `registry.corp:5000/${word}`);
  }
  assert.is(qualifier(corp, empty)('sha256:93fd'), 'sha256:93fd');
  assert.is(qualifier(corp, empty)('cafe:1'), 'registry.corp:5000/cafe:1');
  assert.is(nameQualifier(corp)(hex), hex);
});

test('an image that is stored under such a name goes before an id', () => {
  const root = mkdtempSync(join(tmpdir(), 'qualify-'));
  try {
    const paths = resolvePaths({ SKIFF_ROOT: root });
    mkdirSync(paths.images, { recursive: true });
    const annotations = { 'org.opencontainers.image.ref.name': 'registry.corp:5000/cafe:latest', 'skiff.image.id': `sha256:${hex}` };
    const manifests = [{ mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: `sha256:${hex}`, size: 1, annotations }];
    writeFileSync(join(paths.images, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
    assert.is(qualifier(corp, paths)('cafe'), 'registry.corp:5000/cafe');
    assert.is(qualifier(corp, paths)('caff'), 'caff');
  } finally {
    rmSync(root, { recursive: true });
  }
});

test.run();
