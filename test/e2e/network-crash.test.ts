/**
 * kill -9 of whatever holds the networks together while containers are in them: the next command puts it right, for those that run and for new ones, and in the end nothing is left.
 * @one-driver
 * @time-limit 900
 */
import { networkInterfaces } from 'node:os';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, importBusybox, output, removeAll, root, skiff } from './skiff.ts';
import { crowd, killNow, namespaceOf, processesCalled, start, startProgram, startTimeOf, traces } from './traces.ts';
import type { Started } from './traces.ts';

const networks = ['alpha', 'beta'] as const;
const runtime = join(process.env['XDG_RUNTIME_DIR'] ?? '', 'skiff');

/** An address of this machine that is not its loopback, which slirp4netns leads to. */
const hostAddress = Object.values(networkInterfaces()).flatMap((all) => all ?? []).find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? '';

let world: Started | undefined;
let worldPort = '';

test.before(async () => {
  importBusybox();
  output(['network', 'create', '--subnet', '10.233.1.0/24', 'alpha']);
  output(['network', 'create', '--subnet', '10.233.2.0/24', 'beta']);
  assert.not.equal(hostAddress, '', 'this machine has an address');
  world = startProgram([process.execPath, '-e', `require('net').createServer((s) => s.end('world\\n')).listen(0, '${hostAddress}', function () { console.log(this.address().port); })`]);
  world.child.stdout?.on('data', (text: Buffer) => (worldPort += text.toString().trim()));
  await eventually('the world listens', () => worldPort !== '');
});

/** Addresses that somebody has, or is said to have. */
const leases = (): readonly string[] =>
  readdirSync(join(root, 'hosts')).flatMap((host) => {
    const directory = join(root, 'hosts', host, 'leases');
    return existsSync(directory) ? readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((path) => /[.:]/.test(path.split('/').at(-1) ?? '')) : [];
  });

const isNotWorld = (line: string): boolean => line !== `process ${world?.child.pid ?? 0} node`;

/** Nothing but the world is there any more. */
const isClean = async (): Promise<void> => {
  removeAll();
  const left = (): readonly string[] => traces().filter(isNotWorld);
  await eventually('nothing is left', () => left().length === 0, 15000).catch(() => undefined);
  assert.equal(left(), []);
  assert.equal(leases(), []);
};

test.after.each(removeAll);
test.after(async () => {
  if (world !== undefined) {
    killNow(world.child.pid ?? 0);
    await world.end;
  }
  networks.forEach((name) => void output(['network', 'rm', name]));
});

const webServer = (name: string, network: string, ...flags: readonly string[]): void => void output(['run', '-d', '--name', name, '--network', network, ...flags, 'busybox', 'httpd', '-f', '-p', '80']);
const inside = (name: string, script: string): string => skiff(['exec', name, 'sh', '-c', script]).stdout.trim();

/** `open` or `shut`. */
const dialing = (address: string, port: string): string => `nc -w 5 ${address} ${port} </dev/null >/dev/null 2>&1 && echo open || echo shut`;
const dial = (name: string, address: string, port = '80'): string => inside(name, dialing(address, port));
const newDial = (network: string, address: string, port = '80'): string => output(['run', '--rm', '--network', network, 'busybox', 'sh', '-c', dialing(address, port)]).trim();
const becomes = (what: string, wanted: string, now: () => string): Promise<void> => eventually(what, () => now() === wanted, 30000);

const startAll = async (): Promise<void> => {
  webServer('first', 'alpha', '--ip', '10.233.1.10');
  webServer('second', 'alpha', '--ip', '10.233.1.11');
  webServer('stranger', 'beta');
  await becomes('they serve', 'open', () => dial('first', 'second'));
};

/** Old ones and new ones reach each other by name, and the world, and nobody of another network. */
const worksAgain = async (): Promise<void> => {
  await becomes('new reaches old', 'open', () => newDial('alpha', 'first'));
  webServer('third', 'alpha');
  await becomes('old reaches new', 'open', () => dial('first', 'third'));
  assert.is(dial('first', 'second'), 'open');
  await becomes('the world, from the old', 'open', () => dial('first', hostAddress, worldPort));
  assert.is(newDial('alpha', hostAddress, worldPort), 'open');
  assert.is(dial('stranger', '10.233.1.10'), 'shut');
  assert.is(newDial('beta', '10.233.1.10'), 'shut');
  output(['rm', '-f', 'second']);
  output(['network', 'connect', 'beta', 'first']);
  await becomes('a neighbour that has just been connected', 'open', () => dial('stranger', 'first'));
};

