import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseDevice } from '../../src/core/devices.ts';
import { parseMount } from '../../src/core/mount-flag.ts';
import { cleanPath } from '../../src/core/mounts.ts';
import { mergeTmpfsOptions, parseTmpfs } from '../../src/core/tmpfs.ts';
import { parseVolume, parseVolumesFrom } from '../../src/core/volumes.ts';
import { assertProblem, value } from '../spec-host.ts';

const cwd = '/home/ann';

test('paths are cleaned without leaving the top', () => {
  const cases = [['/', '/'], ['/a//b/', '/a/b'], ['/a/./b/../c', '/a/c'], ['/../../x', '/x'], ['', '/']] as const;
  for (const [from, to] of cases) assert.is(cleanPath(from), to);
});

test('-v forms', () => {
  const cases: readonly (readonly [string, string, string, boolean, string])[] = [
    ['/data:/x', '/data', '/x', false, 'rprivate'],
    ['/data:/x:ro', '/data', '/x', true, 'rprivate'],
    ['/data/:/x/../y:rw,rslave', '/data', '/y', false, 'rslave'],
    ['./src:/x:ro,Z', '/home/ann/src', '/x', true, 'rprivate'],
    ['../src:/x:private,cached', '/home/src', '/x', false, 'private'],
    ['.:/x', '/home/ann', '/x', false, 'rprivate'],
    ['..:/x', '/home', '/x', false, 'rprivate'],
    ['/data:/x:', '/data', '/x', false, 'rprivate'],
    ['/:/host:ro', '/', '/host', true, 'rprivate'],
  ];
  for (const [text, source, target, readOnly, propagation] of cases) {
    const bind = value(parseVolume(text, cwd));
    assert.ok(bind.kind === 'bind' && bind.createSource, text);
    assert.equal([bind.source, bind.target, bind.readOnly, bind.propagation], [source, target, readOnly, propagation], text);
  }
  assert.is(value(parseVolume('/a:/b:z', cwd)).relabel, true);
});

test('-v refusals name the word', () => {
  const cases = [
    ['', 'Usage', '-v /host/path'],
    ['/a:/b:ro:x', 'Usage', "'/a:/b:ro:x'"],
    [':/b', 'Usage', "':/b'"],
    ['/a:', 'Usage', "'/a:'"],
    ['/a:b', 'Usage', "not 'b'"],
    ['/a:/', 'Usage', 'cannot be covered'],
    ['/a:/..', 'Usage', 'cannot be covered'],
    ['/a:/b:rx', 'Usage', "'rx'"],
    ['/a:/b:ro,rw', 'Usage', 'contradict'],
    ['/a:/b:nocopy', 'Usage', 'nocopy'],
    ['/a:/b:u', 'Usage', "'u'"],
    ['/x:ro', 'Usage', "'/x:ro'"],
    ['name:/b:rslave', 'Usage', 'not for volumes'],
    ['n:/b', 'Usage', 'too short'],
    ['na$me:/b', 'Usage', 'invalid characters'],
    ['/a:/b:rshared', 'Refused', 'rslave'],
    ['/a:/proc/1', 'Refused', '/proc'],
    ['/a:/x/../proc/sys', 'Refused', '/proc'],
    ['~/a:/b', 'Usage', '$HOME'],
    ['a/b:/b', 'Usage', './a/b'],
    ['anonymous', 'Usage', 'must be absolute'],
    ['/a\0:/b', 'Usage', 'NUL'],
  ] as const;
  for (const [text, tag, word] of cases) assertProblem(parseVolume(text, cwd), tag, word);
  assert.is(value(parseVolume('/a:/proc/uptime', cwd)).target, '/proc/uptime');
});

test('--mount binds', () => {
  const bind = value(parseMount('type=bind,source=./src,dst=/x,ro,bind-propagation=rslave,bind-recursive=writable,bind-create-src', cwd));
  assert.equal(bind, {
    kind: 'bind', typed: 'type=bind,source=./src,dst=/x,ro,bind-propagation=rslave,bind-recursive=writable,bind-create-src',
    source: '/home/ann/src', target: '/x', readOnly: true, propagation: 'rslave', recursive: 'writable', createSource: true, relabel: false, chown: false, mode: '',
  });
  const quoted = value(parseMount('type=bind,"src=/a,b ""c""",target=/x,readonly=false', cwd));
  assert.ok(quoted.kind === 'bind' && quoted.source === '/a,b "c"' && !quoted.readOnly);
  const flat = value(parseMount('type=bind,src=/a,target=/x,bind-nonrecursive', cwd));
  assert.ok(flat.kind === 'bind' && flat.recursive === 'disabled');
});

