import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseTemplate } from '../../src/core/go-template.ts';
import { toJson } from '../../src/core/go-template-functions.ts';
import { shownUrl } from '../../src/images/fetch-url.ts';
import { inspectedConfig } from '../../src/images/inspect-config.ts';
import { inspectImage } from '../../src/images/inspect.ts';
import { readIndex } from '../../src/images/layout.ts';
import { loadArchive } from '../../src/images/load.ts';
import { readOwnIndex } from '../../src/images/own-index.ts';
import { resolvePaths } from '../../src/system/paths.ts';
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

const digest = (byte: string): string => `sha256:${byte.repeat(32)}`;

/** An index of one full line and one short one, and what is changed of the first. */
const indexText = (changes: object = {}, notes: object = {}): string => {
  const annotations = { 'org.opencontainers.image.ref.name': 'quay.io/x:1', 'skiff.image.id': digest('aa'), 'skiff.image.created': '12', 'skiff.image.size': '34', 'skiff.image.remote': digest('bb'), ...notes };
  const first = { mediaType: 'm', digest: digest('cc'), size: 5, platform: { os: 'linux', architecture: 'arm', variant: 'v7' }, annotations, ...changes };
  const second = { mediaType: 'n', digest: digest('dd'), size: 6, annotations: { 'skiff.image.id': digest('ee'), 'skiff.image.created': '0', 'skiff.image.size': '7' } };
  return `${JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [first, second] })}\n`;
};

test('the index is read by its form where it has that, and by the codec where it has not, with one result', () => {
  const root = mkdtempSync(join(tmpdir(), 'skiff-index-'));
  const paths = resolvePaths({ HOME: root, XDG_RUNTIME_DIR: root }, root);
  mkdirSync(paths.images, { recursive: true });
  const read = (text: string): unknown => {
    writeFileSync(join(paths.images, 'index.json'), text);
    const { entries, damaged } = readIndex(paths);
    // Only the codec hands on the annotations, which nobody asks for.
    return { entries: entries.map(({ descriptor: { annotations: _, ...descriptor }, ...entry }) => ({ ...entry, descriptor })), damaged };
  };
  try {
    assert.is(readOwnIndex(indexText())?.length, 2);
    assert.equal(read(indexText()), read(` ${indexText()}`));
    assert.equal(readOwnIndex(indexText()), (read(indexText()) as { entries: unknown }).entries);
  } finally {
    rmSync(root, { recursive: true });
  }
  const others = [
    indexText({ size: -1 }), indexText({ size: 1.5 }), indexText({ size: 1e300 }), indexText({ digest: 'sha256:../x' }), indexText({ annotations: [] }), indexText({ platform: { os: 'linux' } }), indexText({ more: 1 }),
    indexText({}, { 'skiff.image.id': 'x' }), indexText({}, { 'skiff.image.size': '01' }), indexText({}, { 'skiff.image.remote': 'x' }), indexText({}, { 'org.opencontainers.image.ref.name': 'quoted"' }), indexText({}, { more: 'x' }),
    '', '{}', indexText().trim(), indexText().slice(0, -4), `${indexText()} `, indexText().replace('},{', '},,{'),
  ];
  for (const other of others) assert.is(readOwnIndex(other), undefined, other);
});

test('an address is shown without its password and its signature', () => {
  assert.is(shownUrl('https://user:secret@host:8443/a/b.tar?X-Signature=secret#secret'), 'https://host:8443/a/b.tar');
  assert.not.match(shownUrl('https://user:secret@'), 'secret');
});

test.run();
