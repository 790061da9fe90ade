import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseDetachKeys } from '../../src/core/detach-keys.ts';
import { parseAddHost, parseHostname, parseNameserver, parseResolverOption, parseSearchDomain } from '../../src/core/hosts.ts';
import { contiguousIds, defaultMap, isMapped, keepIdMap } from '../../src/core/id-maps.ts';
import { addressInCidr, isIPv4, isIPv6 } from '../../src/core/ip.ts';
import { generateName, isContainerId, parseContainerName, shortId } from '../../src/core/names.ts';
import { parseHostMode, parseIpcMode, parsePidMode, parseUserMode } from '../../src/core/namespace-modes.ts';
import { nearest, wordHint } from '../../src/core/nearest.ts';
import { networkNameOf, parseNetwork } from '../../src/core/network-mode.ts';
import { parseSignal } from '../../src/core/signals.ts';
import { parseSysctl } from '../../src/core/sysctls.ts';
import { checkUlimit, parseUlimit } from '../../src/core/ulimits.ts';
import { parseGroup, parseUser } from '../../src/core/users.ts';
import { assertProblem, value } from '../spec-host.ts';

test('ulimits', () => {
  const cases = [
    ['nofile=1024', 1024, 1024],
    ['nofile=1024:2048', 1024, 2048],
    ['core=0', 0, 0],
    ['core=-1', Infinity, Infinity],
    ['core=5:-1', 5, Infinity],
    ['memlock=infinity:infinity', Infinity, Infinity],
  ] as const;
  for (const [text, soft, hard] of cases) {
    const limit = value(parseUlimit(text));
    assert.equal([limit.soft, limit.hard], [soft, hard], text);
  }
  const bad = [['nofile', 'SOFT'], ['nofle=1', 'nofile'], ['nofile=x', "'x'"], ['nofile=2:1', 'above'], ['nofile=-1:5', 'above'], ['nofile=1:2:3', 'two'], ['nofile=', "''"], ['nofile=1.5', '1.5'], ['as=1', "'as'"]] as const;
  for (const [text, word] of bad) assertProblem(parseUlimit(text), 'Usage', text, word);
  const limit = value(parseUlimit('nofile=10:5000'));
  assert.equal(value(checkUlimit(limit, 5000)), limit);
  assert.equal(value(checkUlimit(limit, undefined)), limit);
  assertProblem(checkUlimit(limit, 4096), 'Refused', '5000', '4096', 'root');
  assertProblem(checkUlimit(value(parseUlimit('core=-1')), 4096), 'Refused', 'unlimited');
});

test('signals', () => {
  const cases = [
    ['TERM', 'SIGTERM', 15], ['sigterm', 'SIGTERM', 15], ['SIGKILL', 'SIGKILL', 9], ['9', 'SIGKILL', 9], ['31', 'SIGSYS', 31],
    ['RTMIN', 'SIGRTMIN', 34], ['SIGRTMIN+3', 'SIGRTMIN+3', 37], ['RTMAX', 'SIGRTMIN+30', 64], ['RTMAX-2', 'SIGRTMIN+28', 62],
    ['37', 'SIGRTMIN+3', 37], ['CLD', 'SIGCHLD', 17], ['IOT', 'SIGABRT', 6], ['WINCH', 'SIGWINCH', 28],
  ] as const;
  for (const [text, name, number] of cases) assert.equal(value(parseSignal(text)), { name, number }, text);
  for (const text of ['', '0', '65', '-1', 'SIGFOO', 'RTMIN+31', 'RTMAX+1', '9x']) assertProblem(parseSignal(text), 'Usage', `'${text}'`);
});

test('users and groups', () => {
  assert.equal(value(parseUser('')), { text: '', user: { id: 0 } });
  assert.equal(value(parseUser('1000')), { text: '1000', user: { id: 1000 } });
  assert.equal(value(parseUser('www:33')), { text: 'www:33', user: { name: 'www' }, group: { id: 33 } });
  assert.equal(value(parseUser('4294967294:staff')), { text: '4294967294:staff', user: { id: 4294967294 }, group: { name: 'staff' } });
  assert.equal(value(parseUser(':5')), { text: ':5', user: { id: 0 }, group: { id: 5 } });
  for (const text of ['-1', '4294967295', '99999999999', 'a b', 'a:', 'a:b:c', 'x/y', 'a\u001b']) assertProblem(parseUser(text), 'Usage');
  assert.equal(value(parseGroup('audio')), { name: 'audio' });
  assertProblem(parseGroup('-2'), 'Usage', '--group-add', '-2');
});

