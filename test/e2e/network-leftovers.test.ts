/**
 * What killed ones and an earlier start of the machine leave in networks: commands take it away, `network disconnect --force` what they do not know of, and a network can be removed.
 * @one-driver
 * @time-limit 300
 */
import { existsSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { containerDirectories, eventually, importBusybox, output, removeAll, root, skiff } from './skiff.ts';
import { killNow, nothingLeft, processesCalled, quiet } from './traces.ts';

test.before(() => importBusybox());
test.before.each(() => void output(['network', 'create', '--subnet', '10.236.0.0/24', 'left']));
test.after.each(async () => {
  removeAll();
  skiff(['network', 'rm', 'left']);
  await nothingLeft('afterwards');
  assert.equal(leases(), []);
});

const leasesRoots = (): readonly string[] => readdirSync(join(root, 'hosts')).map((host) => join(root, 'hosts', host, 'leases')).filter((path) => existsSync(path));
const leases = (): readonly string[] =>
  leasesRoots().flatMap((directory) => readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((path) => /[.:]/.test(path.split('/').at(-1) ?? '')));

const run = (name: string, ...flags: readonly string[]): void => void output(['run', '-d', '--name', name, '--network', 'left', ...flags, 'busybox', 'sleep', '1000']);
const addressOf = (name: string): string => output(['inspect', '--format', '{{with index .NetworkSettings.Networks "left"}}{{.IPAddress}}{{end}}', name]).trim();
const members = (): number => Object.keys((JSON.parse(output(['network', 'inspect', 'left'])) as readonly { Containers: Record<string, unknown> }[])[0]?.Containers ?? {}).length;

const killMonitors = async (): Promise<void> => {
  for (const { pid } of processesCalled('skiff-monitor')) killNow(pid);
  await quiet();
};

test('after its monitor was killed a container is in no network any more, its address is free, and the network can be removed', async () => {
  run('dead');
  await killMonitors();
  assert.ok(leases().length > 0, 'a killed monitor gives nothing back');
  run('next');
  assert.is(addressOf('next'), '10.236.0.2');
  assert.is(members(), 1);
  output(['rm', '-f', 'next']);
  assert.is(output(['network', 'rm', 'left']), 'left\n');
});

test('network disconnect --force of a container whose monitor was killed; it starts without that network again', async () => {
  output(['network', 'create', 'other']);
  run('dead', '--network', 'other');
  await killMonitors();
  assert.is(output(['network', 'disconnect', '--force', 'left', 'dead']), '');
  assert.equal(leases(), []);
  output(['start', 'dead']);
  assert.is(output(['inspect', '--format', '{{range $name, $one := .NetworkSettings.Networks}}{{$name}}{{end}}', 'dead']), 'other\n');
  assert.is(members(), 0);
  output(['rm', '-f', 'dead']);
  output(['network', 'rm', 'other']);
});

test('an address of a container whose record somebody has removed is given back by network disconnect --force', async () => {
  run('gone');
  const directory = containerDirectories()[0] ?? '';
  const names = join(directory, '../../names/gone');
  await killMonitors();
  const runtime = join(process.env['XDG_RUNTIME_DIR'] ?? '', 'skiff/c');
  for (const path of [directory, names, ...readdirSync(runtime).map((name) => join(runtime, name))]) rmSync(path, { recursive: true, force: true });
  const { status, stderr } = skiff(['network', 'rm', 'left']);
  if (status !== 0) {
    assert.match(stderr, /has active endpoints \(name:"gone"/);
    assert.match(skiff(['network', 'disconnect', 'left', 'gone']).stderr, /no such container: gone/i);
    assert.is(output(['network', 'disconnect', '--force', 'left', 'gone']), '');
    assert.is(output(['network', 'rm', 'left']), 'left\n');
  }
  assert.equal(leases(), []);
});

test('addresses from before the machine was started are nobody’s', async () => {
  run('old');
  await killMonitors();
  for (const directory of leasesRoots()) for (const boot of readdirSync(directory)) renameSync(join(directory, boot), join(directory, '00000000-1111-2222-3333-444444444444'));
  const state = join(containerDirectories()[0] ?? '', 'state.json');
  assert.match(readFileSync(state, 'utf8'), /"running"/);
  run('new');
  assert.is(addressOf('new'), '10.236.0.2');
  await eventually('the old ones are removed', () => leasesRoots().every((directory) => readdirSync(directory).length === 1));
  assert.is(members(), 1);
});

test('a bridge whose holder was killed with everything else is made again', async () => {
  run('one');
  for (const name of ['skiff-monitor', 'skiff-network', 'skiff-keeper', 'slirp4netns']) for (const { pid } of processesCalled(name)) killNow(pid);
  await quiet();
  assert.match(output(['ps', '-a', '--format', '{{.Names}} {{.Status}}']), /^one Exited \(137\)/);
  output(['start', 'one']);
  assert.is(addressOf('one'), '10.236.0.2');
  assert.is(output(['run', '--rm', '--network', 'left', 'busybox', 'sh', '-c', 'ping -c 1 -W 5 one >/dev/null && echo heard']), 'heard\n');
});

test.run();
