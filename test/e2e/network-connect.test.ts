/**
 * `skiff network connect` and `disconnect` of containers that run, at once, and of those that do not, from their next start on; `rename`, of which networks have to know.
 * @one-driver
 */
import { spawn } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { importBusybox, output, removeAll, skiff, skiffCommand } from './skiff.ts';

test.before(() => {
  importBusybox();
  for (const [name, subnet] of [['front', '10.81.0.0/24'], ['back', '10.82.0.0/24']] as const) output(['network', 'create', '--subnet', subnet, name]);
});
test.after.each(removeAll);
test.after(() => void skiff(['network', 'rm', 'front', 'back']));

const networksOf = (name: string): readonly string[] => Object.keys(JSON.parse(output(['inspect', '-f', '{{json .NetworkSettings.Networks}}', name])) as object).sort();
const create = (name: string, ...flags: readonly string[]): void => void output(['create', '--name', name, ...flags, 'busybox', 'sleep', '1000']);
const refusal = (...words: readonly string[]): string => {
  const { status, stdout, stderr } = skiff(['network', ...words]);
  assert.equal([status, stdout], [1, ''], words.join(' '));
  assert.is(stderr.trim().split('\n').length, 1, stderr);
  return stderr;
};

test('a container that does not run gets and loses networks', () => {
  create('web', '--network', 'front');
  assert.equal(networksOf('web'), ['front']);
  assert.is(output(['network', 'connect', '--alias', 'db', '--ip', '10.82.0.9', 'back', 'web']), '');
  assert.equal(networksOf('web'), ['back', 'front']);
  assert.is(output(['network', 'disconnect', 'front', 'web']), '');
  assert.equal(networksOf('web'), ['back']);
  output(['network', 'disconnect', 'back', 'web']);
  assert.equal(networksOf('web'), []);
  assert.match(refusal('disconnect', 'back', 'web'), /container web is not connected to network back/);
  output(['network', 'connect', 'back', 'web']);
  assert.equal(networksOf('web'), ['back']);
});

const run = (name: string, ...flags: readonly string[]): void => void output(['run', '-d', '--name', name, ...flags, 'busybox', 'sleep', '1000']);
const inside = (name: string, script: string): string => output(['exec', name, 'sh', '-c', script]);
const resolves = (asker: string, name: string): boolean => skiff(['exec', asker, 'nslookup', '-type=a', name]).status === 0;

test('a container that runs is in the other network at once, by address and by name, and out of it at once', () => {
  run('web', '--network', 'front');
  run('database', '--network', 'back');
  assert.not.ok(resolves('web', 'database'));
  const before = inside('web', 'ip -o link | grep -c .');
  output(['network', 'connect', '--alias', 'site', '--ip', '10.82.0.77', 'back', 'web']);
  assert.match(inside('web', 'ip -4 -o addr show dev eth1'), /inet 10\.82\.0\.77\/24/);
  assert.match(inside('web', 'ping -c 1 -w 5 database'), /1 packets received/);
  assert.match(inside('database', 'ping -c 1 -w 5 site'), /1 packets received/);
  assert.equal(networksOf('web'), ['back', 'front']);
  const { Containers } = (JSON.parse(output(['network', 'inspect', 'back'])) as readonly [{ readonly Containers: Readonly<Record<string, { readonly Name: string; readonly IPv4Address: string }>> }])[0];
  assert.equal(Object.values(Containers).map(({ Name, IPv4Address }) => `${Name} ${IPv4Address}`).sort(), ['database 10.82.0.2/24', 'web 10.82.0.77/24']);
  assert.match(refusal('rm', 'back'), /has active endpoints/);
  output(['network', 'disconnect', 'back', 'web']);
  assert.is(inside('web', 'ip -o link | grep -c .'), before);
  assert.not.ok(resolves('database', 'site'));
  assert.not.ok(resolves('web', 'database'));
  assert.equal(networksOf('web'), ['front']);
  // The address is free again.
  run('other', '--network', 'back', '--ip', '10.82.0.77');
});

test('an address that is taken is refused, and changes nothing', () => {
  run('web', '--network', 'front');
  run('database', '--network', 'back', '--ip', '10.82.0.9');
  assert.match(refusal('connect', '--ip', '10.82.0.9', 'back', 'web'), /address 10\.82\.0\.9 is already in use by container database/);
  assert.equal(networksOf('web'), ['front']);
  output(['network', 'connect', 'back', 'web']);
  assert.match(inside('web', 'ping -c 1 -w 5 database'), /1 packets received/);
});

