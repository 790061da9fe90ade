/** From flags and an image to mount points: names, precedence, what is taken over, and what stands in config.json. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { imageMountRecords } from '../../src/runtime/image-mounts.ts';
import { inspectedHostConfig } from '../../src/runtime/inspect-host-config.ts';
import { inspectedMounts } from '../../src/runtime/inspect-mounts.ts';
import { decodeSkiffSpec } from '../../src/runtime/spec-codec.ts';
import { overlayDriver } from '../../src/storage/driver.ts';
import { assertProblem, fakeHost, fakeImage, mountAt, run, singleHost, tryRun, value } from '../spec-host.ts';
import type { MountPoint } from '../../src/core/mount-points.ts';
import type { Host } from '../../src/system/host.ts';
import type { RunFlags } from '../../src/runtime/run-flags.ts';

const made = 'f'.repeat(64);

const pointsOf = (flags: Partial<RunFlags>, volumes: readonly string[] = [], host = fakeHost()): readonly MountPoint[] =>
  run(flags, host, fakeImage({ Cmd: ['sh'], Volumes: Object.fromEntries(volumes.map((path) => [path, {}])) })).skiff.mountPoints ?? [];

const debian = { reference: 'debian', id: `sha256:${'d'.repeat(64)}`, layers: ['/layers/d1', '/layers/d2'] };
const imageFlags: Partial<RunFlags> = { mount: ['type=image,source=debian,target=/i', 'type=image,source=debian,target=/p,image-subpath=usr/bin,readonly'], mountedImages: [debian] };

test('a container without any has none in its record', () => {
  assert.is(run().skiff.mountPoints, undefined);
  assert.is(run({ tmpfs: ['/run'] }).skiff.mountPoints, undefined);
});

test('a named volume, an anonymous one and one that the image declares', () => {
  const points = pointsOf({ volume: ['data:/d:ro', '/a'] }, ['/image', '/d', '/a/']);
  assert.equal(points.map(({ type, name, destination, readOnly, mode, anonymous = false }) => [type, name, destination, readOnly, mode, anonymous]), [
    ['volume', 'data', '/d', true, 'ro', false],
    ['volume', made, '/a', false, 'z', true],
    ['volume', made, '/image', false, '', true],
  ]);
  assert.is(points[0]?.source, '/state/volumes/data/_data');
});

test('what is bound, and how', () => {
  const spec = run({ volume: ['data:/d:ro'], mount: ['src=data,dst=/part,volume-subpath=a/b', 'type=volume,dst=/x,volume-nocopy'] });
  assert.equal(mountAt(spec, '/d'), { destination: '/d', type: 'bind', source: '/state/volumes/data/_data', options: ['rbind', 'rro', 'rprivate'] });
  assert.equal(mountAt(spec, '/part')?.source, '/state/c/volume-1', 'a part of a volume is mounted by the helpers');
  assert.equal(spec.skiff.mountPoints?.map(({ copy }) => copy), [true, false, false]);
  assert.equal(value(decodeSkiffSpec(JSON.stringify(spec.skiff), 'spec.json')).mountPoints, spec.skiff.mountPoints);
});

test('a tmpfs or a device at the place of an image\'s volume takes it', () => {
  assert.equal(pointsOf({ tmpfs: ['/image'] }, ['/image']), []);
  assert.equal(pointsOf({ device: ['/dev/fuse:/image'] }, ['/image']), []);
  assert.equal(pointsOf({}, ['/', '/..']), [], 'the root is never one');
});

const donor = (mountPoints: readonly MountPoint[]) =>
  fakeHost({ findContainer: (name) => (name === 'web' ? { id: 'aa'.repeat(32), name: 'web', shareable: false, networkOwner: '', ownerDirectory: '/c/web', hostname: 'web', hasHostNetwork: false, mountPoints } : undefined) });

test('--volumes-from takes volumes and host paths over, anonymous ones as such, and fills nothing again', () => {
  const volume: MountPoint = { type: 'volume', name: 'data', source: '/state/volumes/data/_data', destination: '/d', driver: 'local', mode: 'z', readOnly: false, propagation: '', make: { driver: '', options: {}, labels: {} }, anonymous: true, copy: true };
  const bind: MountPoint = { type: 'bind', source: '/data', destination: '/b', mode: 'ro', readOnly: true, propagation: 'rslave', recursive: 'enabled' };
  const memory: MountPoint = { type: 'tmpfs', source: '', destination: '/m', mode: '', readOnly: false, propagation: '' };
  const host = donor([volume, bind, memory]);
  const points = pointsOf({ volumesFrom: ['web'] }, ['/d'], host);
  assert.equal(points.map(({ destination, readOnly, anonymous, copy, make }) => [destination, readOnly, anonymous, copy, make]), [['/d', false, true, undefined, undefined], ['/b', true, undefined, undefined, undefined]]);
  assert.equal(pointsOf({ volumesFrom: ['web:ro'] }, [], host).map(({ readOnly }) => readOnly), [true, true]);
  const spec = run({ volumesFrom: ['web:ro'], volume: ['other:/d'] }, host);
  assert.equal(spec.skiff.mountPoints?.map(({ name, destination }) => [name, destination]), [['other', '/d'], [undefined, '/b']], 'an own mount at the same place counts');
  assert.equal(mountAt(spec, '/b')?.options, ['rbind', 'rro', 'rslave']);
  assert.is(spec.oci.linux.rootfsPropagation, 'rslave');
  assertProblem(tryRun({ volumesFrom: ['nobody'] }), 'NotFound', 'nobody');
});

test('neither a volume nor an image takes the place of /proc', () => {
  assertProblem(tryRun({ volume: ['data:/proc'] }), 'Refused', 'a volume at /proc');
  assertProblem(tryRun({}, fakeHost(), fakeImage({ Cmd: ['sh'], Volumes: { '/proc/': {} } })), 'Refused', 'a volume at /proc');
  assertProblem(tryRun({ ...imageFlags, mount: ['type=image,source=debian,target=/x/../proc'] }), 'Refused', 'an image at /proc');
});

test('giving to the container\'s user needs more than one id, and Skiff itself', () => {
  assert.is(pointsOf({ volume: ['data:/d:U'] })[0]?.chown, true);
  assertProblem(tryRun({ volume: ['data:/d:U'] }, singleHost()), 'Refused', '/d', 'subordinate');
  assertProblem(tryRun({ volume: ['data:/d:U'], runtime: 'crun' }), 'Refused', '--runtime');
});

test('a host path that shows as nobody\'s is told, where it is to be written', () => {
  const foreign = fakeHost({ ownerOf: () => ({ uid: 0, gid: 0, writable: false }) });
  assert.match(run({ volume: ['/data:/x'] }, foreign).warnings.join(), /\/data belongs to user 0 of the host.*nobody/);
  for (const volume of ['/data:/x:ro', '/:/x', '/etc/motd:/x', '/dev:/x', '/run/x:/x']) assert.equal(run({ volume: [volume] }, foreign).warnings, [], volume);
  assert.equal(run({ volume: ['/data:/x'] }, fakeHost({ ownerOf: () => ({ uid: 0, gid: 0, writable: true }) })).warnings, []);
  assert.match(run({ volume: ['/data:/x'] }, fakeHost({ ownerOf: () => ({ uid: 1000, gid: 44, writable: false }) })).warnings.join(), /group 44/);
});

test('an image is bound, read-only, from where the helpers put it, and its layers are in the record', () => {
  const spec = run(imageFlags);
  assert.equal(spec.skiff.mountPoints, [
    { type: 'image', source: '/state/c/image-0', stage: '/state/c/image-0', destination: '/i', mode: '', readOnly: true, propagation: 'rprivate', image: debian },
    { type: 'image', source: '/state/c/image-1', stage: '/state/c/image-1-part', destination: '/p', mode: '', readOnly: true, propagation: 'rprivate', image: debian, subpath: 'usr/bin' },
  ]);
  assert.equal(mountAt(spec, '/i'), { destination: '/i', type: 'bind', source: '/state/c/image-0', options: ['rbind', 'rro', 'rprivate'] });
  assert.is(mountAt(spec, '/p')?.source, '/state/c/image-1-part');
  assert.equal(value(decodeSkiffSpec(JSON.stringify(spec.skiff), 'spec.json')).mountPoints, spec.skiff.mountPoints);
  assertProblem(tryRun({ ...imageFlags, mountedImages: [] }), 'NotFound', 'debian');
});

test('what is done to have an image ready, and that another container may take it over', () => {
  const { skiff } = run({ volumesFrom: ['web'] }, donor(run(imageFlags).skiff.mountPoints ?? []));
  const host = { uid: 1000, gid: 1000, idMap: fakeHost().idMap } as unknown as Host;
  assert.equal(imageMountRecords(host, skiff, overlayDriver), [
    ['image-mount', 'debian', '/state/c/image-from-0', '', '/state/c/image-from-0', '', 'userxattr,index=off,xino=off', '/layers/d2', '/layers/d1'],
    ['image-mount', 'debian', '/state/c/image-from-1', 'usr/bin', '/state/c/image-from-1-part', '', 'userxattr,index=off,xino=off', '/layers/d2', '/layers/d1'],
  ]);
  assert.equal(imageMountRecords(host, run().skiff, overlayDriver), []);
  const twice = run({ volumesFrom: ['web', 'web'] }, donor(run(imageFlags).skiff.mountPoints ?? [])).skiff.mountPoints ?? [];
  assert.equal(twice.map(({ source }) => source), ['/state/c/image-from-2', '/state/c/image-from-3'], 'no two have one place');
});

test('an image in inspect', () => {
  const spec = run(imageFlags);
  assert.equal(inspectedMounts(spec.skiff.mountPoints).slice(0, 1), [{ Type: 'image', Name: 'debian', Source: '/state/c/image-0', Destination: '/i', Mode: '', RW: false, Propagation: 'rprivate' }]);
  assert.equal(JSON.parse(JSON.stringify(inspectedHostConfig(spec.skiff, spec.oci))).Mounts, [
    { Type: 'image', Source: 'debian', Target: '/i' },
    { Type: 'image', Source: 'debian', Target: '/p', ReadOnly: true, ImageOptions: { Subpath: 'usr/bin' } },
  ]);
});

test('inspect shows them as Docker does', () => {
  const spec = run({ volume: ['data:/d', './src:/s:ro', '/anon'], mount: ['type=volume,src=logs,dst=/l,ro,volume-opt=type=tmpfs,volume-label=a=b'], volumesFrom: [], volumeDriver: 'local' });
  assert.equal(inspectedMounts(spec.skiff.mountPoints).slice(0, 2), [
    { Type: 'volume', Name: 'data', Source: '/state/volumes/data/_data', Destination: '/d', Driver: 'local', Mode: 'z', RW: true, Propagation: '' },
    { Type: 'bind', Source: '/home/ann/src', Destination: '/s', Mode: 'ro', RW: false, Propagation: 'rprivate' },
  ]);
  const config = JSON.parse(JSON.stringify(inspectedHostConfig(spec.skiff, spec.oci)));
  assert.equal(config.Binds, ['data:/d', '/home/ann/src:/s:ro']);
  assert.equal(config.Mounts, [{ Type: 'volume', Source: 'logs', Target: '/l', ReadOnly: true, VolumeOptions: { Labels: { a: 'b' }, DriverConfig: { Options: { type: 'tmpfs' } } } }]);
  assert.is(config.VolumeDriver, 'local');
});

test.run();
