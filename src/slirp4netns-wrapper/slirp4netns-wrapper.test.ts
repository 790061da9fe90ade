/** The pure half against tables, the doing half against the installed slirp4netns in a real network namespace. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as E from 'fp-ts/Either';
import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addressesOf, apiClient, detect, explain, parseVersion, slirp4netnsArguments, start } from './index.ts';
import type { SlirpOptions, Descriptors } from './index.ts';

const right = <L, A>(either: E.Either<L, A>): A => {
  if (E.isLeft(either)) throw new Error(JSON.stringify(either.left));
  return either.right;
};

const output = (version: string, seccomp = 'libseccomp: 2.5.4\n'): string => `slirp4netns version ${version}\ncommit: 656041d\nlibslirp: 4.7.0\n${seccomp}`;
const current = right(parseVersion(output('1.2.0')));
const options: SlirpOptions = { target: { kind: 'pid', pid: 42 } };
const words = (extra: Partial<SlirpOptions & Descriptors>): string => {
  const result = slirp4netnsArguments({ ...options, ...extra }, current);
  return E.isLeft(result) ? `refused: ${explain(result.left)}` : result.right.join(' ');
};

test('a version tells the features', () => {
  assert.is(current.features.size, 12);
  assert.not(right(parseVersion(output('1.1.8'))).features.has('macAddress'));
  assert.ok(right(parseVersion(output('1.1.9'))).features.has('macAddress'));
  assert.ok(right(parseVersion(output('1.10.0-beta.1+dev'))).features.has('macAddress'));
  assert.not(right(parseVersion(output('0.3.9', ''))).features.has('sandbox'));
  assert.not(right(parseVersion(output('1.2.0', ''))).features.has('seccomp'), 'built without libseccomp');
  assert.ok(E.isLeft(parseVersion('slirp: what?')));
});

test('defaults are the safe ones', () => {
  assert.is(words({}), '--configure --mtu=65520 --enable-sandbox --enable-seccomp --disable-host-loopback 42 tap0');
});

test('every option has its flag', () => {
  assert.is(
    words({
      target: { kind: 'path', netns: '/proc/self/fd/9', userns: '/proc/7/ns/user' }, tapName: 'eth0', configure: true, mtu: 1500, cidr: '10.5.0.0/16',
      ipv6: true, sandbox: false, seccomp: false, hostLoopback: true, dns: false, outboundAddress: '192.0.2.1', outboundAddress6: 'eth1',
      macAddress: '02:00:00:00:00:01', apiSocket: '/run/s', readyFd: 3, exitFd: 4,
    }),
    '--configure --mtu=1500 --cidr=10.5.0.0/16 --enable-ipv6 --disable-dns --outbound-addr=192.0.2.1 --outbound-addr6=eth1 ' +
      '--macaddress=02:00:00:00:00:01 --api-socket=/run/s --ready-fd=3 --exit-fd=4 --netns-type=path --userns-path=/proc/7/ns/user /proc/self/fd/9 eth0',
  );
});

test('what slirp4netns would misread is refused', () => {
  const bad: readonly Partial<SlirpOptions & Descriptors>[] = [
    { mtu: 65522 }, { mtu: 67 }, { mtu: 1.5 }, { cidr: '10.0.2.1/24' }, { cidr: '10.0.2.0/26' }, { tapName: '-x' }, { tapName: 'a'.repeat(16) }, { tapName: '' },
    { target: { kind: 'pid', pid: -1 } }, { target: { kind: 'path', netns: '--help' } }, { macAddress: '02:00' }, { macAddress: '02:00:00:00:00:01', configure: false },
    { apiSocket: `/${'a'.repeat(107)}` }, { apiSocket: 'relative' }, { outboundAddress: '::1' }, { exitFd: -1 },
  ];
  for (const extra of bad) assert.match(words(extra), /^refused: /, JSON.stringify(extra));
});

test('an old version is told apart from a bad option', () => {
  const old = right(parseVersion(output('1.0.0')));
  const result = slirp4netnsArguments({ ...options, dns: false }, old);
  assert.equal(result, E.left({ _tag: 'Unsupported', option: '--disable-dns', version: '1.0.0', since: '1.1.0' }));
});

test('addresses follow from the network', () => {
  assert.equal(right(addressesOf('10.0.2.0/24')), { gateway: '10.0.2.2', dns: '10.0.2.3', guest: '10.0.2.100', prefixLength: 24 });
  assert.equal(right(addressesOf('192.168.7.128/25')).guest, '192.168.7.228');
  for (const cidr of ['10.0.2.0', '10.0.2.0/33', '10.0.2.0/0', '300.0.0.0/8', 'fd00::/64', '10.0.2.4/24', '10.0.2.0/24\n']) assert.ok(E.isLeft(addressesOf(cidr)), cidr);
});

test('control characters of the program do not reach a terminal', () => {
  assert.is(explain({ _tag: 'Failed', program: 'slirp4netns', reason: 'a\u001b[31mb\nc\n' }), 'slirp4netns: a [31mb c');
});

const canRun = (() => {
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
    accessSync('/usr/bin/slirp4netns', constants.X_OK);
    return true;
  } catch {
    return false;
  }
})();
const real = canRun ? test : test.skip;

/** Runs `body` with the pid of a process in new user and network namespaces. */
const withNamespace = async (body: (pid: number) => Promise<void>): Promise<void> => {
  const child = spawn('unshare', ['-Urn', 'sleep', '30'], { stdio: 'ignore' });
  try {
    const pid = child.pid ?? 0;
    const ours = readlinkSync('/proc/self/ns/net');
    for (let tries = 0; tries < 100 && readlinkSync(`/proc/${pid}/ns/net`) === ours; tries++) await new Promise((r) => setTimeout(r, 10));
    await new Promise((r) => setTimeout(r, 50));
    await body(pid);
  } finally {
    child.kill('SIGKILL');
  }
};

