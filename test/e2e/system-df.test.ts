/**
 * `system df` against du(1): images with shared layers, containers, volumes, files that are sparse, have several names, or belong to others.
 * @one-driver
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { smallLayer } from '../make-image.ts';
import { containerDirectories, execute, importBusybox, importDebian, loadImage, output, removeAll, root, scratch, unshared } from './skiff.ts';

type Row = Readonly<Record<string, string>>;

const units: Readonly<Record<string, number>> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 };
/** `4.27MB` as bytes; it has three digits, which is half a per cent at worst. */
const bytesOf = (text = ''): number => {
  const [, digits, unit = ''] = /^([\d.]+)([kMG]?B)(?: \(\d+%\))?$/.exec(text) ?? [];
  assert.ok(digits !== undefined && unit in units, text);
  return Number(digits) * (units[unit] ?? 0);
};

/** What du(1) finds, run by somebody who may look everywhere; each file once. */
const du = (...paths: readonly string[]): number => {
  const { status, stdout, stderr } = execute([...unshared(), 'du', '-s', '-c', '--block-size=1', ...paths]);
  assert.is(status, 0, stderr);
  return Number(/^(\d+)\ttotal$/m.exec(stdout)?.[1]);
};

const agrees = (shown: number, wanted: number, what: string): void => assert.ok(Math.abs(shown - wanted) <= wanted * 0.01 + 5000, `${what}: ${shown} shown, du has ${wanted}`);

const summary = (): Readonly<Record<string, Row>> =>
  Object.fromEntries(output(['system', 'df', '--format', 'json']).trim().split('\n').map((line) => {
    const row = JSON.parse(line) as Row;
    return [row['Type'] ?? '', row];
  }));

const details = (): Readonly<Record<'Images' | 'Containers' | 'Volumes', readonly Row[]>> => JSON.parse(output(['system', 'df', '-v', '--format', 'json'])) as Readonly<Record<'Images' | 'Containers' | 'Volumes', readonly Row[]>>;

const layerDirectories = (): readonly string[] => ['layers', 'layers-single-uid'].map((name) => join(root, name)).filter((path) => readdirSync(root).includes(path.slice(root.length + 1)));

test.before(() => {
  importBusybox();
  importDebian();
  loadImage('one', {}, smallLayer('etc/one', 'x'.repeat(100_000)));
  loadImage('two', {}, smallLayer('etc/two', 'y'.repeat(300_000)));
});
test.after.each(removeAll);
test.after(() => void output(['system', 'prune', '-af']));

const inContainer = (name: string, image: string, script: string, ...flags: readonly string[]): void => void output(['run', '--name', name, '--network', 'none', ...flags, image, 'sh', '-c', script]);

test('images, containers and volumes each agree with du within one per cent, and so does their sum', () => {
  const script = 'dd if=/dev/urandom of=/big bs=1M count=20 2>&- && ln /big /same && dd if=/dev/zero of=/sparse bs=1 count=1 seek=1G 2>&- && mkdir -p /secret && dd if=/dev/urandom of=/secret/file bs=1M count=3 2>&- && chown -R 33:33 /secret && chmod -R go= /secret';
  inContainer('writes', 'busybox', script);
  const volume = join(root, 'volumes/data/_data');
  output(['volume', 'create', 'data']);
  output(['volume', 'create', 'unused']);
  inContainer('fills', 'busybox', script.replaceAll(' /', ' /v/').replaceAll('=/big', '=/v/big').replaceAll('=/s', '=/v/s'), '-v', 'data:/v');
  const rows = summary();
  agrees(bytesOf(rows['Images']?.['Size']), du(join(root, 'images'), ...layerDirectories()), 'images');
  agrees(bytesOf(rows['Containers']?.['Size']), du(...containerDirectories()), 'containers');
  agrees(bytesOf(rows['Local Volumes']?.['Size']), du(volume), 'volumes');
  const all = ['Images', 'Containers', 'Local Volumes'].reduce((sum, type) => sum + bytesOf(rows[type]?.['Size']), 0);
  agrees(all, du(root), 'everything');
  assert.equal([rows['Containers']?.['TotalCount'], rows['Local Volumes']?.['TotalCount'], rows['Local Volumes']?.['Active']], ['2', '2', '1']);
  // What a file with two names and a hole takes, and not what it says.
  const own = bytesOf(details().Containers.find(({ Names }) => Names === 'writes')?.['Size']);
  assert.ok(own > 23e6 && own < 26e6, `${own}`);
  const listed = details().Volumes.map(({ Name, Links, Size }) => [Name, Links, bytesOf(Size) > 23e6]);
  assert.equal(listed, [['data', '1', true], ['unused', '0', false]]);
  removeAll();
  assert.equal(details().Volumes.map(({ Links }) => Links), ['0', '0']);
  agrees(bytesOf(summary()['Local Volumes']?.['Reclaimable']?.replace(/ .*/, '')), du(volume), 'reclaimable');
  assert.match(summary()['Local Volumes']?.['Reclaimable'] ?? '', /\(100%\)$/);
  output(['volume', 'rm', 'data', 'unused']);
});

