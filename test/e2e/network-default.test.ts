/**
 * The network of containers that ask for none: `bridge`, as in Docker.
 * @time-limit 300
 */
import { hostname } from 'node:os';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { importBusybox, inBusybox, output, skiff } from './skiff.ts';

test.before(() => importBusybox());

/** With a container that has asked for no network. */
const withOne = (name: string, body: () => void): void => {
  output(['run', '-d', '--name', name, 'busybox', 'sleep', '600']);
  try {
    body();
  } finally {
    output(['rm', '-f', name]);
  }
};

const inside = (name: string, script: string): string => output(['exec', name, 'sh', '-c', script]);
const addressOf = (name: string): string => output(['inspect', '--format', '{{.NetworkSettings.IPAddress}}', name]).trim();

test('a container has an address of 172.17.0.0/16, a way out, and a name server that it asks itself', () => {
  const text = output(['run', '--rm', '--hostname', 'box', 'busybox', 'sh', '-c', 'ip -4 -o addr show eth0; ip route; cat /etc/hosts; cat /etc/resolv.conf']);
  assert.match(text, /inet 172\.17\.0\.2\/16/);
  assert.match(text, /^default via 172\.17\.0\.1 dev eth0/m);
  assert.match(text, /^172\.17\.0\.2\tbox$/m);
  assert.match(text, /^nameserver (?!127\.)/m);
});

test('two containers reach each other by address, and not by name', () => {
  withOne('cont1', () =>
    withOne('cont2', () => {
      assert.match(inside('cont1', `ping -c 1 -W 5 ${addressOf('cont2')}`), /1 packets received/);
      assert.is(inside('cont1', 'ping -c 1 -W 5 cont2 >/dev/null 2>&1 || echo unknown'), 'unknown\n');
    }));
});

test('inspect, ps and network inspect say where it is', () => {
  withOne('cont1', () => {
    const format = '{{.HostConfig.NetworkMode}} {{.NetworkSettings.Gateway}} {{range $name, $network := .NetworkSettings.Networks}}{{$name}} {{$network.IPAddress}} {{$network.DNSNames}}{{end}}';
    assert.is(output(['inspect', '--format', format, 'cont1']), `bridge 172.17.0.1 bridge ${addressOf('cont1')} <nil>\n`);
    assert.is(output(['ps', '--format', '{{.Names}} {{.Networks}}', '--filter', 'network=bridge']), 'cont1 bridge\n');
    const members = '{{range $id, $one := .Containers}}{{$one.Name}} {{$one.IPv4Address}} {{$one.MacAddress}}{{end}}';
    assert.is(output(['network', 'inspect', '--format', members, 'bridge']), `cont1 ${addressOf('cont1')}/16 02:42:ac:11:00:02\n`);
  });
  assert.is(output(['network', 'inspect', '--format', '{{len .Containers}}', 'bridge']), '0\n');
});

test("'default' and no word at all mean it", () => {
  for (const flags of [['--network', 'default'], ['--network', ''], ['--network', 'name=default']]) {
    assert.match(inBusybox(flags, 'ip -4 -o addr show eth0'), /inet 172\.17\.0\.2\/16/, flags.join(' '));
  }
});

test('it goes into other networks and out of the default one while it runs', () => {
  output(['network', 'create', '--subnet', '10.231.7.0/24', 'beside']);
  try {
    withOne('cont1', () => {
      output(['network', 'connect', '--alias', 'other', 'beside', 'cont1']);
      assert.match(inside('cont1', 'ip -4 -o addr'), /eth0 +inet 172\.17\.0\.2\/16[^]*eth1 +inet 10\.231\.7\.2\/24/);
      assert.match(inside('cont1', 'cat /etc/resolv.conf'), /^nameserver 127\.0\.0\.11$/m, 'there are names now');
      assert.match(inside('cont1', 'ping -c 1 -W 5 other'), /\(10\.231\.7\.2\)/);
      output(['network', 'disconnect', 'bridge', 'cont1']);
      assert.not.match(inside('cont1', 'ip -4 -o addr'), /172\.17\./);
      assert.match(inside('cont1', 'ip route'), /^default via 10\.231\.7\.1 dev eth1/m);
      output(['network', 'connect', 'bridge', 'cont1']);
      assert.match(inside('cont1', 'ip -4 -o addr'), /172\.17\.0\.2\/16/);
    });
  } finally {
    output(['network', 'rm', 'beside']);
  }
});

test('--add-host and --dns are written down as they are', () => {
  const flags = ['--add-host', 'db:192.0.2.9', '--dns', '192.0.2.7', '--dns-search', 'example.org', '--dns-option', 'timeout:1'];
  const text = inBusybox(['--network', 'bridge', ...flags], 'cat /etc/hosts; cat /etc/resolv.conf');
  assert.match(text, /^192\.0\.2\.9\tdb$/m);
  assert.ok(text.endsWith('search example.org\nnameserver 192.0.2.7\noptions timeout:1\n'), text);
});

test('host.docker.internal is there when it is asked for, and means the host', () => {
  const names = ['host.docker.internal', 'host.containers.internal'];
  const hosts = inBusybox(['--network', 'bridge', ...names.flatMap((name) => ['--add-host', `${name}:host-gateway`])], 'cat /etc/hosts');
  for (const name of names) assert.match(hosts, new RegExp(`^\\d+\\.\\d+\\.\\d+\\.\\d+\\t${name.replaceAll('.', '\\.')}$`, 'm'));
  assert.not.match(inBusybox(['--network', 'bridge'], 'cat /etc/hosts'), /internal/);
});

test('hello says what it sees', () => {
  assert.match(output(['run', '--rm', 'hello']), /network +lo, eth0\n/);
});

test('a network namespace is its own: the host has no device of it', () => {
  withOne('cont1', () => assert.not.match(inBusybox(['--network', 'host'], 'ls /sys/class/net'), /docker0/));
  assert.is(inBusybox(['--network', 'host'], 'hostname'), `${hostname()}\n`);
});

test('after a failure nobody is in it', () => {
  assert.is(skiff(['run', '--rm', 'busybox', '/nosuch']).status, 127);
  assert.is(output(['network', 'inspect', '--format', '{{len .Containers}}', 'bridge']), '0\n');
});

test.run();
