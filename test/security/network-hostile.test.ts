/**
 * Containers that mean ill: of other networks, of the host's loopback, of slirp4netns, of the names of an internal network, and of their
 * neighbours on one bridge, whose addresses and MACs they use in frames of their own making (test/frames.c).
 * @one-driver
 * @time-limit 600
 */
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, execute, importBusybox, output, removeAll, scratch, skiff } from '../e2e/skiff.ts';

const networks = ['alpha', 'beta', 'inner'] as const;
let program = '';

test.before(() => {
  importBusybox();
  program = join(scratch(), 'frames');
  assert.is(execute(['gcc', '-std=c11', '-D_GNU_SOURCE', '-Wall', '-O1', '-static', 'test/frames.c', '-o', program]).status, 0);
  output(['network', 'create', '--subnet', '10.232.1.0/24', '--ipv6', '--subnet', 'fd32:1::/64', 'alpha']);
  output(['network', 'create', '--subnet', '10.232.2.0/24', 'beta']);
  output(['network', 'create', '--subnet', '10.232.3.0/24', '--internal', 'inner']);
});
test.after.each(removeAll);
test.after(() => networks.forEach((name) => void skiff(['network', 'rm', name])));

const sleeper = (name: string, flags: readonly string[]): void => void output(['run', '-d', '--name', name, '-v', `${program}:/frames:ro`, ...flags, 'busybox', 'busybox', 'sleep', '1000']);
const webServer = (name: string, flags: readonly string[]): void => void output(['run', '-d', '--name', name, ...flags, 'busybox', 'busybox', 'httpd', '-f', '-p', '80']);
const inside = (name: string, script: string): string => skiff(['exec', name, 'sh', '-c', script]).stdout.trim();
/** `open`, or `shut` with nc's words. */
const dial = (name: string, address: string, port = 80): string => inside(name, `nc -w 5 ${address} ${port} </dev/null >/dev/null 2>/tmp/words && echo open || echo shut`);
const isServed = (from: string, address: string): Promise<void> => eventually(`${from} reaches ${address}`, () => dial(from, address) === 'open', 30000);

test('networks are sealed from each other, and the namespace that has them offers nothing', async () => {
  webServer('server', ['--network', 'alpha', '--ip', '10.232.1.80', '--ip6', 'fd32:1::80']);
  sleeper('friend', ['--network', 'alpha']);
  sleeper('stranger', ['--network', 'beta', '--cap-add', 'NET_ADMIN']);
  sleeper('prisoner', ['--network', 'inner', '--cap-add', 'NET_ADMIN']);
  await isServed('friend', '10.232.1.80');
  await isServed('friend', 'fd32:1::80');
  inside('prisoner', 'ip route add default via 10.232.3.1');
  for (const from of ['stranger', 'prisoner']) assert.is(dial(from, '10.232.1.80'), 'shut', from);
  inside('stranger', 'ip route add 10.232.1.0/24 via 10.232.2.1');
  assert.is(dial('stranger', '10.232.1.80'), 'shut');
  for (const gateway of ['10.232.1.1', '10.232.2.1', '198.19.255.100']) for (const port of [53, 80]) assert.is(dial('friend', gateway, port), 'shut', gateway);
  assert.is(inside('friend', 'ping -c 1 -W 5 10.232.1.1 >/dev/null && echo heard'), 'heard');
});

test('a container in two networks does not route between them for others', async () => {
  webServer('server', ['--network', 'beta', '--ip', '10.232.2.80']);
  sleeper('both', ['--network', 'name=alpha,ip=10.232.1.50', '--network', 'beta']);
  sleeper('stranger', ['--network', 'alpha', '--cap-add', 'NET_ADMIN']);
  await isServed('both', '10.232.2.80');
  assert.is(inside('stranger', 'ip route add 10.232.2.0/24 via 10.232.1.50 && echo added'), 'added');
  assert.is(dial('stranger', '10.232.2.80'), 'shut');
});

test("neither the host's loopback nor slirp4netns' services can be reached", async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await eventually('the host listens', () => server.listening);
  const { port } = server.address() as AddressInfo;
  sleeper('curious', ['--network', 'alpha', '--cap-add', 'NET_ADMIN']);
  for (const address of ['198.19.255.2', '198.19.255.3', 'fd00::2', 'fd00::3', '10.0.2.2', '127.0.0.1']) assert.is(dial('curious', address, port), 'shut', address);
  const words = inside('curious', 'busybox tftp -g -r etc/passwd -l /tmp/got 198.19.255.2 2>&1; ls /tmp/got 2>/dev/null');
  assert.not.match(words, /^\/tmp\/got$/m);
  server.close();
});

test('an internal network has no way out and no names from outside', () => {
  sleeper('prisoner', ['--network', 'inner', '--cap-add', 'NET_ADMIN']);
  sleeper('mate', ['--network', 'inner']);
  assert.is(inside('prisoner', 'ip route | grep -c default'), '0');
  assert.is(inside('prisoner', 'ping -c 1 -W 5 mate >/dev/null && echo heard'), 'heard');
  assert.is(inside('prisoner', 'nslookup example.com >/dev/null 2>&1 && echo known || echo unknown'), 'unknown');
  assert.is(inside('prisoner', 'ip route add default via 10.232.3.1 && echo added'), 'added');
  for (const address of ['198.19.255.3', '198.19.255.2', '192.0.2.1']) assert.is(dial('prisoner', address, 53), 'shut', address);
});

