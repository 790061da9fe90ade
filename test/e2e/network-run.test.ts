/**
 * `skiff run` in networks of one's own: addresses, names, ways out, what is given back.
 * @time-limit 600
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { importBusybox, inBusybox, output, root, skiff, withContainer } from './skiff.ts';

test.before(() => importBusybox());

const networks = ['shop', 'back', 'inner'];

test.before(() => {
  output(['network', 'create', '--subnet', '10.231.5.0/24', '--ipv6', '--subnet', 'fd31:5::/64', 'shop']);
  output(['network', 'create', '--subnet', '10.231.6.0/24', 'back']);
  output(['network', 'create', '--internal', 'inner']);
});
test.after(() => networks.forEach((name) => void skiff(['network', 'rm', name])));

/** Addresses that somebody has, or is said to have. */
const leases = (): readonly string[] =>
  readdirSync(join(root, 'hosts')).flatMap((host) => {
    const directory = join(root, 'hosts', host, 'leases');
    return existsSync(directory) ? readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((path) => /[.:]/.test(path.split('/').at(-1) ?? '')) : [];
  });

test('a container has an address, a way out, a name server and a line in /etc/hosts', () => {
  const text = inBusybox(['--network', 'shop', '--hostname', 'box'], 'ip -4 -o addr show eth0; ip route; cat /etc/hosts /etc/resolv.conf; ip -6 -o addr show eth0 scope global');
  assert.match(text, /inet 10\.231\.5\.2\/24/);
  assert.match(text, /^default via 10\.231\.5\.1 dev eth0/m);
  assert.match(text, /^10\.231\.5\.2\tbox$/m);
  assert.match(text, /^nameserver 127\.0\.0\.11$/m);
  assert.match(text, /inet6 fd31:5::2\/64/);
  assert.equal(leases(), [], 'all is given back');
});

test('wishes: address, MAC address, aliases, the name of the device', () => {
  const one = 'name=shop,ip=10.231.5.77,ip6=fd31:5::77,mac-address=02:42:00:00:00:77,alias=other,driver-opt=com.docker.network.endpoint.ifname=lan0';
  withContainer(['--name', 'wished', '--network', one], ['busybox', 'sleep', '600'], () => {
    assert.match(output(['exec', 'wished', 'ip', '-o', 'addr', 'show', 'lan0']), /10\.231\.5\.77\/24[^]*fd31:5::77\/64/);
    assert.is(output(['exec', 'wished', 'cat', '/sys/class/net/lan0/address']), '02:42:00:00:00:77\n');
    assert.is(inBusybox(['--network', 'shop'], 'ping -c 1 -W 5 other >/dev/null && echo heard'), 'heard\n');
    const format = '{{with index .NetworkSettings.Networks "shop"}}{{.IPAddress}} {{.MacAddress}} {{.Aliases}} {{.GlobalIPv6Address}}{{end}} {{.HostConfig.NetworkMode}}';
    assert.is(output(['inspect', '--format', format, 'wished']), '10.231.5.77 02:42:00:00:00:77 [other] fd31:5::77 shop\n');
    assert.is(output(['ps', '--filter', 'network=shop', '--format', '{{.Names}} {{.Networks}}']), 'wished shop\n');
    const id = output(['network', 'inspect', '--format', '{{.Id}}', 'shop']).trim();
    assert.equal([id, id.slice(0, 7), 'f'.repeat(64), 'sho'].map((word) => output(['ps', '--format', '{{.Names}}', '--filter', `network=${word}`])), ['wished\n', 'wished\n', '', '']);
    const taken = skiff(['run', '--rm', '--network', 'shop', '--ip', '10.231.5.77', 'busybox', 'true']);
    assert.is(taken.status, 125);
    assert.match(taken.stderr, /10\.231\.5\.77 is already in use by container wished/);
    assert.match(skiff(['network', 'rm', 'shop']).stderr, /has active endpoints \(name:"wished"/);
  });
});

test('several networks: one device for each, the priority chooses the way out', () => {
  const text = inBusybox(['--network', 'name=shop', '--network', 'name=back,gw-priority=1', '--network', 'inner'], 'ip -4 -o addr; ip route');
  assert.match(text, /eth0 +inet 10\.231\.5\.2/);
  assert.match(text, /eth1 +inet 10\.231\.6\.2/);
  assert.match(text, /eth2 +inet /);
  assert.match(text, /^default via 10\.231\.6\.1 dev eth1/m);
});

test('the default bridge has no names, and an internal network no way out', () => {
  const text = inBusybox(['--network', 'bridge'], 'ip -4 -o addr show eth0; cat /etc/resolv.conf');
  assert.match(text, /inet 172\.17\.0\.2\/16/);
  assert.not.match(text, /127\.0\.0\.11/);
  assert.not.match(inBusybox(['--network', 'inner'], 'ip route'), /default/);
});

test('a container is in its networks again when it is started again', () => {
  const id = output(['create', '--network', 'shop', 'busybox', 'sh', '-c', 'ip -4 -o addr show eth0; cat /etc/hosts']).trim();
  assert.equal(leases(), [], 'one that does not run has no address');
  for (const _ of [1, 2]) assert.match(output(['start', '-a', id]), /inet 10\.231\.5\.2\/24[^]*\n10\.231\.5\.2\t[0-9a-f]{12}\n/);
  output(['rm', id]);
});

test('after a failure nothing is left', () => {
  for (const words of [['--network', 'nosuch', 'busybox', 'true'], ['--network', 'shop', '--ip', '10.231.9.9', 'busybox', 'true'], ['--network', 'shop', 'busybox', '/nosuch']]) {
    const { status } = skiff(['run', '--rm', ...words]);
    assert.ok(status === 125 || status === 127, words.join(' '));
    assert.equal(leases(), []);
  }
  assert.is(output(['ps', '-aq']), '');
});

test.run();