test('container names', () => {
  for (const name of ['ab', 'web-1', 'a.b_c', '0a', 'a'.repeat(255)]) assert.is(value(parseContainerName(name)), name);
  assert.is(value(parseContainerName('/web')), 'web');
  for (const name of ['', 'a', '-a', '.a', 'a b', 'a/b', '..', 'é1', 'a\n', 'a'.repeat(256)]) assertProblem(parseContainerName(name), 'Usage');
  assert.ok(isContainerId('a'.repeat(64)) && !isContainerId('A'.repeat(64)) && !isContainerId('a'.repeat(63)));
  assert.is(shortId('0123456789abcdef'), '0123456789ab');
});

test('made-up names are names, and differ', () => {
  const at = (x: number, tries = 0): string => generateName(() => x, tries);
  for (const x of [0, 0.3, 0.999999]) assert.match(value(parseContainerName(at(x))), /^[a-z]+_[a-z]+$/);
  assert.is.not(at(0), at(0.5));
  assert.match(at(0.5, 1), /^[a-z]+_[a-z]+5$/);
});

test('IP addresses', () => {
  for (const text of ['0.0.0.0', '255.255.255.255', '10.0.2.3']) assert.ok(isIPv4(text), text);
  for (const text of ['256.0.0.1', '1.2.3', '1.2.3.4.5', '01.2.3.4', '1.2.3.', 'a.b.c.d', '']) assert.not(isIPv4(text), text);
  for (const text of ['::', '::1', 'fe80::1', '1:2:3:4:5:6:7:8', '::ffff:1.2.3.4', '1::', '2001:DB8::5']) assert.ok(isIPv6(text), text);
  for (const text of ['', ':', ':::', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1::2::3', '12345::', 'g::', '::1.2.3', '1:2:3:4:5:6:7::8', '::1.2.3.4:5', '[::1]']) assert.not(isIPv6(text), text);
  assert.is(addressInCidr('10.0.2.0/24', 3), '10.0.2.3');
  assert.is(addressInCidr('192.168.7.9/16', 100), '192.168.0.100');
  for (const text of ['10.0.2.0', '10.0.2.0/25', '10.0.2.0/7', '::/24', '10.0.2.0/24/1']) assert.is(addressInCidr(text, 2), undefined);
});

test('--add-host', () => {
  const cases = [['a:1.2.3.4', 'a', '1.2.3.4'], ['a=1.2.3.4', 'a', '1.2.3.4'], ['a.b:::1', 'a.b', '::1'], ['a:[::1]', 'a', '::1'], ['gw:host-gateway', 'gw', '10.0.2.2']] as const;
  for (const [text, name, address] of cases) assert.equal(value(parseAddHost(text, '10.0.2.2')), { name, address }, text);
  for (const text of ['a', 'a:', ':1.2.3.4', 'a:b', 'a b:1.2.3.4', 'a\n:1.2.3.4', 'a:1.2.3.4\n5.6.7.8 x']) assertProblem(parseAddHost(text, undefined), 'Usage', '--add-host');
  assertProblem(parseAddHost('gw:host-gateway', undefined), 'Refused', 'allow_host_loopback');
});

test('resolver words and host names', () => {
  assert.is(value(parseNameserver(' 9.9.9.9 ')), '9.9.9.9');
  assertProblem(parseNameserver('x'), 'Usage', "'x'");
  for (const text of ['.', 'example.org', 'example.org.', 'a']) assert.is(value(parseSearchDomain(text)), text);
  for (const text of ['', '1.2', '-a', 'a b', 'a\nnameserver 6.6.6.6']) assertProblem(parseSearchDomain(text), 'Usage');
  assert.is(value(parseResolverOption('ndots:2')), 'ndots:2');
  assertProblem(parseResolverOption('ndots:2 x'), 'Usage');
  assert.is(value(parseHostname('web.example.org', '--hostname')), 'web.example.org');
  for (const text of ['-a', 'a b', 'a'.repeat(65), 'a\n127.0.0.1 b']) assertProblem(parseHostname(text, '--hostname'), 'Usage', '--hostname');
});

test('sysctls belong to namespaces of one\'s own', () => {
  const own = { ipc: true, network: true, uts: true };
  assert.equal(value(parseSysctl('net.core.somaxconn=1024', own)), ['net.core.somaxconn', '1024']);
  assert.equal(value(parseSysctl('net/ipv4/ip_forward=1', own)), ['net.ipv4.ip_forward', '1']);
  assert.equal(value(parseSysctl('kernel.sem=1 2 3 4', own)), ['kernel.sem', '1 2 3 4']);
  for (const text of ['fs.mqueue.msg_max=1', 'kernel.shmmax=1', 'kernel.domainname=x']) value(parseSysctl(text, own));
  for (const text of ['kernel.panic=1', 'vm.swappiness=1', 'fs.file-max=1', 'kernel.shmmaxx=1']) assertProblem(parseSysctl(text, own), 'Refused', 'root');
  assertProblem(parseSysctl('net.a.b=1', { ...own, network: false }), 'Refused', '--network');
  assertProblem(parseSysctl('kernel.sem=1', { ...own, ipc: false }), 'Refused', 'ipc');
  assertProblem(parseSysctl('kernel.hostname=x', { ...own, uts: false }), 'Refused', 'uts');
  for (const text of ['', 'x', '=1', 'net=1', 'net.core', 'net...x=1', 'net.core.x=a\u001b']) assertProblem(parseSysctl(text, own), 'Usage');
  assertProblem(parseSysctl('net/../../etc/passwd=1', own), 'Usage');
});

test('networks', () => {
  assert.equal(value(parseNetwork('none')), { mode: 'none' });
  assert.equal(value(parseNetwork('host')), { mode: 'host' });
  const plain = { mode: 'slirp4netns', cidr: '10.0.2.0/24', gateway: '10.0.2.2', dns: '10.0.2.3', address: '10.0.2.100', mtu: 65520, hostLoopback: false, ipv6: false };
  for (const text of ['slirp4netns', 'slirp4netns:']) assert.equal(value(parseNetwork(text)), plain, text);
  const tuned = value(parseNetwork('slirp4netns:cidr=10.9.0.0/16,mtu=1500,allow_host_loopback=true,enable_ipv6=true,outbound_addr=192.0.2.7'));
  assert.equal(tuned, { mode: 'slirp4netns', cidr: '10.9.0.0/16', gateway: '10.9.0.2', dns: '10.9.0.3', address: '10.9.0.100', mtu: 1500, hostLoopback: true, ipv6: true, outboundAddress: '192.0.2.7' });
  assertProblem(parseNetwork('slirp4netns:mut=1'), 'Usage', "'mut'", 'mtu');
  assertProblem(parseNetwork('slirp4netns:mtu=1'), 'Usage', 'mtu=1');
  assertProblem(parseNetwork('slirp4netns:cidr=x'), 'Usage', "'x'");
  assertProblem(parseNetwork('slirp4netns:allow_host_loopback=yes'), 'Usage', 'yes');
  assertProblem(parseNetwork('slirp4netns:outbound_addr=eth0'), 'Usage', 'eth0');
  assert.equal(value(parseNetwork('container:web')), { mode: 'container', container: 'web' });
  assertProblem(parseNetwork('container:'), 'Usage', 'container:<name|id>');
  for (const name of ['mine', 'bridge', 'default', '']) assert.equal(value(parseNetwork(name)), { mode: 'networks' });
  assert.equal(['', 'default', 'bridge', 'mine'].map(networkNameOf), ['bridge', 'bridge', 'bridge', 'mine']);
});

test('namespace modes', () => {
  assert.equal(value(parsePidMode('')), { mode: 'private' });
  assert.equal(value(parsePidMode('container:a')), { mode: 'container', container: 'a' });
  assertProblem(parsePidMode('container:'), 'Usage', '--pid');
  assertProblem(parsePidMode('hots'), 'Usage', "'hots'");
  for (const mode of ['private', 'shareable', 'none', 'host']) assert.is(value(parseIpcMode(mode)).mode, mode);
  assertProblem(parseIpcMode('x'), 'Usage', '--ipc');
  assert.is(value(parseHostMode('host', '--uts')), true);
  assert.is(value(parseHostMode('', '--uts')), false);
  assertProblem(parseHostMode('x', '--cgroupns'), 'Usage', '--cgroupns');
  const caller = { uid: 1000, gid: 100 };
  for (const text of ['', 'host']) assert.equal(value(parseUserMode(text, caller)), { mode: 'default' });
  assert.equal(value(parseUserMode('keep-id', caller)), { mode: 'keep-id', uid: 1000, gid: 100 });
  assert.equal(value(parseUserMode('keep-id:uid=5,gid=6', caller)), { mode: 'keep-id', uid: 5, gid: 6 });
  assert.equal(value(parseUserMode('keep-id:gid=6', caller)), { mode: 'keep-id', uid: 1000, gid: 6 });
  for (const text of ['auto', 'keep-id:uid=x', 'keep-id:size=5', 'keep-id:uid=4294967295', 'private:1']) assertProblem(parseUserMode(text, caller), 'Usage', text.split(':')[0] ?? '');
});

test('id maps', () => {
  const parent = [{ containerId: 0, hostId: 1000, size: 1 }, { containerId: 1, hostId: 100000, size: 65536 }];
  assert.equal(defaultMap(parent), [{ containerID: 0, hostID: 1000, size: 1 }, { containerID: 1, hostID: 100000, size: 65536 }]);
  assert.equal(keepIdMap(parent, 1000), [
    { containerID: 0, hostID: 100000, size: 1000 },
    { containerID: 1000, hostID: 1000, size: 1 },
    { containerID: 1001, hostID: 101000, size: 64536 },
  ]);
  assert.equal(keepIdMap(parent, 0), defaultMap(parent));
  assert.equal(keepIdMap(parent, 100000), [{ containerID: 0, hostID: 100000, size: 65536 }, { containerID: 100000, hostID: 1000, size: 1 }]);
  assert.equal(keepIdMap([{ containerId: 0, hostId: 5, size: 1 }], 7), [{ containerID: 7, hostID: 5, size: 1 }]);
  const three = [{ containerId: 0, hostId: 1000, size: 1 }, { containerId: 1, hostId: 5000, size: 10 }, { containerId: 11, hostId: 9000, size: 10 }];
  assert.equal(keepIdMap(three, 15), [
    { containerID: 0, hostID: 5000, size: 10 },
    { containerID: 10, hostID: 9000, size: 5 },
    { containerID: 15, hostID: 1000, size: 1 },
    { containerID: 16, hostID: 9005, size: 5 },
  ]);
  const split = keepIdMap(three, 15);
  assert.ok(isMapped(split, 20) && !isMapped(split, 21));
  assert.is(contiguousIds(split), 21);
  assert.is(contiguousIds(keepIdMap(parent, 100000)), 65536);
  assert.is(contiguousIds([{ containerID: 7, hostID: 0, size: 1 }]), 0);
});

test('detach keys', () => {
  const cases = [['', [16, 17]], ['ctrl-p,ctrl-q', [16, 17]], ['a', [97]], ['ctrl-a,a', [1, 97]], ['ctrl-@,ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_', [0, 27, 28, 29, 30, 31]], ['CTRL-Z', [26]]] as const;
  for (const [text, bytes] of cases) assert.equal(value(parseDetachKeys(text)), [...bytes], text);
  for (const text of ['ctrl-', 'ab', 'ctrl-ab', 'a,', 'é']) assertProblem(parseDetachKeys(text), 'Usage', `'${text}'`);
});

test('the nearest word', () => {
  assert.is(nearest('mmelock', ['nofile', 'memlock', 'core']), 'memlock');
  assert.is(wordHint('MemLok', ['nofile', 'memlock']), 'did you mean memlock?');
  assert.is(wordHint('xyz', ['nofile', 'memlock']), 'choose from nofile, memlock');
  assert.is(nearest('n'.repeat(65), ['nofile']), undefined);
});

test.run();
