import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertProblem, fakeHost, run, singleHost, tryRun } from '../spec-host.ts';
import type { RunFlags } from '../../src/runtime/run-flags.ts';

const kinds = (flags: Partial<RunFlags>): readonly string[] => run(flags).oci.linux.namespaces.map(({ type, path }) => (path === undefined ? type : `${type}=${path}`));

test('every kind is new by default, and left out when it is the host\'s', () => {
  const all = ['user', 'mount', 'pid', 'network', 'ipc', 'uts', 'cgroup'];
  assert.equal(kinds({}), all);
  const cases = [[{ pid: 'host' }, 'pid'], [{ network: 'host' }, 'network'], [{ ipc: 'host' }, 'ipc'], [{ uts: 'host' }, 'uts'], [{ cgroupns: 'host' }, 'cgroup']] as const;
  for (const [flags, kind] of cases) assert.equal(kinds(flags), all.filter((name) => name !== kind), kind);
  for (const flags of [{ network: 'none' }, { ipc: 'none' }, { ipc: 'shareable' }, { userns: 'host' }]) assert.equal(kinds(flags), all);
});

test('id maps name the host\'s ids, as the keeper does, or show the caller under another id', () => {
  const { linux } = run().oci;
  assert.equal(linux.uidMappings, [{ containerID: 0, hostID: 1000, size: 1 }, { containerID: 1, hostID: 100000, size: 65536 }]);
  const kept = run({ userns: 'keep-id:uid=5' });
  assert.equal(kept.oci.linux.uidMappings?.[1], { containerID: 5, hostID: 1000, size: 1 });
  assert.equal(kept.oci.linux.gidMappings?.[1], { containerID: 1000, hostID: 1000, size: 1 });
  assert.is(kept.skiff.user.text, '5:1000');
  assert.is(run({ userns: 'keep-id', user: '0' }).skiff.user.text, '0');
  assert.equal(run({}, singleHost()).oci.linux.uidMappings, [{ containerID: 0, hostID: 1000, size: 1 }]);
  assert.equal(run({ userns: 'keep-id:uid=33,gid=33', user: '33' }, singleHost()).oci.linux.uidMappings, [{ containerID: 33, hostID: 1000, size: 1 }]);
});

test('another container\'s namespaces come with its user namespace', () => {
  const spec = run({ pid: 'container:web', ipc: 'container:web' });
  assert.equal(spec.oci.linux.namespaces.filter(({ path }) => path !== undefined), [
    { type: 'user', path: '/proc/4711/ns/user' },
    { type: 'pid', path: '/proc/4711/ns/pid' },
    { type: 'ipc', path: '/proc/4711/ns/ipc' },
  ]);
  assert.is('uidMappings' in spec.oci.linux, false);
  assert.is(spec.skiff.sharesWith, 'aa'.repeat(32));
  assert.equal(spec.skiff.pid, { mode: 'container', container: 'web' });
  assertProblem(tryRun({ pid: 'container:none' }), 'NotFound', 'no such container: none');
  assertProblem(tryRun({ pid: 'container:dead' }), 'Conflict', 'not running');
  assertProblem(tryRun({ ipc: 'container:db' }), 'Refused', 'db', '--ipc shareable');
  assertProblem(tryRun({ pid: 'container:db', ipc: 'container:web' }), 'Refused', 'two user namespaces');
  assertProblem(tryRun({ pid: 'container:web', userns: 'keep-id' }), 'Usage', 'keep-id');
});

