import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Output } from '../../src/cli/context.ts';
import { renderList } from '../../src/cli/format.ts';
import { imageFields, imageFormat, imageView } from '../../src/cli/images.ts';
import { loadedLines } from '../../src/cli/load.ts';
import type { ImageRow } from '../../src/images/list.ts';

const output: Output = { write: () => undefined, isTerminal: () => false, columns: () => 80 };
const now = Date.parse('2026-11-20T19:00:00Z');
const id = `sha256:${'ab'.repeat(32)}` as const;
const digest = `sha256:${'cd'.repeat(32)}` as const;
const named: ImageRow = { id, digest, repository: 'busybox', tag: 'latest', created: now - 3 * 3600_000, size: 4_270_000 };
const nameless: ImageRow = { id, created: 0, size: 0 };

const show = (images: readonly ImageRow[], options: { readonly format?: string; readonly noTrunc?: boolean; readonly digests?: boolean; readonly quiet?: boolean }) => {
  const { format, noTrunc = false, digests = false, quiet = false } = options;
  return renderList(imageView(digests), images.map((image) => imageFields(image, noTrunc, now)), { format: imageFormat({ format, quiet, digests }), noTrunc }, output);
};

test("the table has Docker's columns", async () => {
  const lines = (await show([named, nameless], {})).split('\n');
  assert.equal(lines[0]?.split(/ {2,}/), ['REPOSITORY', 'TAG', 'IMAGE ID', 'CREATED', 'SIZE']);
  assert.equal(lines[1]?.split(/ {2,}/), ['busybox', 'latest', 'abababababab', '3 hours ago', '4.27MB']);
  assert.equal(lines[2]?.split(/ {2,}/), ['<none>', '<none>', 'abababababab', 'N/A', '0B']);
});

test('--digests, --no-trunc and --quiet', async () => {
  assert.equal((await show([named], { digests: true })).split('\n')[0]?.split(/ {2,}/), ['REPOSITORY', 'TAG', 'DIGEST', 'IMAGE ID', 'CREATED', 'SIZE']);
  assert.match(await show([named], { digests: true }), digest);
  assert.match(await show([named], { noTrunc: true }), id);
  assert.is(await show([named, nameless], { quiet: true }), 'abababababab\nabababababab\n');
  assert.is(await show([named], { quiet: true, noTrunc: true }), `${id}\n`);
  assert.is(await show([named], { quiet: true, digests: true, format: 'table' }), 'abababababab\n');
});

test('templates win over --quiet and get the digest column where they are tables', async () => {
  assert.is(await show([named], { quiet: true, format: '{{.Repository}}:{{.Tag}}' }), 'busybox:latest\n');
  assert.is(await show([named], { format: '{{.CreatedAt}}' }), '2026-11-20 16:00:00 +0000 UTC\n');
  assert.equal((await show([named], { digests: true, format: 'table {{.Tag}}' })).split('\n')[1]?.split(/ {2,}/), ['latest', digest]);
  assert.is(await show([named], { digests: true, format: '{{.Tag}}' }), 'latest\n');
  assert.equal(JSON.parse(await show([nameless], { format: 'json' })), {
    Containers: 'N/A', CreatedAt: 'N/A', CreatedSince: 'N/A', Digest: '<none>', ID: 'abababababab', Repository: '<none>', SharedSize: 'N/A', Size: '0B', Tag: '<none>', UniqueSize: 'N/A',
  });
});

test('load tells of each name, in short, and of names taken away', () => {
  const stored = { id, manifestDigest: digest, names: [], replaced: [] };
  assert.equal(loadedLines(stored), [`Loaded image ID: ${id}`]);
  assert.equal(loadedLines({ ...stored, names: ['docker.io/library/busybox:latest', 'quay.io/a/b:1'] }), ['Loaded image: busybox:latest', 'Loaded image: quay.io/a/b:1']);
  assert.equal(loadedLines({ ...stored, names: ['docker.io/library/a:1'], replaced: [{ name: 'docker.io/library/a:1', id: digest }] }), [
    'The image a:1 already exists, renaming the old one with ID cdcdcdcdcdcd to empty string',
    'Loaded image: a:1',
  ]);
});

test.run();
