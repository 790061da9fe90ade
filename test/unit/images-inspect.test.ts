import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseTemplate } from '../../src/core/go-template.ts';
import { toJson } from '../../src/core/go-template-functions.ts';
import { shownUrl } from '../../src/images/fetch-url.ts';
import { inspectedConfig } from '../../src/images/inspect-config.ts';
import { inspectImage } from '../../src/images/inspect.ts';
import { knownDescriptor } from '../../src/images/known-line.ts';
import { loadArchive } from '../../src/images/load.ts';
import { right } from '../harness.ts';
import { makeStore, ociArchive, smallLayer } from '../make-image.ts';

test('members that are empty are there for templates and, where Docker omits them, not in JSON', () => {
  const config = inspectedConfig({ Cmd: ['sh'], Labels: { b: '2', a: '1' } });
  const json = JSON.parse(toJson(config)) as Record<string, unknown>;
  assert.equal(Object.keys(json['Labels'] as object), ['a', 'b']);
  assert.equal([json['Volumes'], json['Env'], 'Healthcheck' in json, 'ExposedPorts' in json, 'Shell' in json], [null, null, false, false, false]);
  assert.is(parseTemplate('{{.Healthcheck}} {{.Cmd}} {{.Labels.a}} {{.Labels.none}}')(config), '<nil> [sh] 1 <no value>');
  assert.equal(JSON.parse(toJson(inspectedConfig({ ExposedPorts: { '80/tcp': {} }, Healthcheck: { Test: ['NONE'] } })))['ExposedPorts'], { '80/tcp': {} });
});

test('an image is found by each of its names and tells of all of them', async () => {
  const { paths, host, directory, remove } = makeStore();
  try {
    const archive = join(directory, 'in.tar');
    writeFileSync(archive, ociArchive({ layers: [smallLayer('a', 'a'), smallLayer('b', 'b')], names: ['docker.io/library/a:1', 'quay.io/x/y:2'], config: { Env: ['A=b'] } }));
    right(await loadArchive(paths, host, { input: archive })());
    const result = inspectImage(paths, 'quay.io/x/y:2');
    if ('_tag' in result) throw new Error(JSON.stringify(result));
    const data = JSON.parse(toJson(result.data)) as Record<string, Record<string, Record<string, string>>>;
    assert.equal(data['RepoTags'], ['a:1', 'quay.io/x/y:2']);
    assert.is((data['RepoDigests'] as unknown as string[]).length, 2);
    assert.equal(data['Config']?.['Env'], ['A=b']);
    const { LowerDir, UpperDir } = data['GraphDriver']?.['Data'] ?? {};
    const layers = data['RootFS']?.['Layers'] as unknown as string[];
    assert.ok(LowerDir?.includes(layers[0]?.slice(7) ?? '?') && UpperDir?.includes(layers[1]?.slice(7) ?? '?'));
    const missing = inspectImage(paths, 'nosuch');
    assert.is('_tag' in missing && missing._tag, 'NotFound');
    const other = inspectImage(paths, 'a:1', { os: 'linux', architecture: 's390x' });
    assert.is('_tag' in other && other._tag, 'Refused');
  } finally {
    remove();
  }
});

test('the way around the codec takes only what the codec takes as it is', () => {
  const digest = `sha256:${'ab'.repeat(32)}`;
  const line = { mediaType: 'm', digest, size: 1, annotations: { a: 'b' }, platform: { os: 'linux', architecture: 'amd64' } };
  assert.is(knownDescriptor(line), line);
  const others = [null, [], { ...line, size: -1 }, { ...line, size: 1.5 }, { ...line, digest: 'sha256:../x' }, { ...line, annotations: { a: 1 } }, { ...line, annotations: [] }, { ...line, platform: { os: 'linux' } }, { ...line, platform: null }];
  for (const other of others) assert.is(knownDescriptor(other), undefined, JSON.stringify(other));
});

test('an address is shown without its password and its signature', () => {
  assert.is(shownUrl('https://user:secret@host:8443/a/b.tar?X-Signature=secret#secret'), 'https://host:8443/a/b.tar');
  assert.not.match(shownUrl('https://user:secret@'), 'secret');
});

test.run();