test('another container\'s network comes with its names and its user namespace', () => {
  const { oci, skiff } = run({ network: 'container:web' });
  assert.equal(oci.linux.namespaces.filter(({ path }) => path !== undefined), [{ type: 'user', path: '/proc/4711/ns/user' }, { type: 'network', path: '/proc/4711/ns/net' }]);
  assert.is(oci.hostname, 'webbox');
  assert.equal(oci.linux.sysctl, {});
  assert.equal(skiff.network, { mode: 'container', container: 'web', owner: 'aa'.repeat(32) });
  assert.equal(oci.mounts.filter(({ destination }) => destination.startsWith('/etc/')).map(({ source }) => source), ['/c/web/resolv.conf', '/c/web/hostname', '/c/web/hosts']);
  assert.equal(kinds({ network: 'container:db' }).filter((kind) => kind.startsWith('network')), [], 'the host\'s');
  assert.is(run({ network: 'container:db' }).oci.mounts.find(({ destination }) => destination === '/sys')?.type, 'bind');
  assertProblem(tryRun({ network: 'container:' }), 'Usage', 'invalid container format container:<name|id>');
  assertProblem(tryRun({ network: 'container:dead' }), 'Conflict', 'not running');
  assertProblem(tryRun({ network: 'container:db', pid: 'container:web' }), 'Refused', 'two user namespaces');
  assertProblem(tryRun({ network: 'container:web', hostname: 'x' }), 'Usage', 'conflicting options: hostname and the network mode');
  assertProblem(tryRun({ network: 'container:web', dns: ['9.9.9.9'] }), 'Usage', 'conflicting options: dns and the network mode');
  assertProblem(tryRun({ network: 'container:web', addHost: ['a:1.1.1.1'] }), 'Usage', 'custom host-to-IP mapping and the network mode');
  assertProblem(tryRun({ network: 'container:web', expose: ['80'] }), 'Usage', 'port exposing and the container type network mode');
});

test('host names', () => {
  assert.is(run({ hostname: 'box' }).oci.hostname, 'box');
  assert.is(run({ network: 'host' }).oci.hostname, 'workstation');
  assert.is(run({ network: 'host', hostname: 'box' }).oci.hostname, 'box');
  const shared = run({ uts: 'host' });
  assert.equal(['hostname' in shared.oci, shared.skiff.hostname], [false, 'workstation']);
  assert.ok(shared.oci.process.env.includes('HOSTNAME=workstation'));
  assert.is(run({ domainname: 'example.org' }).oci.domainname, 'example.org');
  assertProblem(tryRun({ uts: 'host', hostname: 'box' }), 'Usage', '--hostname', '--uts host');
  assertProblem(tryRun({ uts: 'host', domainname: 'box' }), 'Usage', '--domainname');
  assertProblem(tryRun({ hostname: 'a b' }), 'Usage', "'a b'");
});

test('sysctls', () => {
  assert.equal(run().oci.linux.sysctl, { 'net.ipv4.ip_unprivileged_port_start': '0', 'net.ipv4.ping_group_range': '0 65536' });
  assert.equal(run({}, singleHost()).oci.linux.sysctl['net.ipv4.ping_group_range'], '0 0');
  assert.is(run({ userns: 'keep-id' }, singleHost()).oci.linux.sysctl['net.ipv4.ping_group_range'], undefined);
  assert.is(run({ pid: 'container:web' }).oci.linux.sysctl['net.ipv4.ping_group_range'], undefined);
  assert.equal(run({ network: 'host' }).oci.linux.sysctl, {});
  assert.is(run({ sysctl: ['net.ipv4.ip_unprivileged_port_start=80'] }).oci.linux.sysctl['net.ipv4.ip_unprivileged_port_start'], '80');
  assertProblem(tryRun({ sysctl: ['net.core.somaxconn=1'], network: 'host' }), 'Refused', 'net.core.somaxconn');
  assertProblem(tryRun({ sysctl: ['kernel.sem=1'], ipc: 'container:web' }), 'Refused', 'kernel.sem');
});

test('--init where there is an init already', () => {
  assert.is(run({ init: true }).skiff.init, true);
  const shared = run({ init: true, pid: 'host' });
  assert.is(shared.skiff.init, false);
  assert.match(shared.warnings[0] ?? '', /--init/);
});

test('questions are asked of the host only when a flag needs the answer', () => {
  const never = (): never => {
    throw new Error('asked');
  };
  const host = fakeHost({ statPath: never, devices: never, hardLimit: never, oomScoreAdj: never, selinux: never, hosts: never, findContainer: never });
  run({ name: 'web' }, host);
});

test.run();
