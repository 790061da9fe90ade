import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeOciSpec } from '../../src/core/oci-runtime.ts';
import { hostnameFile, hostsFile, resolverFile } from '../../src/runtime/etc-files.ts';
import { decodeOciSpec, decodeSkiffSpec } from '../../src/runtime/spec-codec.ts';
import { completeForRuntime } from '../../src/runtime/spec-foreign.ts';
import { assertProblem, fakeHost, run, tryRun, value } from '../spec-host.ts';
import type { NetworkMode } from '../../src/core/network-mode.ts';
import type { RunFlags } from '../../src/runtime/run-flags.ts';

const etc = (flags: Partial<RunFlags>, host = fakeHost()) => run(flags, host).skiff.etc;

test('/etc/hosts', () => {
  const hosts = etc({ network: 'slirp4netns', hostname: 'box', domainname: 'example.org', addHost: ['db:192.0.2.9'] }).hosts.split('\n');
  assert.is(hosts[0], '127.0.0.1\tlocalhost');
  assert.equal(hosts.slice(-3), ['192.0.2.9\tdb', '10.0.2.100\tbox.example.org box', '']);
  assert.not.match(etc({ network: 'none' }).hosts, /0123456789ab/);
  assert.is(etc({ network: 'host', addHost: ['db:192.0.2.9'] }).hosts, '127.0.0.1 localhost workstation\n192.0.2.9\tdb\n');
  assert.match(etc({ network: 'slirp4netns:allow_host_loopback=true', addHost: ['host.docker.internal:host-gateway'] }).hosts, /^10\.0\.2\.2\thost\.docker\.internal$/m);
  assert.match(etc({ addHost: ['host.docker.internal:host-gateway'] }).hosts, /^192\.0\.2\.50\thost\.docker\.internal$/m, 'on a bridge by its own address');
  assertProblem(tryRun({ network: 'slirp4netns', addHost: ['x:host-gateway'] }), 'Refused', 'allow_host_loopback');
  assert.is(hostnameFile('box'), 'box\n');
  const none: NetworkMode = { mode: 'none' };
  assert.match(hostsFile({ network: none, hostname: 'box', extra: [], hostFile: () => 'x' }), /^127/);
});

test('/etc/resolv.conf', () => {
  assert.is(etc({}).resolvConf, etc({ network: 'bridge' }).resolvConf);
  assert.is(etc({ network: 'slirp4netns' }).resolvConf, 'search example.org\nnameserver 10.0.2.3\nnameserver 192.0.2.1\noptions edns0\n');
  assert.is(etc({ network: 'none' }).resolvConf, 'search example.org\nnameserver 192.0.2.1\noptions edns0\n');
  assert.is(etc({ network: 'host' }).resolvConf, fakeHost().resolvConf());
  assert.is(etc({ network: 'host', dns: ['9.9.9.9'] }).resolvConf, 'search example.org\nnameserver 9.9.9.9\noptions edns0\n');
  assert.is(etc({ dns: ['9.9.9.9', '::1'], dnsSearch: ['.'], dnsOption: ['ndots:2'] }).resolvConf, 'nameserver 9.9.9.9\nnameserver ::1\noptions ndots:2\n');
  assertProblem(tryRun({ dns: ['nine'] }), 'Usage', "'nine'");
});

test('odd resolv.conf files', () => {
  const read = (text: string): string => resolverFile({ network: { mode: 'none' }, nameservers: [], search: [], options: [], hostFile: () => text });
  assert.is(read(''), '');
  assert.is(read('domain a\nsearch b c\nnameserver ::1\nnameserver fe80::1%eth0\nnameserver junk\n# nameserver 1.1.1.1\nnameserver\t1.2.3.4 ; x\noptions a\noptions b\n'), 'search b c\nnameserver 1.2.3.4\noptions a b\n');
});

test('records survive being written and read', () => {
  const specs = [
    run({ ulimit: ['core=-1'], user: 'www:33', groupAdd: ['5'], domainname: 'x' }, fakeHost({ hardLimit: () => Infinity })),
    run({ network: 'host', pid: 'container:web', ipc: 'container:web', oomScoreAdj: 5, cidfile: 'c', runtime: 'crun', securityOpt: ['seccomp=a.json'] }),
    run({ network: 'none', ipc: 'shareable', userns: 'keep-id', rootfs: '/data', command: ['x'] }, fakeHost(), null),
  ];
  for (const { oci, skiff } of specs) {
    assert.equal(value(decodeOciSpec(encodeOciSpec(oci), 'config.json')), oci);
    assert.equal(value(decodeSkiffSpec(JSON.stringify(skiff), 'spec.json')), skiff);
  }
});

test('no limit is the 64-bit number in config.json, and nothing else changes', () => {
  const host = fakeHost({ hardLimit: () => Infinity });
  const { oci } = run({ ulimit: ['core=1:-1'], env: ['A="hard":"unlimited"'] }, host);
  const text = encodeOciSpec(oci);
  assert.ok(text.includes('"soft":1,"hard":18446744073709551615'));
  assert.ok(JSON.parse(text).process.env.includes('A="hard":"unlimited"'));
});

test('damaged records are named', () => {
  const { oci, skiff } = run();
  const spec = (changes: object): string => JSON.stringify({ ...skiff, ...changes });
  assertProblem(decodeSkiffSpec('{', '/c/spec.json'), 'Corrupt', '/c/spec.json', 'not JSON');
  assertProblem(decodeSkiffSpec('[]', '/c/spec.json'), 'Corrupt', '/c/spec.json');
  assertProblem(decodeSkiffSpec(spec({ version: 2 }), '/c/spec.json'), 'Corrupt', 'version 2');
  assertProblem(decodeSkiffSpec(spec({ name: '../x' }), '/c/spec.json'), 'Corrupt', 'name');
  assertProblem(decodeSkiffSpec(spec({ id: 'x' }), '/c/spec.json'), 'Corrupt', 'id');
  assertProblem(decodeSkiffSpec(spec({ network: { mode: 'warp' } }), '/c/spec.json'), 'Corrupt', 'network');
  assertProblem(decodeOciSpec(JSON.stringify({ ...oci, ociVersion: '2.0.0' }), '/c/config.json'), 'Corrupt', 'ociVersion');
  assertProblem(decodeOciSpec(JSON.stringify({ ...oci, mounts: [{}] }), '/c/config.json'), 'Corrupt', 'mounts');
});

test('config.json for another runtime', () => {
  const { oci, skiff } = run({ init: true, command: ['sleep', '1'] });
  const complete = completeForRuntime(oci, skiff, {
    user: { uid: 5, gid: 6, additionalGids: [6] },
    home: '/h',
    seccomp: { defaultAction: 'SCMP_ACT_ERRNO' },
    init: { program: '/cache/skiff-helper', arguments: ['init', '--'] },
    root: '/state/c/merged',
  });
  assert.equal(complete.process.user, { uid: 5, gid: 6, additionalGids: [6] });
  assert.equal(complete.process.args, ['/dev/.skiff-init', 'init', '--', 'sleep', '1']);
  assert.is(complete.process.env.at(-1), 'HOME=/h');
  assert.is(complete.root.path, '/state/c/merged');
  assert.is(complete.mounts.at(-1)?.source, '/cache/skiff-helper');
  assert.equal(complete.linux.seccomp, { defaultAction: 'SCMP_ACT_ERRNO' });
});

test.run();
