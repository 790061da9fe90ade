/**
 * Published ports as their clients see them: real servers that see the clients' own addresses, over TCP and UDP, IPv4 and IPv6; halves that are closed stay
 * half; an address of the host that is not meant refuses.
 * @one-driver
 * @image programs
 * @time-limit 600
 */
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, output, removeAll, skiff, testImages } from './skiff.ts';
import { ask, fate, freePort, ownAddress, page, talk } from './sockets.ts';

const mine = ownAddress(4);

test.before(() => {
  output(['import', join(testImages, 'programs.tar'), 'programs']);
  output(['network', 'create', '--subnet', '10.83.0.0/24', 'front']);
  output(['network', 'create', '--ipv6', '--subnet', '10.84.0.0/24', '--subnet', 'fd84::/64', 'six']);
});
test.after.each(removeAll);
test.after(() => void skiff(['network', 'rm', 'front', 'six']));

const answers = (what: string, how: () => Promise<string>): Promise<string> => {
  const begun = Date.now();
  const again = async (): Promise<string> => {
    try {
      return await how();
    } catch (error) {
      if (Date.now() - begun > 30000) throw new Error(`${what}: ${String(error)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
      return again();
    }
  };
  return again();
};

const accessLog = (name: string): readonly string[] => output(['exec', name, 'cat', '/var/log/nginx/access.log']).split('\n').filter((line) => line !== '');

test('nginx has its clients\' own addresses in its log, and the gateway\'s for those of the loopback', async () => {
  const port = await freePort();
  output(['run', '-d', '--name', 'web', '--network', 'front', '-p', `${port}:80`, 'programs', 'nginx', '-g', 'daemon off;']);
  assert.match(await answers('nginx', () => page({ host: mine, port, from: mine })), /200 OK[^]*Welcome to nginx/);
  const before = accessLog('web').length;
  await page({ host: mine, port, from: mine }, '/own');
  await page({ host: '127.0.0.1', port, from: '127.0.0.1' }, '/loopback');
  await page({ host: '127.0.0.1', port, from: mine }, '/mixed');
  await page({ host: '::1', port }, '/six');
  await eventually('the log has all', () => accessLog('web').length === before + 4);
  const seen = accessLog('web').slice(before).map((line) => line.replace(/^(\S+) .*"GET (\S+) .*$/, '$1 $2'));
  assert.equal(seen, [`${mine} /own`, '10.83.0.1 /loopback', `${mine} /mixed`, '10.83.0.1 /six']);
});

/** A server that waits for the end of what is said, then tells its length and who said it; or answers each datagram with its sender. */
const perl = {
  tcp: 'use IO::Socket::INET; my $l = IO::Socket::INET->new(LocalPort => 7, Listen => 50, ReuseAddr => 1) or die; while (my $c = $l->accept) { next if fork; my $n = 0; while (my $r = sysread($c, my $b, 65536)) { $n += $r } print $c "$n ", $c->peerhost, " ", $c->peerport; exit }',
  udp: 'use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalPort => 5353, Proto => "udp") or die; while (1) { my $m; $s->recv($m, 65536) or next; $s->send(length($m) . " " . $s->peerhost . " " . $s->peerport) }',
};

test('a client that has closed its half hears all that is said afterwards', async () => {
  const port = await freePort();
  output(['run', '-d', '--name', 'echo', '--network', 'front', '-p', `${port}:7`, 'programs', 'perl', '-e', perl.tcp]);
  const [bytes, address] = (await answers('the server', () => talk({ host: mine, port, from: mine, say: Buffer.alloc(5000000) }))).split(' ');
  assert.equal([bytes, address], ['5000000', mine]);
  const all = await Promise.all(Array.from({ length: 100 }, (_, number) => talk({ host: mine, port, from: mine, say: 'x'.repeat(number) })));
  assert.equal(all.map((text) => text.split(' ')[0]), all.map((_, number) => `${number}`));
  assert.is(new Set(all.map((text) => text.split(' ')[2])).size, 100, 'each with its own port');
});

test('UDP: every client is answered by itself, from the port that it asked, and known by its address', async () => {
  const port = await freePort();
  output(['run', '-d', '--name', 'names', '--network', 'front', '-p', `${port}:5353/udp`, 'programs', 'perl', '-e', perl.udp]);
  assert.is((await ask({ host: mine, port, from: mine, say: 'hello' })).replace(/ \d+$/, ''), `5 ${mine}`);
  assert.is((await ask({ host: '127.0.0.1', port, from: '127.0.0.1', say: 'x'.repeat(30000) })).replace(/ \d+$/, ''), '30000 10.83.0.1');
  const all = await Promise.all(Array.from({ length: 20 }, (_, number) => ask({ host: mine, port, from: mine, say: 'x'.repeat(number + 1) })));
  assert.equal(all.map((text) => text.split(' ')[0]), all.map((_, number) => `${number + 1}`));
});

test('an IPv6 network: clients of both families are known by their addresses', async () => {
  const port = await freePort();
  output(['run', '-d', '--name', 'web', '--network', 'six', '-p', `${port}:80`, 'programs', 'nginx', '-g', 'daemon off;']);
  await answers('nginx', () => page({ host: mine, port }));
  const before = accessLog('web').length;
  const six = ownAddress(6);
  await page({ host: '::1', port, from: '::1' }, '/loopback');
  await page({ host: mine, port, from: mine }, '/own4');
  if (six !== undefined) await page({ host: six, port, from: six }, '/own6');
  const wanted = ['fd84::1 /loopback', `${mine} /own4`, ...(six === undefined ? [] : [`${six} /own6`])];
  await eventually('the log has all', () => accessLog('web').length === before + wanted.length);
  assert.equal(accessLog('web').slice(before).map((line) => line.replace(/^(\S+) .*"GET (\S+) .*$/, '$1 $2')), wanted);
});

test('a port of 127.0.0.1 is open there only, and one of ::1 there', async () => {
  const [four, six] = [await freePort(), await freePort()];
  output(['run', '-d', '--name', 'web', '--network', 'front', '-p', `127.0.0.1:${four}:80`, '-p', `[::1]:${six}:80`, 'programs', 'nginx', '-g', 'daemon off;']);
  assert.match(await answers('nginx', () => page({ host: '127.0.0.1', port: four })), /Welcome/);
  assert.match(await page({ host: '::1', port: six }), /Welcome/);
  const at = (host: string, port: number): Promise<string> => fate({ host, port, say: 'GET / HTTP/1.0\r\n\r\n' });
  assert.equal(await Promise.all([at(mine, four), at('::1', four), at(mine, six), at('127.0.0.1', six)]), ['ECONNREFUSED', 'ECONNREFUSED', 'ECONNREFUSED', 'ECONNREFUSED']);
  assert.is(output(['port', 'web']), `80/tcp -> 127.0.0.1:${four}\n80/tcp -> [::1]:${six}\n`);
});

test('a server that is not there resets, and is reached as soon as it is', async () => {
  const port = await freePort();
  output(['run', '-d', '--name', 'late', '--network', 'front', '-p', `${port}:7`, 'programs', 'sh', '-c', `until [ -e /go ]; do sleep 0.05; done; exec perl -e '${perl.tcp}'`]);
  assert.is(await fate({ host: mine, port, say: 'x' }), 'ECONNRESET');
  output(['exec', 'late', 'touch', '/go']);
  assert.match(await answers('the server', () => talk({ host: mine, port, say: 'abc' }).then((text) => (text === '' ? Promise.reject(new Error('nothing')) : text))), /^3 /);
});

test.run();
