/**
 * `skiff events` that goes on: several readers, `--until`, and the file being moved away under them.
 * @also-on-node
 * @one-driver
 * @time-limit 300
 */
import { appendFileSync, existsSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bare, eventually, importBusybox, output, removeAll, root } from './skiff.ts';
import { pause, start, startProgram } from './traces.ts';
import type { Started } from './traces.ts';

test.before(() => importBusybox());
test.after.each(removeAll);
/** Whoever a failed test leaves would keep this program. */
const readers = new Set<Started>();
test.after.each(() => readers.forEach(({ child }) => child.kill('SIGKILL')));

const host = (): string => join(root, 'hosts', readdirSync(join(root, 'hosts'))[0] ?? '');
const file = (): string => join(host(), 'events.jsonl');

/** A line of the file, as any writer makes it. */
const line = (name: string, milliseconds = Date.now()): string => {
  const nanoseconds = `${milliseconds}000000`;
  return `{"status":"start","id":"abc","from":"i","Type":"container","Action":"start","Actor":{"ID":"abc","Attributes":{"image":"i","name":"${name}"}},"scope":"local","time":${Math.floor(milliseconds / 1000)},"timeNano":${nanoseconds}}\n`;
};

interface Reader extends Started {
  readonly seen: () => readonly string[];
  readonly stop: () => Promise<void>;
}

/** A reader of the names in events, once it is there: events of the name `knock` are made until it shows one. */
const reader = async (...flags: readonly string[]): Promise<Reader> => {
  const started = start(['events', '--format', '{{.Actor.Attributes.name}} {{.Action}}', ...flags]);
  readers.add(started);
  let text = '';
  started.child.stdout?.on('data', (chunk: Buffer) => void (text += chunk.toString('latin1')));
  const lines = (): readonly string[] => text.split('\n').slice(0, -1);
  for (let tries = 0; lines().length === 0 && tries < 500; tries += 1) {
    appendFileSync(file(), line('knock'));
    await pause(20);
  }
  assert.ok(lines().length > 0, 'the reader is there');
  const stop = async (): Promise<void> => {
    started.child.kill('SIGTERM');
    await started.end;
  };
  return { ...started, seen: () => lines().filter((one) => !one.startsWith('knock ')), stop };
};

test('several readers see what happens, each with its own filter; the attributes are there as JSON', async () => {
  const all = await Promise.all([reader(), reader('-f', 'type=container'), reader('-f', 'event=start')]);
  output([...bare, '--name', 'watched', 'busybox', 'true']);
  const whole = ['create', 'attach', 'start', 'die', 'destroy'].map((action) => `watched ${action}`);
  await eventually('all have seen it', () => all.every(({ seen }, at) => seen().length === (at === 2 ? 1 : whole.length)));
  assert.equal(all.map(({ seen }) => seen()), [whole, whole, ['watched start']]);
  await Promise.all(all.map(({ stop }) => stop()));
  for (const { end } of all) assert.is((await end).stderr, '');
});

test('an event shows while its command still runs', async () => {
  const one = await reader('-f', 'container=long', '-f', 'container=knock');
  const command = start(['run', '--rm', '--network', 'none', '--name', 'long', 'busybox', 'sleep', '1000']);
  await eventually('its start shows', () => one.seen().includes('long start'));
  assert.is(command.child.exitCode, null);
  output(['kill', 'long']);
  await eventually('its end shows', () => one.seen().includes('long destroy'));
  await command.end;
  await one.stop();
});

test('--until ends a reader at that moment, and what came before is shown', async () => {
  const until = Math.ceil(Date.now() / 1000) + 3;
  const one = await reader('--until', String(until));
  appendFileSync(file(), line('before') + line('after', (until + 100) * 1000));
  const { status } = await one.end;
  assert.is(status, 0);
  assert.ok(Date.now() >= until * 1000, 'not before its time');
  assert.equal(one.seen().slice(-1), ['before start'], 'and what is stored before it');
});

test('--since and --until choose from what is stored, to the nanosecond, and end at once', () => {
  const base = 1_600_000_000;
  writeFileSync(file(), [0, 1, 2, 3].map((n) => line(`stored${n}`, (base + n) * 1000)).join(''));
  const shown = (...flags: readonly string[]): readonly string[] => output(['events', ...flags, '--format', '{{.Actor.Attributes.name}}']).split('\n').slice(0, -1);
  assert.equal(shown('--since', String(base + 1), '--until', String(base + 2)), ['stored1', 'stored2']);
  assert.equal(shown('--since', `${base + 1}.000000001`, '--until', `${base + 2}.999999999`), ['stored2']);
  assert.equal(shown('--since', new Date((base + 3) * 1000).toISOString(), '--until', '1h'), ['stored3']);
  assert.equal(shown('--until', String(base)), ['stored0']);
  rmSync(file());
  assert.equal(shown('--since', '1', '--until', '0s'), []);
});