test('what images share counts once; shared and unique of each add up; what is reclaimable comes free', () => {
  const images = details().Images;
  const of = (name: string): Row => images.find(({ Repository }) => Repository === name) ?? {};
  for (const row of images) agrees(bytesOf(row['SharedSize']) + bytesOf(row['UniqueSize']), bytesOf(row['Size']), row['Repository'] ?? '');
  assert.ok(bytesOf(of('one')['SharedSize']) > 1e6 && of('one')['SharedSize'] === of('two')['SharedSize']);
  assert.ok(bytesOf(of('two')['UniqueSize']) - bytesOf(of('one')['UniqueSize']) > 150_000);
  const unique = images.reduce((sum, row) => sum + bytesOf(row['UniqueSize']), 0);
  agrees(unique + bytesOf(of('one')['SharedSize']), bytesOf(summary()['Images']?.['Size']), 'unique parts and what is shared');
  output(['create', '--name', 'holder', '--network', 'none', 'one', 'true']);
  const before = du(join(root, 'images'), ...layerDirectories());
  const promised = bytesOf(summary()['Images']?.['Reclaimable']?.replace(/ .*/, ''));
  output(['image', 'prune', '-af']);
  agrees(promised, before - du(join(root, 'images'), ...layerDirectories()), 'freed');
  assert.is(summary()['Images']?.['Active'], '1');
  removeAll();
});

test('what builds remember has its own line: once, and nothing of what images have; what is reclaimable comes free', () => {
  const place = scratch();
  writeFileSync(join(place, 'Dockerfile'), 'FROM busybox\nRUN head -c 5000000 /dev/urandom > /a\nRUN head -c 3000000 /dev/urandom > /b\n');
  output(['system', 'prune', '-f']);
  importBusybox();
  output(['build', '-q', '--network', 'none', '-t', 'built', place]);
  const whole = (): number => du(join(root, 'images'), ...layerDirectories());
  const imagesAnd = (): number => bytesOf(summary()['Images']?.['Size']) + bytesOf(summary()['Build Cache']?.['Size']);
  assert.equal([summary()['Build Cache']?.['TotalCount'], summary()['Build Cache']?.['Active'], summary()['Build Cache']?.['Size']], ['2', '2', '0B']);
  agrees(imagesAnd(), whole(), 'with the image');
  output(['rmi', 'built']);
  assert.equal([summary()['Build Cache']?.['Active'], summary()['Leftovers']], ['0', undefined]);
  agrees(imagesAnd(), whole(), 'without the image');
  const promised = bytesOf(summary()['Build Cache']?.['Reclaimable']);
  assert.ok(promised > 15.9e6, 'two layers, packed and unpacked');
  const rows = JSON.parse(output(['system', 'df', '-v', '--format', '{{json .BuildCache}}'])) as readonly Row[];
  assert.equal(rows.map(({ CacheType, Shared, Size }) => [CacheType, Shared, Math.round(bytesOf(Size) / 1e6)]), [['regular', 'false', 10], ['regular', 'false', 6]]);
  assert.match(output(['system', 'df', '-v']), /\nBuild cache usage: 16(\.\d)?MB\n\nCACHE ID +CACHE TYPE +SIZE +CREATED +LAST USED +USAGE +SHARED\n[0-9a-f]{12} +regular /);
  const findings = output(['doctor', '--format', '{{.Check}} {{.Level}}']);
  assert.match(findings, /^leftovers ok$/m);
  const before = whole();
  assert.match(output(['builder', 'prune', '-af']), /Total reclaimed space: 16(\.\d)?MB\n$/);
  agrees(promised, before - whole(), 'freed');
});

test('volumes whose data are elsewhere count, and have no size', () => {
  const place = join(root, '../elsewhere');
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'file'), Buffer.alloc(1 << 20, 1));
  output(['volume', 'create', '--opt', 'type=tmpfs', '--opt', 'device=tmpfs', 'memory']);
  output(['volume', 'create', '--label', 'a=b', '--opt', 'type=none', '--opt', 'o=bind', '--opt', `device=${place}`, 'bound']);
  const [bound, memory] = details().Volumes;
  assert.equal([bound?.['Name'], bound?.['Size'], bound?.['Labels'], bound?.['Driver']], ['bound', 'N/A', 'a=b', 'local']);
  assert.is(memory?.['Size'], 'N/A');
  assert.equal([summary()['Local Volumes']?.['TotalCount'], summary()['Local Volumes']?.['Size']], ['2', '0B']);
  assert.match(output(['system', 'df', '-v']), /\nLocal Volumes space usage:\n\nVOLUME NAME +LINKS +SIZE\nbound +0 +N\/A\nmemory +0 +N\/A\n/);
  output(['volume', 'rm', 'bound', 'memory']);
});

test.run();