real('a real one starts, forwards a port and stops', async () => {
  const capabilities = right(await detect()());
  const directory = mkdtempSync(join(tmpdir(), 'slirp-'));
  const apiSocket = join(directory, 'api');
  try {
    await withNamespace(async (pid) => {
      const running = right(await start({ target: { kind: 'pid', pid }, capabilities, apiSocket, cidr: '10.9.0.0/24' })());
      assert.is(running.addresses.guest, '10.9.0.100');
      assert.match(readFileSync(`/proc/${pid}/net/route`, 'utf8'), /^tap0\t00000000\t0200090A/m);
      const api = apiClient(apiSocket);
      const id = right(await api.add({ protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 38471, guestPort: 80 })());
      assert.equal(right(await api.list()), [{ id, protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 38471, guestAddress: '10.9.0.100', guestPort: 80 }]);
      right(await api.remove(id)());
      assert.equal(right(await api.list()), []);
      const refused = await api.remove(99)();
      assert.ok(E.isLeft(refused) && explain(refused.left).includes('bad arguments.id'));
      await running.stop();
      await running.stop();
      assert.is(await running.exited, 0);
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
});

real('an early end is told in its own words', async () => {
  const capabilities = right(await detect()());
  const result = await start({ target: { kind: 'path', netns: '/nonexistent' }, capabilities })();
  assert.ok(E.isLeft(result) && result.left._tag === 'Failed' && /No such file/.test(result.left.reason));
});

test('a missing program is named', async () => {
  assert.equal(await detect('/nonexistent/slirp4netns')(), E.left({ _tag: 'NotInstalled', program: '/nonexistent/slirp4netns' }));
  assert.equal(await start({ ...options, program: '/nonexistent/slirp4netns', capabilities: current })(), E.left({ _tag: 'NotInstalled', program: '/nonexistent/slirp4netns' }));
});

test('an API that hangs, lies or hangs up is given up', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'slirp-'));
  const path = join(directory, 'api');
  let reply: string | undefined;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    if (reply !== undefined) socket.end(reply);
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const answer = async (text: string | undefined): Promise<string> => {
    reply = text;
    const result = await apiClient(path, 200).list();
    return E.isLeft(result) ? explain(result.left) : 'accepted';
  };
  assert.match(await answer(undefined), /longer than 200 ms/);
  assert.match(await answer(''), /without an answer/);
  assert.match(await answer('{"return":{"entries":[{"id":"x"}]}}'), /unknown form/);
  assert.match(await answer('{"error":{"desc":"no\u0007"}}'), /not JSON|no/);
  assert.is(await answer('{"return":{"entries":[]}}'), 'accepted');
  server.close();
  server.unref();
  const nobody = await apiClient(join(directory, 'none')).list();
  assert.ok(E.isLeft(nobody) && nobody.left._tag === 'Api');
  rmSync(directory, { recursive: true, force: true });
});

test.run();
