/**
 * `skiff run`: namespaces shared with the host or another container, and networks.
 * @also-on-node
 * @time-limit 600
 */
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { hostname } from 'node:os';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bare, importBusybox, inBusybox, output, skiff, withContainer } from './skiff.ts';

test.before(() => importBusybox());

/** The namespace of each kind that a shell's words show, e.g. `uts:[4026531838]`. */
const namespaceIn = (flags: readonly string[], kind: string): string => inBusybox(flags, `readlink /proc/self/ns/${kind}`).trim();
const namespaceHere = (kind: string): string => readlinkSync(`/proc/self/ns/${kind}`);

test('every namespace is the container\'s own', () => {
  for (const kind of ['user', 'mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup']) assert.not.equal(namespaceIn([], kind), namespaceHere(kind), kind);
});

test('--pid host shows the host\'s processes and lets none be touched that are not the caller\'s', () => {
  assert.is(inBusybox(['--pid', 'host'], `test -d /proc/${process.pid} && tr "\\0" "\\n" </proc/${process.pid}/comm | wc -l`), '1\n');
  assert.is(namespaceIn(['--pid', 'host'], 'pid'), namespaceHere('pid'));
  assert.is(inBusybox(['--pid', 'host'], 'kill -0 1 2>/dev/null || echo refused'), 'refused\n');
});

test('--pid container:X sees and signals the other\'s processes', () => {
  withContainer(['--name', 'donor'], ['busybox', 'sh', '-c', 'sleep 4321 & tail -f /dev/null'], (id) => {
    const flags = ['--pid', 'container:donor'];
    assert.match(inBusybox(flags, 'ps'), /sleep 4321/);
    assert.is(namespaceIn(flags, 'pid'), output(['exec', id, 'readlink', '/proc/self/ns/pid']).trim());
    assert.is(namespaceIn(flags, 'user'), output(['exec', id, 'readlink', '/proc/self/ns/user']).trim());
    assert.not.equal(namespaceIn(flags, 'mnt'), output(['exec', id, 'readlink', '/proc/self/ns/mnt']).trim());
    inBusybox(flags, 'killall sleep');
    assert.not.match(inBusybox(flags, 'ps 2>/dev/null || true'), /sleep 4321/);
  });
});

test('--ipc container:X shares memory that is really the same', () => {
  withContainer(['--name', 'donor', '--ipc', 'shareable'], ['busybox', 'sh', '-c', 'echo from donor >/dev/shm/file; sleep 60'], (id) => {
    const flags = ['--ipc', 'container:donor'];
    assert.is(namespaceIn(flags, 'ipc'), output(['exec', id, 'readlink', '/proc/self/ns/ipc']).trim());
    assert.is(inBusybox(flags, 'cat /dev/shm/file; echo back >/dev/shm/other'), 'from donor\n');
    assert.is(output(['exec', id, 'cat', '/dev/shm/other']), 'back\n');
  });
});

test('--network container:X shares the network and its names, and one that shares can be shared', () => {
  withContainer(['--name', 'donor', '--hostname', 'box', '--network', 'none'], ['busybox', 'httpd', '-f', '-p', '127.0.0.1:80', '-h', '/etc'], (id) => {
    withContainer(['--name', 'middle', '--network', 'container:donor'], ['busybox', 'sleep', '600'], () => {
      for (const flags of [['--network', 'container:donor'], ['--network', 'container:middle']]) {
        assert.is(namespaceIn(flags, 'net'), output(['exec', id, 'readlink', '/proc/self/ns/net']).trim());
        assert.is(inBusybox(flags, 'hostname; cat /etc/hostname; until wget -qO - http://127.0.0.1/hostname; do sleep 0.1; done'), 'box\nbox\nbox\n');
        output(['exec', id, 'sh', '-c', 'echo 192.0.2.9 late >>/etc/hosts']);
        assert.match(inBusybox(flags, 'cat /etc/hosts'), /192\.0\.2\.9 late/);
      }
      assert.is(output(['inspect', '--format', '{{.HostConfig.NetworkMode}} {{len .NetworkSettings.Networks}}', 'middle']), `container:${id} 0\n`);
    });
  });
  withContainer(['--name', 'donor', '--network', 'host'], ['busybox', 'sleep', '600'], () => {
    assert.is(namespaceIn(['--network', 'container:donor'], 'net'), namespaceHere('net'));
  });
});

test('--ipc host and none', () => {
  assert.is(namespaceIn(['--ipc', 'host'], 'ipc'), namespaceHere('ipc'));
  const name = `skiff-test-${process.pid}`;
  writeFileSync(`/dev/shm/${name}`, 'host memory\n');
  assert.is(inBusybox(['--ipc', 'host'], `cat /dev/shm/${name} && rm /dev/shm/${name}`), 'host memory\n');
  assert.is(inBusybox(['--ipc', 'none'], 'grep -c " /dev/shm " /proc/self/mountinfo; true'), '0\n');
});

