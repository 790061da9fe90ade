import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { listImages } from '../../src/images/list.ts';
import { resolvePaths } from '../../src/system/paths.ts';

const root = mkdtempSync(join(tmpdir(), 'skiff-list-'));
const paths = resolvePaths({ HOME: root, XDG_RUNTIME_DIR: root }, root);
const digest = (digits: string): string => `sha256:${digits.repeat(32)}`;

const line = (digits: string, created: string, name?: string, remote?: string): unknown => ({
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: digest(digits),
  size: 1,
  annotations: {
    ...(name === undefined ? {} : { 'org.opencontainers.image.ref.name': name }),
    'skiff.image.id': digest(digits),
    'skiff.image.created': String(Date.parse(created)),
    'skiff.image.size': '1',
    ...(remote === undefined ? {} : { 'skiff.image.remote': remote }),
  },
});

test.before(() => {
  mkdirSync(paths.images, { recursive: true });
  const manifests = [
    line('aa', '2026-01-01', 'docker.io/library/old:1', digest('11')),
    line('bb', '2026-03-01', 'quay.io/x/new:2'),
    line('cc', '2026-02-01'),
    line('dd', '2026-02-02', `docker.io/library/lost@${digest('dd')}`, digest('dd')),
    { digest: 'sha256:../../x' },
  ];
  writeFileSync(join(paths.images, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
});
test.after(() => rmSync(root, { recursive: true }));

const rows = (...filters: readonly string[]) => {
  const list = listImages(paths, { filters });
  if ('_tag' in list) throw new Error(JSON.stringify(list));
  return list;
};
const ids = (...filters: readonly string[]): string => rows(...filters).rows.map(({ id }) => id.slice(7, 9)).join(' ');

test('newest first, with the digest of the registry where there is one and none without a name; a damaged line is told of', () => {
  const { rows: all, warnings } = rows();
  assert.equal(all.map(({ repository, tag, digest: shown }) => [repository, tag, shown]), [
    ['quay.io/x/new', '2', digest('bb')],
    ['lost', undefined, digest('dd')],
    [undefined, undefined, undefined],
    ['old', '1', digest('11')],
  ]);
  assert.is(warnings.length, 1);
});

test('filters', () => {
  assert.is(ids('dangling=true'), 'dd cc');
  assert.is(ids('dangling=false'), 'bb aa');
  assert.is(ids('until=2026-02-15'), 'dd cc aa');
  assert.is(ids('until=1h', 'reference=old'), 'aa');
  assert.is(ids('before=quay.io/x/new:2', 'since=old:1'), 'dd cc');
  assert.is(ids('reference=quay.io/*/new', 'reference=old:1'), 'bb aa');
  for (const filter of ['until=soon', 'x=y', 'dangling=maybe', 'dangling=constructor', 'before=nosuch']) assert.ok('_tag' in listImages(paths, { filters: [filter] }), filter);
});

test.run();