test('volumes: by name or without, in both forms', () => {
  const named = value(parseVolume('data:/x:ro,nocopy,U', cwd, 'fuse'));
  assert.equal(named, {
    kind: 'volume', typed: 'data:/x:ro,nocopy,U', name: 'data', target: '/x', readOnly: true, noCopy: true, chown: true, relabel: false, subpath: '', driver: 'fuse', options: {}, labels: {}, mode: 'ro,nocopy,U',
  });
  const anonymous = value(parseVolume('/x/', cwd));
  assert.ok(anonymous.kind === 'volume' && anonymous.name === '' && anonymous.target === '/x' && !anonymous.readOnly);
  const mount = value(parseMount('src=data,dst=/x,volume-subpath=a//./b,volume-opt=type=tmpfs,"volume-opt=o=size=1m,uid=2",volume-label=k,volume-driver=local,volume-nocopy', cwd));
  assert.equal(mount, {
    kind: 'volume', typed: 'src=data,dst=/x,volume-subpath=a//./b,volume-opt=type=tmpfs,"volume-opt=o=size=1m,uid=2",volume-label=k,volume-driver=local,volume-nocopy', name: 'data', target: '/x',
    readOnly: false, noCopy: true, chown: false, relabel: false, subpath: 'a/b', driver: 'local', options: { type: 'tmpfs', o: 'size=1m,uid=2' }, labels: { k: '' }, mode: '',
  });
  assert.equal(parseVolumesFrom('web:ro'), { container: 'web', readOnly: true });
  assert.equal(parseVolumesFrom('web'), { container: 'web', readOnly: false });
  for (const text of ['web:no', 'web:ro:rw', ':ro']) assert.throws(() => parseVolumesFrom(text));
});

test('--mount tmpfs', () => {
  const mount = value(parseMount('type=tmpfs,destination=/x,tmpfs-size=1m,tmpfs-mode=1770,readonly', cwd));
  assert.ok(mount.kind === 'tmpfs');
  assert.equal([mount.target, mount.options], ['/x', ['ro', 'mode=1770', 'size=1048576']]);
});

test('--mount image', () => {
  const mount = value(parseMount('type=image,src=registry.example:5000/a/b:1@x,dst=/x/./y,image-subpath=./a//b/', cwd));
  assert.equal(mount, { kind: 'image', typed: 'type=image,src=registry.example:5000/a/b:1@x,dst=/x/./y,image-subpath=./a//b/', source: 'registry.example:5000/a/b:1@x', target: '/x/y', readOnly: false, subpath: 'a/b' });
  const said = value(parseMount('type=image,source=debian,target=/x,ro', cwd));
  assert.ok(said.kind === 'image' && said.readOnly && said.subpath === '');
});

