/** Records of volumes: whole or not at all, by one of several, and never taken from a container that names them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { decodeVolume, encodeVolume } from '../../src/volumes/codec.ts';
import { checkVolumeName, isVolumeName } from '../../src/core/volume-name.ts';
import { addVolume, hasVolume, listVolumes, readVolume } from '../../src/volumes/store.ts';
import { readVolumeUsers, usersOf } from '../../src/volumes/users.ts';
import { checkLocalOptions, localKind, tmpfsWords } from '../../src/volumes/drivers/local-options.ts';
import type { Paths } from '../../src/system/paths.ts';
import type { Volume } from '../../src/volumes/types.ts';

const volume = (name: string): Volume => ({ name, driver: 'local', options: {}, labels: { a: 'b' }, createdAt: '2026-12-01T00:00:00.000Z', anonymous: false });

const withRoot = (body: (paths: Paths) => void): void => {
  const root = mkdtempSync(join(tmpdir(), 'skiff-volumes-'));
  try {
    body({ root } as Paths);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
};

test('names are those of Docker, and never a path', () => {
  for (const name of ['ab', 'a.b', 'A_b-c.d', '0'.repeat(64), 'x'.repeat(255)]) assert.ok(isVolumeName(name), name);
  for (const name of ['', 'a', '.a', '-a', '_a', 'a/b', '..', 'a b', 'a\0', 'ä1', 'x'.repeat(256), 'a\n']) assert.not.ok(isVolumeName(name), JSON.stringify(name));
  assert.throws(() => checkVolumeName('a/b'), /"a\/b" includes invalid characters for a local volume name/);
  assert.throws(() => checkVolumeName('a'), /volume name is too short/);
});

test('a record is written and read back; damage is told by path and member', () => {
  const text = encodeVolume(volume('data'));
  assert.equal(decodeVolume(text, '/p', 'data'), volume('data'));
  assert.throws(() => decodeVolume(text, '/p', 'other'), /\/p is damaged: it is the record of volume data/);
  assert.throws(() => decodeVolume('{', '/p', 'data'), /it is not JSON/);
  assert.throws(() => decodeVolume(text.replace('"local"', '1'), '/p', 'data'), /the value of driver does not fit/);
  assert.throws(() => decodeVolume(text.replace('"version":1', '"version":2'), '/p', 'data'), /version/);
});

test('of two who make one volume one does; it is whole, and its directory open to its users', () =>
  withRoot((paths) => {
    mkdirSync(join(paths.root, 'volumes'));
    const before = process.umask(0o077);
    assert.is(addVolume(paths, volume('data'), true), true);
    process.umask(before);
    assert.is(addVolume(paths, { ...volume('data'), labels: {} }, true), false);
    assert.equal(readVolume(paths, 'data'), volume('data'));
    assert.is(statSync(join(paths.root, 'volumes/data/_data')).mode & 0o777, 0o755);
    assert.equal(readdirSync(join(paths.root, 'volumes')), ['data']);
  }));

test('a damaged record is told, and takes no other down with it', () =>
  withRoot((paths) => {
    mkdirSync(join(paths.root, 'volumes'));
    for (const name of ['one', 'two', 'three']) addVolume(paths, volume(name), false);
    writeFileSync(join(paths.root, 'volumes/two/volume.json'), '{"version":1');
    rmSync(join(paths.root, 'volumes/three/volume.json'));
    const { volumes, warnings } = listVolumes(paths);
    assert.equal(volumes.map(({ name }) => name), ['one']);
    assert.equal(warnings.map(({ message }) => /two|three/.exec(message)?.[0]).sort(), ['three', 'two']);
    assert.ok(hasVolume(paths, 'two'));
    assert.not.ok(hasVolume(paths, '../volumes/two'));
  }));

test('containers of all hosts are users; one that cannot be read is a doubt', () =>
  withRoot((paths) => {
    const record = (host: string, directory: string, text: string): void => {
      mkdirSync(join(paths.root, 'hosts', host, 'containers', directory), { recursive: true });
      writeFileSync(join(paths.root, 'hosts', host, 'containers', directory, 'spec.json'), text);
    };
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(64));
    record('h1', a ?? '', JSON.stringify({ name: 'one', mountPoints: [{ type: 'volume', name: 'data' }, { type: 'bind', source: '/x' }] }));
    record('h2', `.making-${b}`, JSON.stringify({ name: 'two', mountPoints: [{ type: 'volume', name: 'data' }] }));
    record('h2', c ?? '', JSON.stringify({ name: 'three' }));
    const users = readVolumeUsers(paths);
    assert.equal(usersOf(users, 'data').map(({ id }) => id).sort(), [a, b]);
    assert.equal(users.doubts, []);
    record('h2', d ?? '', '{"name":');
    assert.is(readVolumeUsers(paths).doubts.length, 1);
    assert.ok(existsSync(join(paths.root, 'hosts/h2')));
  }));

test('options of the local driver are checked as Docker checks them', () => {
  const refused = (options: Record<string, string>, words: RegExp): void => assert.throws(() => checkLocalOptions(options), words);
  refused({ foo: 'x' }, /invalid option: "foo"/);
  refused({ type: 'tmpfs' }, /missing required option: "device"/);
  refused({ o: 'bind', type: 'none' }, /missing required option: "device"/);
  refused({ device: '/x' }, /missing required option: "type"/);
  refused({ size: '1g' }, /no quota support/);
  checkLocalOptions({ type: 'nfs', o: 'addr=10.0.0.1', device: ':/x' });
  assert.is(localKind({}), 'directory');
  assert.is(localKind({ type: 'none', device: '/x', o: 'ro,bind' }), 'bind');
  assert.is(localKind({ type: 'tmpfs', device: 'tmpfs' }), 'tmpfs');
  assert.is(localKind({ type: 'nfs', device: ':/x', o: 'addr=1.2.3.4' }), 'other');
});

test('owners of a tmpfs are ids of containers', () => {
  const ranges = [{ containerId: 0, hostId: 1000, size: 1 }, { containerId: 1, hostId: 100000, size: 65536 }];
  const options = { type: 'tmpfs', device: 'tmpfs', o: 'size=100m,uid=80,gid=0,mode=0700' };
  assert.is(tmpfsWords(options, { uid: ranges, gid: ranges }), 'size=100m,uid=100079,gid=1000,mode=0700');
  assert.throws(() => tmpfsWords({ ...options, o: 'uid=70000' }, { uid: ranges, gid: ranges }), /no such user id/);
});

test.run();