const hex = (...bytes: readonly number[]): string => Buffer.from(bytes).toString('hex');
const everybody = 'ffffffffffff';
const ip4 = (address: string): string => hex(...address.split('.').map(Number));
const checksummed = (header: string): string => {
  const words = header.match(/.{4}/g) ?? [];
  let sum = words.reduce((total, word) => total + Number.parseInt(word, 16), 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return header.slice(0, 20) + (0xffff - sum).toString(16).padStart(4, '0') + header.slice(24);
};
const datagram = (mac: string, source: string, target: string): string => `${everybody}${mac}0800${checksummed(`4500001c0001000040110000${ip4(source)}${ip4(target)}`)}0009000900080000`;
const arp = (mac: string, sender: string, address: string, target: string): string => `${everybody}${mac}08060001080006040001${sender}${ip4(address)}000000000000${ip4(target)}`;
const net6 = 'fd320001000000000000000000000';
const advertisement = (mac: string, source: string, target: string, claimed: string): string =>
  `${everybody}${mac}86dd6000000000203aff${net6}${source}ff02000000000000000000000000000188000000${'60000000'}${net6}${target}0201${claimed}`;

for (const [what, flags] of [
  ['with its own capabilities', []],
  ['with NET_ADMIN', ['--cap-add', 'NET_ADMIN']],
] as const)
  test(`a container ${what} cannot pose as its neighbour or as the gateway`, async () => {
    const own = '02420000000a';
    const victim = '02420000000b';
    sleeper('attacker', ['--network', 'name=alpha,ip=10.232.1.10,ip6=fd32:1::10,mac-address=02:42:00:00:00:0a', ...flags]);
    sleeper('victim', ['--network', 'name=alpha,ip=10.232.1.11,ip6=fd32:1::11,mac-address=02:42:00:00:00:0b']);
    webServer('server', ['--network', 'name=alpha,ip=10.232.1.12']);
    inside('victim', 'ping -c 1 -W 5 10.232.1.1');
    const gateway = /^10\.232\.1\.1 .* ((?:[0-9a-f]{2}:?){6}) /m.exec(inside('victim', 'cat /proc/net/arp'))?.[1] ?? '';
    assert.match(gateway, /^..:..:/);
    const honest = [
      datagram(own, '10.232.1.10', '10.232.1.11'),
      datagram(own, '10.232.1.200', '10.232.1.11'),
      arp(own, own, '10.232.1.10', '10.232.1.11'),
      arp(own, own, '10.232.1.200', '10.232.1.11'),
      advertisement(own, '010', '010', own),
    ];
    const forged = [
      datagram(own, '10.232.1.12', '10.232.1.11'),
      datagram(own, '10.232.1.1', '10.232.1.11'),
      datagram(victim, '10.232.1.11', '10.232.1.12'),
      arp(own, own, '10.232.1.1', '10.232.1.11'),
      arp(own, own, '10.232.1.12', '10.232.1.11'),
      arp(victim, victim, '10.232.1.11', '10.232.1.1'),
      arp(own, gateway.replaceAll(':', ''), '10.232.1.200', '10.232.1.11'),
      advertisement(own, '010', '001', own),
      advertisement(own, '001', '001', own),
      advertisement(own, '010', '010', victim),
      `${everybody}${own}81000000${datagram(own, '10.232.1.12', '10.232.1.11').slice(24)}`,
      `0180c200000e${victim}88cc0000`,
    ];
    inside('victim', '/frames eth0 watch >/tmp/seen 2>&1 & until grep -q ready /tmp/seen; do sleep 0.1; done');
    const sent = skiff(['exec', 'attacker', '/frames', 'eth0', 'send', ...forged, ...honest]);
    assert.is(sent.status, 0, sent.stderr);
    await eventually('all is seen', () => inside('victim', 'grep done /tmp/seen') === 'done', 30000);
    const seen = inside('victim', 'cat /tmp/seen').split('\n');
    for (const frame of honest) assert.ok(seen.includes(frame), `has to arrive: ${frame}`);
    for (const frame of forged) assert.not.ok(seen.some((line) => line === frame || (frame.slice(24, 32) === '81000000' && line === frame.slice(0, 24) + frame.slice(32))), `must not arrive: ${frame}`);
    const known = inside('victim', 'cat /proc/net/arp');
    assert.match(known, new RegExp(`^10\\.232\\.1\\.1 .* ${gateway} `, 'm'));
    assert.is(dial('victim', '10.232.1.12'), 'open', 'the victim still has its own traffic');
    if (flags.length > 0) {
      assert.is(inside('attacker', 'ip link set eth0 down && ip link set eth0 address 02:42:00:00:00:0b && ip link set eth0 up && ip addr add 10.232.1.12/24 dev eth0 && echo changed'), 'changed');
      inside('attacker', 'ping -c 2 -W 1 10.232.1.11; arping -c 2 -U -I eth0 10.232.1.12');
      assert.is(dial('victim', '10.232.1.12'), 'open', 'frames for the victim still come to it');
    }
  });

test.run();