test('--since goes on after what is stored', async () => {
  writeFileSync(file(), line('old', 1_600_000_000_000) + line('new'));
  const one = start(['events', '--since', '10m', '--format', '{{.Actor.Attributes.name}}']);
  readers.add(one);
  let text = '';
  one.child.stdout?.on('data', (chunk: Buffer) => void (text += chunk.toString()));
  await eventually('the stored one shows', () => text === 'new\n');
  appendFileSync(file(), line('next'));
  await eventually('the next one shows', () => text === 'new\nnext\n');
  one.child.kill('SIGTERM');
  await one.end;
});

test('a reader whose output nobody reads ends with the next event', async () => {
  const one = await reader();
  one.child.stdout?.destroy();
  await eventually('it ends', () => {
    appendFileSync(file(), line('more'));
    return one.child.exitCode !== null;
  });
  assert.is(one.child.exitCode, 141);
});

/** Appends COUNT lines to the file, a few at a time, as commands do: with open, one write, and the helper for a file that is full. */
const writer = `
const { openSync, writeSync, closeSync, fstatSync } = require('node:fs');
const { spawnSync } = require('node:child_process');
const [path, helper, name, count] = process.argv.slice(1);
const filler = 'x'.repeat(150);
const one = (n) => {
  const ns = String(Date.now()) + '000000';
  const fd = openSync(path, 'a', 0o600);
  writeSync(fd, '{"status":"start","id":"abc","from":"i","Type":"container","Action":"start","Actor":{"ID":"abc","Attributes":{"filler":"' + filler + '","image":"i","name":"' + name + '-' + n + '"}},"scope":"local","time":1,"timeNano":' + ns + '}\\n');
  const { size } = fstatSync(fd);
  closeSync(fd);
  if (size >= 1 << 20) spawnSync(helper, ['rotate-events', path]);
};
let n = 0;
const some = () => {
  for (let k = 0; k < 10 && n < Number(count); k++) one(n++);
  if (n < Number(count)) setTimeout(some, 10);
};
some();
`;

const inodeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.ino;
const linesIn = (path: string): number => readFileSync(path, 'utf8').split('\n').length - 1;

test('20,000 events of ten processes while the file is moved away again and again: none is lost, none comes twice', async () => {
  const [writers, each] = [10, 2000];
  const helper = join(dirname(process.env['SKIFF_BIN'] ?? ''), 'helpers/skiff-helper');
  assert.ok(existsSync(helper));
  const full = `${file()}.1`;
  rmSync(full, { force: true });
  writeFileSync(file(), '');
  const all = await Promise.all([reader('-f', 'event=start'), reader()]);
  const children = Array.from({ length: writers }, (_, n) => startProgram([process.execPath, '-e', writer, file(), helper, `w${n}`, String(each)]));
  let writing = true;
  const ended = Promise.all(children.map(({ end }) => end)).then((endings) => {
    writing = false;
    return endings;
  });
  // The file is given the age of ten seconds as soon as every reader is beyond it; that is the time that a reader has otherwise.
  const moved = new Map<number, number>();
  while (writing) {
    const inode = inodeOf(full);
    if (inode !== undefined && !moved.has(inode)) {
      await pause(50);
      moved.set(inode, linesIn(full));
    }
    const before = [...moved.values()].reduce((sum, count) => sum + count, 0);
    const old = Date.now() / 1000 - 60;
    if (inode !== undefined && all.every(({ seen }) => seen().length > before)) utimesSync(full, old, old);
    await pause(20);
  }
  for (const { status, stderr } of await ended) assert.equal({ status, stderr }, { status: 0, stderr: '' });
  assert.ok(moved.size >= 2, `moved ${moved.size} times`);
  const wanted = Array.from({ length: writers }, (_, w) => Array.from({ length: each }, (__, n) => `w${w}-${n} start`)).flat().sort();
  await eventually('all are shown', () => all.every(({ seen }) => seen().length >= wanted.length));
  for (const one of all) {
    assert.is(one.seen().length, wanted.length);
    assert.equal([...one.seen()].sort(), wanted);
    for (let w = 0; w < writers; w += 1) {
      const order = one.seen().flatMap((text) => (text.startsWith(`w${w}-`) ? [Number(/-(\d+) /.exec(text)?.[1])] : []));
      assert.equal(order, [...order].sort((a, b) => a - b), `those of w${w} are in their order`);
    }
    await one.stop();
    assert.is((await one.end).stderr, '');
  }
});

test('a file that is full is moved away by a command too, and what is stored in both is shown', () => {
  rmSync(`${file()}.1`, { force: true });
  writeFileSync(file(), line('first') + line('x'.repeat(1 << 20)));
  output(['tag', 'busybox', 'other:1']);
  assert.not(existsSync(file()));
  output(['tag', 'busybox', 'other:2']);
  assert.ok(existsSync(`${file()}.1`));
  const names = output(['events', '--since', '1', '--until', '0s', '--format', '{{printf "%.20s" .Actor.Attributes.name}}']).split('\n').slice(0, -1);
  assert.equal(names, ['first', 'x'.repeat(20), 'other:1', 'other:2']);
});

test.run();
