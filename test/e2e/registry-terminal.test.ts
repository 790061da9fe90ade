/**
 * Pulls, pushes and `login` at a real terminal: what is drawn, how it is left, and what Ctrl-C does.
 * @one-driver
 * @time-limit 300
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../make-image.ts';
import { flipped, slow, status } from '../registry/faults.ts';
import { startProxy, requestsTo } from '../registry/proxy.ts';
import type { Proxy } from '../registry/proxy.ts';
import { matches, newPlace, output, storeState } from '../registry/run.ts';
import type { Place } from '../registry/run.ts';
import { gzipBusybox, noiseLayer } from '../registry/samples.ts';
import { startRegistry } from '../registry/server.ts';
import type { TestRegistry } from '../registry/server.ts';
import { atOwnTerminal, pictureOf } from '../registry/terminal.ts';
import { uploadImage } from '../registry/upload.ts';
import { ctrl, shellSkiff } from './pty.ts';
import type { Session } from './pty.ts';
import { scratch, skiffCommand } from './skiff.ts';

const layers = [gzipBusybox(), noiseLayer('second', 900_000), noiseLayer('third', 500_000)];
const short = (layer: Buffer): string => sha256(layer).slice(7, 19);
const blob = /blobs\/sha256/;
const second = new RegExp(`blobs/${sha256(layers[1] ?? '')}$`);

let registry: TestRegistry;
let proxy: Proxy;
let name: string;
let place: Place;

test.before(async () => {
  registry = await startRegistry();
  proxy = await startProxy(registry.address);
  name = `${proxy.address}/drawn:latest`;
  await uploadImage(registry.address, 'drawn:latest', { layers, config: { Cmd: ['echo', 'whole'] } });
});
test.before.each(() => {
  place = newPlace();
  proxy.use({ path: blob, fault: slow(600_000) });
});
test.after(async () => {
  await proxy.stop();
  await registry.stop();
});

const skiffAt = (args: readonly string[], steps: readonly string[] = [], size?: string): Promise<Session> => atOwnTerminal([...skiffCommand, ...args], steps, size, place);

/** The lines of layers, each as often as it was written. */
const drawnLines = (screen: string): readonly string[] => screen.split(/\u001b\[[?\d]*[A-Za-z]|[\r\n]+/).filter((line) => /^[0-9a-f]{12}: /.test(line));
const hides = '\u001b[?25l';

test('bars are redrawn in place, and every layer is shown once in the end', async () => {
  const { status: code, mode, screen } = await skiffAt(['pull', name]);
  assert.equal({ code, mode }, { code: 0, mode: 'cooked' });
  const { lines, isCursorShown } = pictureOf(screen);
  assert.equal(lines.slice(0, 4), ['latest: Pulling from drawn', ...layers.map((layer) => `${short(layer)}: Pull complete`)]);
  matches(lines.slice(4).join('\n'), /^Digest: sha256:[0-9a-f]{64}\nStatus: Downloaded newer image for .*\n.*\n$/);
  assert.ok(isCursorShown && screen.includes(hides));
  for (const layer of layers) {
    const bars = drawnLines(screen).filter((line) => new RegExp(`^${short(layer)}: Downloading +\\[=*>? *\\] +[\\d.]+k?M?B/[\\d.]+[kM]B`).test(line));
    assert.ok(new Set(bars).size >= 3, `bars of ${short(layer)}:\n${bars.join('\n')}`);
  }
  matches(screen, /Downloading \[=+> *\] .* \d[\d.]*kB\/s \d+s/, 'speed and time left');
});

for (const columns of [40, 20, 8]) {
  test(`no line of a layer wraps at ${columns} columns`, async () => {
    const { status: code, screen } = await skiffAt(['pull', name], [], `24x${columns}`);
    assert.is(code, 0);
    const widest = Math.max(...screen.split(/\u001b\[[?\d]*[A-Za-z]|[\r\n]+/).filter((line) => layers.some((layer) => line.startsWith(short(layer).slice(0, 7)))).map((line) => line.length));
    assert.ok(widest > 0 && widest < columns, `${widest} columns`);
    const ends = pictureOf(screen, [24, columns]).lines.filter((line) => layers.some((layer) => line.startsWith(short(layer).slice(0, 7))));
    assert.equal(ends, layers.map((layer) => `${short(layer)}: Pull complete`.slice(0, columns - 1).trimEnd()).map((line, at) => (ends[at]?.endsWith('…') === true ? `${line.slice(0, -1)}…` : line)));
  });
}

test('where there are more layers than rows they are counted, and nothing scrolls away until the end', async () => {
  const { status: code, screen } = await skiffAt(['pull', name], [], '3x80');
  assert.is(code, 0);
  matches(screen, /[012] of 3 layers done/);
  const shown = pictureOf(screen, [3, 80]).lines.filter((line) => /layers done|^[0-9a-f]{12}: /.test(line));
  assert.equal(shown, layers.map((layer) => `${short(layer)}: Pull complete`));
});

test('an error comes below the layers, on a line of its own, with the cursor back', async () => {
  for (const fault of [flipped, status(403)]) {
    place = newPlace();
    proxy.use({ path: second, fault }, { path: blob, fault: slow(600_000) });
    const { status: code, mode, screen } = await skiffAt(['pull', name]);
    assert.equal({ code, mode }, { code: 1, mode: 'cooked' });
    const { lines, isCursorShown } = pictureOf(screen, [24, 80]);
    assert.ok(isCursorShown);
    assert.is(lines.filter((line) => line.startsWith('skiff: ')).length, 1, lines.join('\n'));
    for (const layer of layers) assert.is(lines.filter((line) => line.startsWith(`${short(layer)}: `)).length, 1, lines.join('\n'));
  }
});

test('Ctrl-C ends a pull by its signal, with the cursor back, and the next one goes on from there', async () => {
  const { killedBy, mode, screen } = await skiffAt(['pull', name], ['expect:MB/', 'expect:=>', `send:${ctrl('C')}`]);
  assert.equal({ killedBy, mode }, { killedBy: 2, mode: 'cooked' });
  assert.ok(pictureOf(screen).isCursorShown && screen.includes(hides));
  const { index, partial } = storeState(place.store);
  assert.is(index, '');
  assert.ok(partial.length > 0);
  proxy.use();
  await output(['pull', '-q', name], place);
  assert.ok(requestsTo(proxy, blob).some(({ headers }) => /^bytes=[1-9]/.test(headers.range ?? '')), 'nothing was gone on with');
  assert.equal(storeState(place.store).partial, []);
});

test('Ctrl-Z gives the cursor to the shell, and fg goes on drawing', async () => {
  const { status: code, screen } = await atOwnTerminal(['sh', '-i'], [
    'send:PS1=host:\r', 'expect:host:', `send:${shellSkiff('pull', name)}\r`, 'expect:=>', `send:${ctrl('Z')}`, 'expect:Stopped', 'expect:host:',
    'send:fg\r', 'expect:Pull complete', 'expect:Status: Downloaded', 'expect:host:', 'send:exit $?\r',
  ], '24x300', place);
  assert.is(code, 0);
  const [before = '', after = ''] = screen.split('Stopped');
  assert.ok(pictureOf(before, [24, 300]).isCursorShown && before.includes(hides));
  assert.ok(after.includes(hides));
});

test('a dumb terminal and a pipe get plain lines', async () => {
  const dumb = await atOwnTerminal([...skiffCommand, 'pull', name], [], '24x80', { env: { ...place.env, TERM: 'dumb' } });
  place = newPlace();
  const piped = await atOwnTerminal(['sh', '-c', `${shellSkiff('pull', name)} | cat`], [], '24x80', place);
  for (const { status: code, screen } of [dumb, piped]) {
    assert.is(code, 0);
    assert.not.match(screen, /\u001b|\r(?!\n)/);
    for (const layer of layers) for (const word of ['Pulling fs layer', 'Pull complete']) assert.is(screen.split(`${short(layer)}: ${word}\r\n`).length, 2, screen);
    assert.not.match(screen, 'Downloading');
  }
});

test('-q draws nothing', async () => {
  assert.is((await skiffAt(['pull', '-q', name])).screen, `${name}\r\n`);
});

test('run of what is missing draws on standard error only', async () => {
  const file = join(scratch(), 'output');
  const { status: code, screen } = await atOwnTerminal(['sh', '-c', `${shellSkiff('run', '--rm', '--network', 'none', name)} >${file}`], [], '24x80', place);
  assert.is(code, 0);
  assert.is(readFileSync(file, 'utf8'), 'whole\n');
  matches(screen, /^Unable to find image '.*\/drawn:latest' locally\r\n/);
  const { lines, isCursorShown } = pictureOf(screen);
  assert.ok(isCursorShown && screen.includes(hides));
  for (const layer of layers) assert.is(lines.filter((line) => line === `${short(layer)}: Pull complete`).length, 1, lines.join('\n'));
});

test('run of what is missing with only standard output at the terminal writes no bars', async () => {
  const file = join(scratch(), 'errors');
  const { screen } = await atOwnTerminal(['sh', '-c', `${shellSkiff('run', '--rm', '--network', 'none', name)} 2>${file}`], [], '24x80', place);
  assert.is(screen, 'whole\r\n');
  const text = readFileSync(file, 'utf8');
  assert.not.match(text, '\u001b');
  for (const layer of layers) matches(text, new RegExp(`${short(layer)}: Pull complete\n`));
});

test('a push draws too, and ends with Pushed for every layer', async () => {
  proxy.use();
  await output(['pull', '-q', name], place);
  await output(['tag', name, `${registry.address}/drawn-again`], place);
  const { status: code, mode, screen } = await skiffAt(['push', `${registry.address}/drawn-again`]);
  assert.equal({ code, mode }, { code: 0, mode: 'cooked' });
  const { lines, isCursorShown } = pictureOf(screen);
  assert.ok(isCursorShown && screen.includes(hides));
  assert.is(lines.filter((line) => /^[0-9a-f]{12}: Pushed$/.test(line)).length, layers.length, lines.join('\n'));
});

const password = 'correct horse';

/** `body` with a registry that wants a name and this password. */
const withLocked = async (body: (address: string) => Promise<void>): Promise<void> => {
  const locked = await startRegistry({ user: ['somebody', password] });
  try {
    await body(locked.address);
  } finally {
    await locked.stop();
  }
};

const credentials = (): string => (existsSync(join(place.dockerConfig, 'config.json')) ? readFileSync(join(place.dockerConfig, 'config.json'), 'utf8') : '');

test('login asks for name and password and does not show the password', () =>
  withLocked(async (address) => {
    const { status: code, mode, screen } = await skiffAt(['login', address], ['expect:Username: ', 'send:somebody\r', 'expect:Password: ', 'mode:raw', `send:${password}\r`, 'expect:Login Succeeded']);
    assert.equal({ code, mode }, { code: 0, mode: 'cooked' });
    assert.not.match(screen, /correct|horse/);
    matches(screen, /^Username: somebody\r\nPassword: \r\n/);
    matches(credentials(), new RegExp(address));
  }));

test('login with a wrong password says so, in one line and without it', () =>
  withLocked(async (address) => {
    const { status: code, mode, screen } = await skiffAt(['login', '-u', 'somebody', address], ['expect:Password: ', 'mode:raw', 'send:wrong battery\r']);
    assert.equal({ code, mode, credentials: credentials() }, { code: 1, mode: 'cooked', credentials: '' });
    assert.not.match(screen, /wrong|battery/);
    matches(screen, new RegExp(`^Password: \r\nskiff: [^\r\n]*${address}[^\r\n]*\r\n$`));
  }));

test('Ctrl-C at the password gives the terminal back and stores nothing', () =>
  withLocked(async (address) => {
    const { status: code, mode, screen } = await skiffAt(['login', '-u', 'somebody', address], ['expect:Password: ', 'mode:raw', `send:half${ctrl('C')}`]);
    assert.equal({ code, mode, credentials: credentials() }, { code: 130, mode: 'cooked', credentials: '' });
    assert.is(screen, 'Password: \r\n');
  }));

test.run();