test('--mount refusals', () => {
  const cases = [
    ['type=bind,source=/a', 'Usage', 'target is missing'],
    ['type=bind,target=/x', 'Usage', 'source is missing'],
    ['type=bind,source=a/b,target=/x', 'Usage', './a/b'],
    ['type=bind,sorce=/a,target=/x', 'Usage', "'sorce'", 'source'],
    ['type=bind,source=/a,target=/x,ro=maybe', 'Usage', 'maybe'],
    ['type=bind,source=/a,target=/x,bind-recursive=readonly', 'Usage', 'needs readonly'],
    ['type=bind,source=/a,target=/x,bind-recursive=often', 'Usage', 'often'],
    ['type=bind,source=/a,target=/x,bind-propagation=shared', 'Refused', 'root'],
    ['type=bind,source=/a,target=/x,tmpfs-size=1m', 'Usage', 'tmpfs-size'],
    ['type=bind,source', 'Usage', "'source' needs a value"],
    ['type=tmpfs,target=/x,source=/a', 'Usage', "'source'"],
    ['type=tmpfs,target=/x,tmpfs-size=big', 'Usage', 'big'],
    ['type=tmpfs,target=/x,tmpfs-mode=888', 'Usage', '888'],
    ['type=tmpfs,target=x', 'Usage', 'absolute'],
    ['type=cdrom,target=/x', 'Usage', 'cdrom'],
    ['type=volume,source=v,target=/x', 'Usage', 'too short'],
    ['type=volume,source=a/b,target=/x', 'Usage', 'invalid characters'],
    ['type=volume,source=vol,target=/x,bind-create-src', 'Usage', "'bind-create-src'"],
    ['type=bind,source=/a,target=/x,volume-nocopy', 'Usage', "'volume-nocopy'"],
    ['type=volume,target=/x,volume-subpath=a', 'Usage', 'has a name'],
    ['type=volume,source=vol,target=/x,volume-subpath=../a', 'Usage', 'beneath'],
    ['type=volume,source=vol,target=/x,volume-subpath=/a', 'Usage', 'beneath'],
    ['type=volume,source=vol,target=/x,volume-subpath=a/b/..', 'Usage', 'beneath'],
    ['type=volume,source=vol,target=/x,volume-opt==x', 'Usage', 'no name'],
    ['type=image,target=/x', 'Usage', 'source is missing'],
    ['type=image,source=debian', 'Usage', 'target is missing'],
    ['type=image,source=debian,target=/', 'Usage', 'covered'],
    ['type=image,source=debian,target=/x,readonly=false', 'Usage', 'read-only'],
    ['type=image,source=debian,target=/x,volume-nocopy', 'Usage', "cannot mix 'volume-*' options with mount type 'image'", "'volume-nocopy'"],
    ['type=image,source=debian,target=/x,bind-propagation=rslave', 'Usage', "cannot mix 'bind-*' options with mount type 'image'"],
    ['type=image,source=debian,target=/x,tmpfs-mode=700', 'Usage', "cannot mix 'tmpfs-*' options with mount type 'image'"],
    ['type=volume,source=vol,target=/x,image-subpath=a', 'Usage', "cannot mix 'image-*' options with mount type 'volume'"],
    ['type=image,source=debian,target=/x,image-subpath=../a', 'Usage', 'beneath the image'],
    ['type=image,source=debian,target=/x,image-subpath=a/../../b', 'Usage', 'beneath the image'],
    ['type=image,source=debian,target=/x,image-subpath=/etc', 'Usage', 'beneath the image'],
    ['type=bind,"source=/a', 'Usage', 'quotation'],
    ['', 'Usage', "unknown key ''"],
  ] as const;
  for (const [text, tag, ...words] of cases) assertProblem(parseMount(text, cwd), tag, ...words);
});

test('--tmpfs', () => {
  assert.equal(value(parseTmpfs('/run:size=64m,mode=1777,exec,defaults')).options, ['size=64m', 'mode=1777', 'exec']);
  assert.equal(value(parseTmpfs('/run')).options, []);
  const cases = [['/run:sze=1', 'size'], ['/run:mode=9', "'9'"], ['run', 'absolute'], ['/', 'covered'], ['/run:rwx', 'rwx']] as const;
  for (const [text, word] of cases) assertProblem(parseTmpfs(text), 'Usage', word);
  assert.equal(mergeTmpfsOptions([]), ['noexec', 'nosuid', 'nodev', 'rprivate']);
  assert.equal(mergeTmpfsOptions(['exec', 'size=1', 'size=2']), ['exec', 'nosuid', 'nodev', 'rprivate', 'size=2']);
});

test('--device', () => {
  const cases = [
    ['/dev/fuse', '/dev/fuse', '/dev/fuse'],
    ['/dev/fuse:rwm', '/dev/fuse', '/dev/fuse'],
    ['/dev/fuse:/dev/other', '/dev/fuse', '/dev/other'],
    ['/dev/fuse:/dev/other:rw', '/dev/fuse', '/dev/other'],
  ] as const;
  for (const [text, source, target] of cases) {
    const device = value(parseDevice(text));
    assert.equal([device.source, device.target], [source, target], text);
  }
  assertProblem(parseDevice('/dev/fuse:r'), 'Refused', "'r'", 'root');
  for (const only of ['m', 'w', 'wm', 'rm']) assertProblem(parseDevice(`/dev/fuse:/dev/x:${only}`), 'Refused', `'${only}'`);
  assertProblem(parseDevice('/dev/fuse:/dev/x:rr'), 'Usage', "'rr'");
  assertProblem(parseDevice('/dev/fuse:x'), 'Usage', 'absolute');
  assertProblem(parseDevice('vendor.com/gpu=0'), 'Usage', '/dev/NAME');
  assertProblem(parseDevice('/a:/b:rwm:x'), 'Usage');
});

test.run();