test('a container that shares nothing cannot be joined', () => {
  withContainer(['--name', 'closed'], ['busybox', 'sleep', '60'], () => {
    const refused = skiff([...bare, '--ipc', 'container:closed', 'busybox', 'true']);
    assert.equal({ status: refused.status, stderr: refused.stderr }, { status: 125, stderr: 'skiff: container closed does not share its IPC namespace; start it with --ipc shareable\n' });
  });
});

test('--uts host has the host\'s name, which it cannot change', () => {
  assert.is(namespaceIn(['--uts', 'host'], 'uts'), namespaceHere('uts'));
  assert.is(inBusybox(['--uts', 'host'], 'hostname; hostname other 2>/dev/null || echo refused'), `${hostname()}\nrefused\n`);
  assert.is(inBusybox(['--cap-add', 'SYS_ADMIN'], 'hostname changed && hostname'), 'changed\n');
});

test('--network none has a loopback interface and nothing else', () => {
  assert.is(inBusybox([], 'ls /sys/class/net; ip -o addr show lo | grep -c "inet 127.0.0.1"; ip route | wc -l'), 'lo\n1\n0\n');
  assert.is(inBusybox([], '(echo hello | nc -l -p 4000 &) ; sleep 0.3; nc 127.0.0.1 4000 </dev/null'), 'hello\n');
});

test('--network host is the host\'s, with its names', () => {
  assert.is(output(['run', '--rm', '--network', 'host', 'busybox', 'readlink', '/proc/self/ns/net']).trim(), namespaceHere('net'));
  assert.is(output(['run', '--rm', '--network', 'host', 'busybox', 'cat', '/etc/resolv.conf']), readFileSync('/etc/resolv.conf', 'utf8'));
  assert.is(output(['run', '--rm', '--network', 'host', 'busybox', 'hostname']), `${hostname()}\n`);
});

/** A TCP server on the host's loopback that says hello to whoever connects; ended after `body`. */
const withServer = async (body: (port: number) => void): Promise<void> => {
  const script = "const s = require('net').createServer((c) => c.end('hello from the host\\n')); s.listen(0, '127.0.0.1', () => console.log(s.address().port))";
  const server = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const port = await new Promise<number>((resolve, reject) => {
      server.stdout.once('data', (line: Buffer) => resolve(Number(line.toString())));
      server.once('exit', () => reject(new Error('the server did not start')));
    });
    body(port);
  } finally {
    server.kill('SIGKILL');
  }
};

test('slirp4netns reaches the host\'s loopback only where it is allowed to', () =>
  withServer((port) => {
    const fetch = (network: readonly string[]): string =>
      output(['run', '--rm', ...network, 'busybox', 'sh', '-c', `nc -w 3 10.0.2.2 ${port} </dev/null 2>/dev/null || echo refused`]);
    assert.is(fetch(['--network', 'slirp4netns:allow_host_loopback=true']), 'hello from the host\n');
    assert.is(fetch(['--network', 'slirp4netns']), 'refused\n');
  }));

test('slirp4netns is ready when the command starts, with an address, a route and a name server', () => {
  const script = 'ip -o -4 addr show tap0 | tr -s " " | cut -d " " -f 4; ip route | grep -c "default via 10.0.2.2"; grep -m 1 nameserver /etc/resolv.conf';
  assert.is(output(['run', '--rm', '--network', 'slirp4netns', 'busybox', 'sh', '-c', script]), '10.0.2.100/24\n1\nnameserver 10.0.2.3\n');
  assert.is(output(['run', '--rm', '--network', 'slirp4netns:cidr=10.9.8.0/24,mtu=1500', 'busybox', 'sh', '-c', 'ip -o -4 addr show tap0 | tr -s " " | cut -d " " -f 4; cat /sys/class/net/tap0/mtu']), '10.9.8.100/24\n1500\n');
});

test('the container\'s own name resolves to its address', () => {
  assert.match(output(['run', '--rm', '--network', 'slirp4netns', '-h', 'self', 'busybox', 'grep', 'self', '/etc/hosts']), /^10\.0\.2\.100\tself\n$/);
});

test('--add-host host-gateway is the host where its loopback may be reached', () => {
  const hosts = output(['run', '--rm', '--network', 'slirp4netns:allow_host_loopback=true', '--add-host', 'up:host-gateway', 'busybox', 'cat', '/etc/hosts']);
  assert.match(hosts, /^10\.0\.2\.2\tup$/m);
});

test.run();
