import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { defaultDevices } from '../../src/runtime/spec-mounts.ts';
import { assertProblem, fakeHost, mountAt, run, singleHost, tryRun } from '../spec-host.ts';

const quiet = ['nosuid', 'noexec', 'nodev'];

test('the default mounts, in Docker\'s order', () => {
  const { oci, skiff } = run();
  assert.equal(oci.mounts, [
    { destination: '/proc', type: 'proc', source: 'proc', options: ['rw', ...quiet] },
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['rw', 'nosuid', 'strictatime', 'mode=755', 'size=65536k'] },
    { destination: '/dev/pts', type: 'devpts', source: 'devpts', options: ['rw', 'nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'] },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['ro', ...quiet] },
    { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['ro', ...quiet] },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['rw', ...quiet] },
    { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: ['rw', ...quiet, 'mode=1777', 'size=67108864'] },
    { destination: '/etc/resolv.conf', type: 'bind', source: '/state/c/resolv.conf', options: ['rbind', 'rprivate'] },
    { destination: '/etc/hostname', type: 'bind', source: '/state/c/hostname', options: ['rbind', 'rprivate'] },
    { destination: '/etc/hosts', type: 'bind', source: '/state/c/hosts', options: ['rbind', 'rprivate'] },
  ]);
  assert.equal(skiff.deviceBinds, defaultDevices);
  assert.is(oci.linux.rootfsPropagation, 'private');
});

test('the terminal group needs a mapped gid 5', () => {
  assert.not(mountAt(run({}, singleHost()), '/dev/pts')?.options.includes('gid=5'));
});

test('namespaces of the host bring the host\'s mounts', () => {
  const bound = (destination: string, ...options: readonly string[]) => ({ destination, type: 'bind', source: destination, options: ['rbind', 'rprivate', ...options, ...quiet] });
  assert.equal(mountAt(run({ network: 'host' }), '/sys'), bound('/sys', 'ro'));
  assert.equal(mountAt(run({ pid: 'host' }), '/proc'), bound('/proc', 'rw'));
  assert.equal(mountAt(run({ cgroupns: 'host' }), '/sys/fs/cgroup'), bound('/sys/fs/cgroup', 'ro'));
  assert.equal(mountAt(run({ ipc: 'host' }), '/dev/shm'), bound('/dev/shm', 'rw'));
  assert.equal(mountAt(run({ ipc: 'host' }), '/dev/mqueue'), bound('/dev/mqueue', 'rw'));
  assert.is(mountAt(run({ ipc: 'host' }, fakeHost({ statPath: () => undefined })), '/dev/mqueue'), undefined);
});

test('over the host\'s cgroups come an empty file system and then the container\'s own', () => {
  const types = (flags: object): readonly string[] => run(flags).oci.mounts.filter(({ destination }) => destination === '/sys/fs/cgroup').map(({ type }) => type);
  assert.equal([types({ network: 'host' }), types({}), types({ network: 'host', cgroupns: 'host' })], [['tmpfs', 'cgroup'], ['cgroup'], ['bind']]);
});

test('without cgroup v2 nothing of the host\'s cgroups is seen', () => {
  const host = fakeHost({ cgroup2: false });
  assert.is(mountAt(run({}, host), '/sys/fs/cgroup'), undefined);
  assert.is(mountAt(run({ network: 'host' }, host), '/sys/fs/cgroup')?.type, 'tmpfs');
});

test('shared memory', () => {
  assert.ok(mountAt(run({ shmSize: '1g' }), '/dev/shm')?.options.includes('size=1073741824'));
  assert.is(mountAt(run({ ipc: 'none' }), '/dev/shm'), undefined);
  const shared = run({ ipc: 'shareable', shmSize: '1m' });
  assert.ok(mountAt(shared, '/dev/shm')?.options.includes('size=1048576'));
  assert.is(mountAt(run({ ipc: 'container:web' }), '/dev/shm'), undefined);
  assertProblem(tryRun({ shmSize: 'big' }), 'Usage', 'big');
});

test('user mounts come after, by depth, and replace the standard ones', () => {
  const spec = run({ volume: ['/data:/a/b/c/d:ro', '/data:/top'], tmpfs: ['/run:exec', '/dev/shm:size=1k'], mount: ['type=bind,src=/etc/motd,dst=/etc/hosts,readonly'] });
  const order = spec.oci.mounts.map(({ destination }) => destination);
  assert.equal(order.slice(6), ['/top', '/run', '/etc/resolv.conf', '/etc/hostname', '/etc/hosts', '/dev/shm', '/a/b/c/d']);
  assert.equal(mountAt(spec, '/a/b/c/d'), { destination: '/a/b/c/d', type: 'bind', source: '/data', options: ['rbind', 'rro', 'rprivate'] });
  assert.equal(mountAt(spec, '/run')?.options, ['exec', 'nosuid', 'nodev', 'rprivate']);
  assert.is(mountAt(spec, '/etc/hosts')?.source, '/etc/motd');
});