test('the default route goes with its network, and comes back', () => {
  run('web', '--network', 'front');
  assert.match(inside('web', 'ip route'), /default via 10\.81\.0\.1 dev eth0/);
  output(['network', 'connect', '--gw-priority', '5', 'back', 'web']);
  assert.match(inside('web', 'ip route'), /default via 10\.82\.0\.1 dev eth1/);
  output(['network', 'disconnect', 'back', 'web']);
  assert.match(inside('web', 'ip route'), /default via 10\.81\.0\.1 dev eth0/);
});

test('a renamed container is found by its new name only', () => {
  run('web', '--network', 'front');
  run('asker', '--network', 'front');
  assert.ok(resolves('asker', 'web'));
  output(['rename', 'web', 'shop']);
  assert.not.ok(resolves('asker', 'web'));
  assert.match(inside('asker', 'ping -c 1 -w 5 shop'), /1 packets received/);
});

test('the bridge of a network goes with it: another network has its range, while others live', () => {
  run('keeps', '--network', 'front');
  for (const name of ['once', 'again']) {
    output(['network', 'create', '--subnet', '10.83.0.0/24', name]);
    run(name, '--network', name);
    run(`${name}2`, '--network', name);
    assert.match(inside(name, `ping -c 1 -w 5 ${name}2`), /1 packets received/);
    assert.match(inside(name, 'ping -c 1 -w 5 10.83.0.1'), /1 packets received/);
    output(['rm', '-f', name, `${name}2`]);
    output(['network', 'rm', name]);
  }
});

test('networks tell of connect and disconnect', () => {
  const since = String(Math.floor(Date.now() / 1000) - 1);
  const id = output(['run', '-d', '--name', 'web', '--network', 'front', 'busybox', 'sleep', '1000']).trim();
  output(['network', 'connect', 'back', 'web']);
  output(['network', 'disconnect', 'back', 'web']);
  output(['rm', '-f', 'web']);
  const told = output(['events', '--since', since, '--until', '0s', '--filter', 'type=network', '--format', '{{.Actor.Attributes.container}} {{.Action}} {{.Actor.Attributes.name}}']).trim().split('\n');
  assert.equal(told.filter((line) => line.startsWith(id)).map((line) => line.slice(id.length + 1)), ['connect front', 'connect back', 'disconnect back', 'disconnect front']);
});

test('what cannot be is refused in one line, and changes nothing', () => {
  create('web', '--network', 'front');
  create('alone', '--network', 'none');
  create('stack', '--network', 'slirp4netns');
  create('hosts', '--network', 'host');
  for (const [words, wanted] of [
    [['front', 'web'], /endpoint with name web already exists in network front/],
    [['nobody', 'web'], /no such network: nobody/],
    [['back', 'nobody'], /no such container: nobody/],
    [['host', 'web'], /connected to host network/],
    [['none', 'web'], /in private \(none\) mode/],
    [['back', 'alone'], /in private \(none\) mode/],
    [['back', 'stack'], /private network stack, slirp4netns/],
    [['back', 'hosts'], /sharing network namespace with another container or host/],
    [['--ip', '10.82.0.300', 'back', 'web'], /invalid --ip/],
    [['--driver-opt', 'colour=red', 'back', 'web'], /invalid driver-opt 'colour'/],
    [['--link', 'nobody', 'back', 'web'], /no such container: nobody/],
    [['--link-local-ip', '10.1.1.1', 'back', 'web'], /not a link-local address/],
    [['--alias', 'x', 'bridge', 'web'], /only supported for user-defined networks/],
  ] as const) assert.match(refusal('connect', ...words), wanted);
  assert.equal(networksOf('web'), ['front']);
  assert.match(refusal('disconnect', 'back', 'web'), /is not connected/);
  assert.match(refusal('disconnect', '-f', 'back', 'nobody'), /no such container: nobody/);
});

test('ten at once: each network is there once, none is lost', async () => {
  create('web', '--network', 'front');
  const [program, ...first] = skiffCommand;
  const codes = await Promise.all(Array.from({ length: 10 }, () => new Promise<number>((resolve) => spawn(program, [...first, 'network', 'connect', 'back', 'web'], { stdio: 'ignore' }).on('close', (code) => resolve(code ?? -1)))));
  assert.is(codes.filter((code) => code === 0).length, 1);
  assert.equal(networksOf('web'), ['back', 'front']);
});

test.run();
