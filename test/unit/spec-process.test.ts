import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { defaultCapabilities } from '../../src/runtime/capabilities.ts';
import { withName } from '../../src/runtime/spec.ts';
import { assertProblem, fakeHost, fakeImage, id, run, singleHost, tryRun } from '../spec-host.ts';

test('the default container', () => {
  const { oci, skiff, warnings } = run();
  assert.equal(oci.process.args, ['/bin/sh']);
  assert.equal(oci.process.env, ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOSTNAME=0123456789ab']);
  assert.equal([oci.process.cwd, oci.process.terminal, oci.process.noNewPrivileges, oci.process.rlimits], ['/', false, false, []]);
  assert.equal(oci.process.capabilities, { bounding: defaultCapabilities, effective: defaultCapabilities, permitted: defaultCapabilities, inheritable: [], ambient: [] });
  assert.equal(oci.root, { path: 'merged', readonly: false });
  assert.is(oci.hostname, '0123456789ab');
  assert.is('oomScoreAdj' in oci.process, false);
  assert.equal([skiff.name, skiff.id, skiff.version, skiff.setHome, skiff.init, skiff.stopTimeout], ['able_aldrin', id, 1, true, false, 10]);
  assert.equal(skiff.stopSignal, { name: 'SIGTERM', number: 15 });
  assert.equal(skiff.attach, { stdin: false, stdout: true, stderr: true });
  assert.equal(skiff.rootfs, { kind: 'image', layers: ['/layers/a/fs', '/layers/b/fs'] });
  assert.equal(skiff.user, { text: '', user: { id: 0 } });
  assert.equal(skiff.seccomp, { kind: 'default' });
  assert.equal(warnings, []);
});

test('entry point and command', () => {
  const image = fakeImage({ Entrypoint: ['/entry', '-x'], Cmd: ['a', 'b'] });
  const cases = [
    [{}, ['/entry', '-x', 'a', 'b']],
    [{ command: ['c'] }, ['/entry', '-x', 'c']],
    [{ entrypoint: '/other' }, ['/other']],
    [{ entrypoint: '/other', command: ['c'] }, ['/other', 'c']],
    [{ entrypoint: '', command: ['c'] }, ['c']],
  ] as const;
  for (const [flags, args] of cases) assert.equal(run(flags, fakeHost(), image).oci.process.args, [...args], JSON.stringify(flags));
  assertProblem(tryRun({ entrypoint: '' }, fakeHost(), image), 'Usage', 'no command specified');
  assertProblem(tryRun({}, fakeHost(), fakeImage({ Cmd: null, Entrypoint: null })), 'Usage', 'no command specified', 'skiff run busybox');
  assertProblem(tryRun({}, fakeHost(), fakeImage({ Cmd: ['a\0b'] })), 'Corrupt', 'NUL');
});

test('environment and terminal', () => {
  const image = fakeImage({ Cmd: ['x'], Env: ['PATH=/i', 'A=image', 'HOME=/root'] });
  const { oci, skiff } = run({ tty: true, interactive: true, env: ['A=flag', 'LANG', 'NONE'], envFile: [{ path: 'f', text: 'A=file\nB=file' }] }, fakeHost(), image);
  assert.equal(oci.process.env, ['PATH=/i', 'HOSTNAME=0123456789ab', 'TERM=xterm', 'A=flag', 'B=file', 'LANG=C.UTF-8', 'HOME=/root']);
  assert.is(oci.process.terminal, true);
  assert.equal([skiff.setHome, skiff.tty, skiff.openStdin, skiff.attach.stdin], [false, true, true, true]);
  assertProblem(tryRun({}, fakeHost(), fakeImage({ Cmd: ['x'], Env: ['=x'] })), 'Corrupt', 'busybox');
});

test('working directory', () => {
  const image = fakeImage({ Cmd: ['x'], WorkingDir: '/srv/../app/' });
  assert.is(run({}, fakeHost(), image).oci.process.cwd, '/app');
  assert.is(run({ workdir: '/a/./b' }, fakeHost(), image).oci.process.cwd, '/a/b');
  assertProblem(tryRun({ workdir: 'a' }), 'Usage', "'a'", 'absolute');
});

test('users must exist in the map', () => {
  assert.equal(run({ user: '1000:audio', groupAdd: ['5', 'video'] }).skiff.user, { text: '1000:audio', user: { id: 1000 }, group: { name: 'audio' } });
  assert.equal(run({ groupAdd: ['5', 'video'] }).skiff.groupAdd, [{ id: 5 }, { name: 'video' }]);
  assert.equal(run({}, fakeHost(), fakeImage({ Cmd: ['x'], User: 'www' })).skiff.user.user, { name: 'www' });
  assert.equal(run({ user: '65536' }).skiff.user.user, { id: 65536 });
  assertProblem(tryRun({ user: '65537' }), 'Refused', '65537', '65536', '/etc/subuid');
  assertProblem(tryRun({ user: '0:65537' }), 'Refused', 'group id 65537', '/etc/subgid');
  assertProblem(tryRun({ groupAdd: ['70000'] }), 'Refused', 'group id 70000');
  assertProblem(tryRun({ user: '1000' }, singleHost()), 'Refused', 'newuidmap is not installed', 'keep-id:uid=1000');
  assertProblem(tryRun({ user: '-5' }), 'Usage', '--user', "'-5'");
  assertProblem(tryRun({}, fakeHost(), fakeImage({ Cmd: ['x'], User: 'a b' })), 'Usage', 'user of image busybox');
});

test('capabilities, privileges and security options', () => {
  const plain = run({ capDrop: ['ALL'], capAdd: ['NET_RAW'], securityOpt: ['no-new-privileges'] }).oci;
  assert.equal(plain.process.capabilities.effective, ['CAP_NET_RAW']);
  assert.is(plain.process.noNewPrivileges, true);
  assert.ok(plain.linux.maskedPaths.includes('/proc/kcore') && plain.linux.readonlyPaths.includes('/proc/sys'));
  const full = run({ privileged: true });
  assert.is(full.oci.process.capabilities.bounding.length, 41);
  assert.equal([full.oci.linux.maskedPaths, full.oci.linux.readonlyPaths], [[], []]);
  assert.equal(full.skiff.seccomp, { kind: 'unconfined' });
  assert.equal(run({ securityOpt: ['seccomp=my.json'] }).skiff.seccomp, { kind: 'file', path: '/home/ann/my.json' });
  assertProblem(tryRun({ capAdd: ['NET_RAV'] }), 'Usage', 'NET_RAV');
  assertProblem(tryRun({ securityOpt: ['x=y'] }), 'Usage', 'x=y');
});

test('limits', () => {
  assert.equal(run({ ulimit: ['nofile=10:20', 'core=0', 'nofile=30'] }).oci.process.rlimits, [
    { type: 'RLIMIT_NOFILE', soft: 30, hard: 30 },
    { type: 'RLIMIT_CORE', soft: 0, hard: 0 },
  ]);
  assertProblem(tryRun({ ulimit: ['nofile=5000'] }), 'Refused', '4096');
  assert.is(run({ oomScoreAdj: '500' }).oci.process.oomScoreAdj, 500);
  assertProblem(tryRun({ oomScoreAdj: '-1' }), 'Refused', 'root');
  assertProblem(tryRun({ oomScoreAdj: '1001' }), 'Usage', '1001');
  assertProblem(tryRun({ oomScoreAdj: 'x' }), 'Usage', "'x'");
});

test('names, ids, stop, labels, session', () => {
  const image = fakeImage({ Cmd: ['x'], StopSignal: 'SIGQUIT', Labels: { a: '1' } });
  const { skiff } = run({ name: 'web', detach: true, interactive: true, rm: true, label: ['b=2'], stopTimeout: '-1', detachKeys: 'a', sigProxy: false, cidfile: 'x.cid', runtime: 'crun' }, fakeHost(), image);
  assert.equal([skiff.name, skiff.detached, skiff.autoRemove, skiff.stopTimeout, skiff.sigProxy, skiff.cidFile, skiff.runtime], ['web', true, true, -1, false, '/home/ann/x.cid', 'crun']);
  assert.equal(skiff.attach, { stdin: false, stdout: false, stderr: false });
  assert.equal([skiff.stopSignal.name, skiff.detachKeys, skiff.labels], ['SIGQUIT', [97], { a: '1', b: '2' }]);
  assert.is(run({ stopSignal: '9' }, fakeHost(), image).skiff.stopSignal.name, 'SIGKILL');
  assertProblem(tryRun({ name: '-x' }), 'Usage', "'-x'");
  assertProblem(tryRun({ cidfile: '/tmp/old.cid' }), 'Conflict', '/tmp/old.cid');
  assertProblem(tryRun({ stopTimeout: '5s' }), 'Usage', '5s');
  assert.is(withName(run(), 'other').skiff.name, 'other');
});

test('a directory as root, and a foreign platform', () => {
  const spec = run({ rootfs: 'src', command: ['ls'] }, fakeHost(), null);
  assert.equal(spec.skiff.rootfs, { kind: 'directory', path: '/home/ann/src' });
  assert.is('image' in spec.skiff, false);
  assertProblem(tryRun({ rootfs: '/none', command: ['ls'] }, fakeHost(), null), 'NotFound', 'no such directory: /none');
  assertProblem(tryRun({ rootfs: '/etc/motd', command: ['ls'] }, fakeHost(), null), 'NotFound');
  const foreign = fakeImage({ Cmd: ['x'] }, 'linux/arm64/v8');
  assert.match(run({}, fakeHost(), foreign).warnings[0] ?? '', /linux\/arm64\/v8.*linux\/amd64/);
  assert.equal(run({ platform: 'linux/arm64' }, fakeHost(), foreign).warnings, []);
  assert.equal(run({}, fakeHost(), fakeImage({ Cmd: ['x'] }, 'linux/amd64/v2')).warnings, []);
  assert.is(run({}, fakeHost({ platform: 'linux/arm' }), foreign).warnings.length, 1);
});

test.run();