test('a /dev of the user\'s own takes everything below it along', () => {
  const spec = run({ tmpfs: ['/dev'] });
  assert.equal(spec.oci.mounts.filter(({ destination }) => destination.startsWith('/dev')).map(({ destination }) => destination), ['/dev']);
  assert.equal(spec.skiff.deviceBinds, []);
});

test('read-only binds are so all the way down where the kernel can', () => {
  const old = fakeHost({ kernelRelease: '5.10.0-28' });
  const flags = (recursive: string) => ({ mount: [`type=bind,src=/data,dst=/x,ro,bind-recursive=${recursive}`] });
  const options = (recursive: string, host = fakeHost()) => mountAt(run(flags(recursive), host), '/x')?.options;
  assert.equal(options('enabled'), ['rbind', 'rro', 'rprivate']);
  assert.equal(options('writable'), ['rbind', 'ro', 'rprivate']);
  assert.equal(options('disabled'), ['bind', 'ro', 'rprivate']);
  assert.equal(options('readonly'), ['rbind', 'rro', 'rprivate']);
  assert.equal(options('enabled', old), ['rbind', 'ro', 'rprivate']);
  assertProblem(tryRun(flags('readonly'), old), 'Refused', '5.12', '5.10.0-28');
});

test('sources must exist, unless they are to be made', () => {
  assert.equal(run({ volume: ['/none:/x'] }).skiff.createDirectories, ['/none'], 'as by Docker');
  assertProblem(tryRun({ mount: ['type=bind,src=/none,dst=/x'] }), 'Usage', 'bind source path does not exist: /none');
  assert.equal(run({ mount: ['type=bind,src=/none,dst=/x,bind-create-src=true'] }).skiff.createDirectories, ['/none']);
  assert.equal(run({ mount: ['type=bind,src=/data,dst=/x,bind-create-src=true'] }).skiff.createDirectories, []);
});

test('one place takes one mount', () => {
  assertProblem(tryRun({ volume: ['/data:/x', '/etc/motd:/x/'] }), 'Conflict', '/data:/x', '/etc/motd:/x/');
  assertProblem(tryRun({ volume: ['/data:/x'], tmpfs: ['/x'] }), 'Conflict', '/x');
  assertProblem(tryRun({ volume: ['/data:/proc'] }), 'Refused', '/proc');
  assertProblem(tryRun({ tmpfs: ['/proc'] }), 'Refused', '/proc');
  assert.is(mountAt(run({ volume: ['/proc:/proc'] }), '/proc')?.type, 'bind');
});

test('propagation, relabelling and read-only roots', () => {
  assert.is(run({ volume: ['/data:/x:rslave'] }).oci.linux.rootfsPropagation, 'rslave');
  assert.equal(run({ volume: ['/data:/x:z'] }).warnings, []);
  assert.match(run({ volume: ['/data:/x:z'] }, fakeHost({ selinux: () => true })).warnings[0] ?? '', /SELinux.*\/data:\/x:z/);
  const spec = run({ readOnly: true });
  assert.is(spec.oci.root.readonly, true);
  assert.ok(mountAt(spec, '/etc/hosts')?.options.includes('ro'));
});

test('devices are bound', () => {
  const spec = run({ device: ['/dev/fuse:/dev/f', '/dev/snd'] });
  assert.equal(mountAt(spec, '/dev/f'), { destination: '/dev/f', type: 'bind', source: '/dev/fuse', options: ['bind', 'rprivate', 'nosuid', 'noexec'] });
  assert.equal(mountAt(spec, '/dev/snd')?.options[0], 'rbind');
  assertProblem(tryRun({ device: ['/dev/none'] }), 'NotFound', 'no such device: /dev/none');
  assertProblem(tryRun({ device: ['/etc/motd'] }), 'Refused', 'not a device', '-v /etc/motd');
});

test('privileged: the caller\'s devices, and a writable /sys', () => {
  const spec = run({ privileged: true, device: ['/dev/fuse'] });
  assert.equal(spec.oci.mounts.slice(-2).map(({ destination }) => destination), ['/dev/kvm', '/dev/fuse']);
  assert.is(mountAt(spec, '/sys')?.options[0], 'rw');
  assert.is(mountAt(spec, '/sys/fs/cgroup')?.options[0], 'rw');
});

test.run();