const pidOf = (file: string): number => Number(readFileSync(join(runtime, file), 'utf8').split(' ')[0]);
const killAll = (names: readonly string[]): void => {
  const all = names.flatMap(processesCalled);
  for (const name of names) assert.ok(all.some((one) => one.name === name), `${name} is there to be killed`);
  for (const { pid } of all) killNow(pid);
};

for (const victims of [['slirp4netns', 'skiff-dns'], ['skiff-network'], ['skiff-keeper'], ['skiff-network', 'skiff-keeper', 'slirp4netns', 'skiff-dns']])
  test(`after kill -9 of every ${victims.join(', ')} the networks work again`, async () => {
    await startAll();
    const [user, net] = [namespaceOf(pidOf('keeper.pid'), 'user'), namespaceOf(pidOf('network.pid'), 'net')];
    killAll(victims);
    await worksAgain();
    assert.equal([namespaceOf(pidOf('keeper.pid'), 'user'), namespaceOf(pidOf('network.pid'), 'net')], [user, net], 'the namespaces are the same');
    await isClean();
  });

test('the holder alone is killed: whoever keeps slirp4netns takes its place before any command comes, time and again', async () => {
  await startAll();
  for (let round = 0; round < 3; round++) {
    const before = pidOf('network.pid');
    const net = namespaceOf(before, 'net');
    killNow(before);
    await eventually('another one is there', () => pidOf('network.pid') !== before && namespaceOf(pidOf('network.pid'), 'net') === net, 30000);
    await becomes('the world, from the old', 'open', () => dial('first', hostAddress, worldPort));
  }
  await worksAgain();
  await isClean();
});

test('twenty that start at once after a kill make one keeper and one holder', async () => {
  await startAll();
  killAll(['skiff-network', 'skiff-keeper']);
  await crowd(20, 20, async () => {
    const { status, stdout, stderr } = await start(['run', '--rm', '--network', 'alpha', 'busybox', 'sh', '-c', dialing('first', '80')]).end;
    assert.equal({ status, stdout, stderr }, { status: 0, stdout: 'open\n', stderr: '' });
  });
  assert.is(processesCalled('skiff-keeper').length, 1);
  await eventually('one slirp4netns', () => processesCalled('slirp4netns').length >= 1);
  await worksAgain();
  await isClean();
});

test('everything is killed but the containers end by themselves: the next command has nothing to repair, and leaves nothing', async () => {
  output(['run', '-d', '--name', 'short', '--network', 'alpha', 'busybox', 'sleep', '1']);
  killAll(['skiff-network', 'skiff-keeper']);
  await eventually('it ends', () => output(['ps', '-q']) === '');
  await isClean();
});

test('a monitor that is killed takes its container, and the others go on', async () => {
  await startAll();
  const monitors = processesCalled('skiff-monitor').map(({ pid }) => pid).sort((a, b) => Number(startTimeOf(a)) - Number(startTimeOf(b)));
  killNow(monitors[1] ?? 0);
  await eventually('it is dead', () => output(['ps', '-a', '--filter', 'name=second', '--format', '{{.Status}}']).startsWith('Exited (137)'));
  output(['start', 'second']);
  await becomes('it is back', 'open', () => dial('first', '10.233.1.11'));
  await worksAgain();
  await isClean();
});

test('a keeper that is killed again and again', async () => {
  await startAll();
  for (let round = 0; round < 5; round++) {
    killAll(['skiff-keeper']);
    assert.is(output(['exec', 'first', 'echo', 'here']), 'here\n');
    assert.is(newDial('alpha', 'first'), 'open');
    assert.is(processesCalled('skiff-keeper').length, 1);
  }
  await worksAgain();
  await isClean();
});

test('monitors that do not answer are told of, and what starts then has a network of its own', async () => {
  webServer('mute', 'alpha');
  const monitor = processesCalled('skiff-monitor')[0]?.pid ?? 0;
  killAll(['skiff-network', 'skiff-keeper']);
  process.kill(monitor, 'SIGSTOP');
  const { status, stdout, stderr } = skiff(['run', '--rm', '--network', 'alpha', 'busybox', 'sh', '-c', dialing(hostAddress, worldPort)]);
  process.kill(monitor, 'SIGCONT');
  assert.equal({ status, stdout }, { status: 0, stdout: 'open\n' });
  assert.match(stderr, /^(skiff: warning: .* was killed, and the monitors of those that run do not answer; .*\n)+$/);
  await isClean();
});

test.run();
