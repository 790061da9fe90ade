/**
 * `skiff ps`: columns, choices, filters and formats.
 * @also-on-node
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { containerDirectories, importBusybox, loadImage, output, removeAll, scratch, skiff } from './skiff.ts';

const start = (name: string, ...flags: readonly string[]): string => output(['run', '-d', '--network', 'none', '--name', name, ...flags, 'busybox', 'sleep', '1000']).trim();
const end = (name: string, code: number, ...flags: readonly string[]): void => void skiff(['run', '--network', 'none', '--name', name, ...flags, 'busybox', 'sh', '-c', `exit ${code}`]);

let ids: Readonly<Record<string, string>> = {};

test.before(() => {
  importBusybox();
  end('gone0', 0, '-l', 'tier=web');
  end('gone3', 3);
  ids = { one: start('one', '-l', 'tier=web', '-l', 'own'), two: start('two', '-l', 'tier=db') };
});
test.after(removeAll);

const names = (...words: readonly string[]): readonly string[] => output(['ps', '--format', '{{.Names}}', ...words]).trim().split('\n').filter((name) => name !== '');

test('the table: newest first, with Docker\'s headings, aligned', () => {
  const lines = output(['ps', '-a']).trimEnd().split('\n');
  assert.match(lines[0] ?? '', /^CONTAINER ID {3}IMAGE {5}COMMAND +CREATED +STATUS +PORTS +NAMES$/);
  assert.match(lines[1] ?? '', new RegExp(`^${ids['two']?.slice(0, 12)} {3}busybox {3}"sleep 1000" +(Less than a second|\\d+ seconds?|About a minute) ago +Up .* +two$`));
  assert.match(lines[3] ?? '', /"sh -c 'exit 3'"/);
  assert.match(lines[3] ?? '', /Exited \(3\) .* ago +gone3$/);
  const at = (lines[0] ?? '').indexOf('NAMES');
  assert.equal(lines.slice(1).map((line) => line.slice(at)), ['two', 'one', 'gone3', 'gone0']);
});

test('which: running ones, all, the last ones, the latest', () => {
  assert.equal(names(), ['two', 'one']);
  assert.equal(names('-a'), ['two', 'one', 'gone3', 'gone0']);
  assert.equal(names('-l'), ['two']);
  assert.equal(names('-n', '3'), ['two', 'one', 'gone3']);
  assert.equal(names('--last=1'), ['two']);
  assert.equal(names('-n', '-1'), ['two', 'one']);
  assert.equal(names('-n', '0'), ['two', 'one']);
  assert.equal(names('-l', '-n', '2'), ['two', 'one']);
});

test('-q and --no-trunc', () => {
  assert.is(output(['ps', '-q']), `${ids['two']?.slice(0, 12)}\n${ids['one']?.slice(0, 12)}\n`);
  assert.is(output(['ps', '-q', '--no-trunc']), `${ids['two']}\n${ids['one']}\n`);
  assert.match(output(['ps', '--no-trunc']), `${ids['one']}`);
});

test('filters', () => {
  assert.equal(names('-f', 'name=o'), ['two', 'one']);
  assert.equal(names('-f', 'name=^one$'), ['one']);
  assert.equal(names('-f', 'name=one', '-f', 'name=two'), ['two', 'one']);
  assert.equal(names('-f', `id=${ids['one']?.slice(0, 5)}`), ['one']);
  assert.equal(names('-f', 'label=own'), ['one']);
  assert.equal(names('-f', 'label=tier=web'), ['one']);
  assert.equal(names('-a', '-f', 'label=tier=web'), ['one', 'gone0']);
  assert.equal(names('-f', 'label=tier', '-f', 'label=own'), ['one']);
  assert.equal(names('-f', 'status=exited'), ['gone3', 'gone0']);
  assert.equal(names('-f', 'status=exited', '-f', 'status=running'), ['two', 'one', 'gone3', 'gone0']);
  assert.equal(names('-a', '-f', 'exited=3'), ['gone3']);
  assert.equal(names('-f', 'ancestor=busybox'), ['two', 'one']);
  assert.equal(names('-f', 'ancestor=nothing'), []);
  assert.equal(names('-a', '-f', 'before=one'), ['gone3', 'gone0']);
  assert.equal(names('-a', '-f', 'since=gone3'), ['two', 'one']);
});

test('filters of what a container is made of and connected to', () => {
  const directory = scratch();
  loadImage('parent', { Cmd: ['sleep', '1000'], ExposedPorts: { '80/tcp': {} } });
  output(['run', '-d', '--name', 'rich', '-v', `${directory}:/data:ro`, '--expose', '53/udp', 'parent']);
  output(['commit', 'rich', 'child']);
  output(['run', '-d', '--network', 'none', '--name', 'heir', 'child', 'sleep', '1000']);
  try {
    assert.equal(names('-f', 'volume=/data'), ['rich']);
    assert.equal(names('-f', `volume=${directory}`), ['rich']);
    assert.equal(names('-f', 'volume=/dat'), []);
    assert.equal(names('-f', 'network=bridge'), ['rich']);
    assert.equal(names('-f', 'network=none', '-f', 'name=heir'), ['heir']);
    assert.equal(names('-f', 'expose=80'), ['rich']);
    assert.equal(names('-f', 'expose=50-60/udp'), ['rich']);
    assert.equal(names('-f', 'expose=53'), []);
    assert.equal(names('-f', 'publish=80'), []);
    assert.equal(names('-f', 'ancestor=parent'), ['heir', 'rich']);
    assert.equal(names('-f', 'ancestor=child'), ['heir']);
    assert.equal(names('-f', `ancestor=${output(['images', '-q', 'parent']).trim()}`, '-f', 'name=rich'), ['rich']);
    assert.equal(names('-f', 'health=none', '-f', 'name=rich'), ['rich']);
    assert.equal(names('-f', 'health=healthy'), []);
    assert.equal(names('-f', 'is-task=true'), []);
    assert.equal(names('-f', 'is-task=false', '-f', 'isolation=default', '-f', 'name=one'), ['one']);
    assert.match(output(['ps', '--format', '{{.Mounts}} {{.LocalVolumes}} {{.Platform}}', '-f', 'name=rich']), /^\/\S{13}… 0 linux\/\w+\n$/);
    assert.is(output(['ps', '--no-trunc', '--format', '{{.Mounts}}', '-f', 'name=rich']), `${directory}\n`);
    assert.is(JSON.parse(output(['ps', '--no-trunc', '--format', 'json', '-f', 'name=rich'])).Mounts, directory);
  } finally {
    output(['rm', '-f', 'rich', 'heir']);
  }
});

test('an image that has lost its name to another one is shown by its id', () => {
  loadImage('moving', { Cmd: ['sleep', '1000'], Labels: { version: '1' } });
  const id = output(['images', '-q', '--no-trunc', 'moving']).trim();
  output(['run', '-d', '--network', 'none', '--name', 'by-name', 'moving']);
  output(['run', '-d', '--network', 'none', '--name', 'by-id', id.slice(7, 15)]);
  const images = (...words: readonly string[]): string => output(['ps', '--format', '{{.Names}} {{.Image}}', '-f', 'name=by-', ...words]);
  try {
    assert.is(images(), `by-id ${id.slice(7, 15)}\nby-name moving\n`);
    loadImage('moving', { Cmd: ['sleep', '1000'], Labels: { version: '2' } });
    assert.is(images(), `by-id ${id.slice(7, 15)}\nby-name ${id.slice(7, 19)}\n`);
    assert.is(images('--no-trunc'), `by-id ${id.slice(7, 15)}\nby-name ${id}\n`);
    assert.is(output(['inspect', '-f', '{{.Config.Image}}', 'by-name']), 'moving\n');
    output(['tag', id, 'moving']);
    assert.is(images(), `by-id ${id.slice(7, 15)}\nby-name moving\n`);
  } finally {
    output(['rm', '-f', 'by-name', 'by-id']);
  }
});

test('-q comes before --format, and says so', () => {
  const { status, stdout, stderr } = skiff(['ps', '-q', '--format', '{{.Names}}', '-f', 'name=one']);
  assert.equal([status, stdout], [0, `${ids['one']?.slice(0, 12)}\n`]);
  assert.match(stderr, /Ignoring custom format, because both --format and --quiet are set/);
});

test('filters that make no sense are one line and 1; a word that is no filter at all is 125, as in Docker', () => {
  const failing = (filter: string, code: number): void => {
    const { status, stdout, stderr } = skiff(['ps', '-a', '-f', filter]);
    assert.equal({ status, stdout }, { status: code, stdout: '' }, filter);
    assert.match(stderr, /^skiff: [^\n]+\n$/);
  };
  for (const filter of ['colour=red', 'status=asleep', 'health=ill', 'exited=x', 'name=(', 'before=nobody', 'expose=80:80', 'publish=http', 'is-task=maybe']) failing(filter, 1);
  failing('name', 125);
});

test('formats', () => {
  assert.is(output(['ps', '--format', '{{.ID}} {{.Image}} {{.State}} {{.Label "tier"}}']), `${ids['two']?.slice(0, 12)} busybox running db\n${ids['one']?.slice(0, 12)} busybox running web\n`);
  assert.is(output(['ps', '-a', '--format', 'table {{.Names}}\t{{.State}}']), 'NAMES     STATE\ntwo       running\none       running\ngone3     exited\ngone0     exited\n');
  const rows = output(['ps', '--format', 'json']).trim().split('\n').map((line) => JSON.parse(line));
  assert.equal(rows.map(({ Names, State, Image, Labels }) => [Names, State, Image, Labels]), [['two', 'running', 'busybox', 'tier=db'], ['one', 'running', 'busybox', rows[1].Labels]]);
  assert.equal(rows[1].Labels.split(',').sort(), ['own=', 'tier=web']);
  for (const key of ['ID', 'Command', 'CreatedAt', 'RunningFor', 'Status', 'Ports', 'Networks', 'Mounts', 'LocalVolumes', 'Platform', 'Size']) assert.type(rows[0][key], 'string', key);
  for (const format of ['{{.Nothing}}', '{{.Host}}', '{{.ID']) assert.is(skiff(['ps', '--format', format]).status, 1, format);
});

test('--size: what was written, and with the image', () => {
  const image = Number(output(['image', 'inspect', '-f', '{{.Size}}', 'busybox']));
  output(['exec', 'one', 'sh', '-c', 'head -c 5000 /dev/zero > /a; ln /a /b; mkdir /c; ln -s /a /d']);
  const sizes = output(['ps', '--format', '{{.Names}} {{.Size}}']).trimEnd().split('\n');
  assert.match(sizes[0] ?? '', /^two 0B \(virtual \d+(\.\d+)?MB\)$/);
  assert.match(sizes[1] ?? '', /^one 5kB \(virtual \d+(\.\d+)?MB\)$/);
  assert.is(output(['inspect', '-s', '-f', '{{.SizeRw}} {{.SizeRootFs}}', 'one']), `5002 ${image + 5002}\n`);
  const lines = output(['ps', '-s']).trimEnd().split('\n');
  assert.match(lines[0] ?? '', /NAMES +SIZE$/);
  assert.match(lines[2] ?? '', /one +5kB \(virtual \S+\)$/);
});

test('a damaged record is named and takes no other down with it', () => {
  end('broken', 0);
  const directory = containerDirectories().find((path) => output(['ps', '-aq', '--no-trunc', '-f', 'name=broken']).trim() === path.slice(-64)) ?? '';
  for (const file of ['state.json', 'spec.json']) {
    writeFileSync(join(directory, file), '{"damaged');
    const { status, stdout, stderr } = skiff(['ps', '-a', '--format', '{{.Names}}']);
    assert.equal({ status, stdout }, { status: 0, stdout: 'two\none\ngone3\ngone0\n' });
    assert.match(stderr, new RegExp(`^skiff: .*${file} is damaged: [^\\n]*\\n$`));
  }
  assert.is(skiff(['rm', 'broken']).status, 1);
  output(['rm', '-f', 'broken']);
});

test.run();
