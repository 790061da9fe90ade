import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseDevice } from '../../src/core/devices.ts';
import { parseMount } from '../../src/core/mount-flag.ts';
import { cleanPath } from '../../src/core/mounts.ts';
import { mergeTmpfsOptions, parseTmpfs } from '../../src/core/tmpfs.ts';
import { parseVolume } from '../../src/core/volumes.ts';
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
    ['/a:/b:U', 'Usage', "'U'"],
    ['/a:/b:rshared', 'Refused', 'rslave'],
    ['/a:/proc/1', 'Refused', '/proc'],
    ['/a:/x/../proc/sys', 'Refused', '/proc'],
    ['~/a:/b', 'Usage', '$HOME'],
    ['a/b:/b', 'Usage', './a/b'],
    ['name:/b', 'Refused', 'named volumes'],
    ['/anonymous', 'Refused', 'anonymous'],
    ['/a\0:/b', 'Usage', 'NUL'],
  ] as const;
  for (const [text, tag, word] of cases) assertProblem(parseVolume(text, cwd), tag, word);
  assert.is(value(parseVolume('/a:/proc/uptime', cwd)).target, '/proc/uptime');
});

test('--mount binds', () => {
  const bind = value(parseMount('type=bind,source=./src,dst=/x,ro,bind-propagation=rslave,bind-recursive=writable,bind-create-src', cwd));
  assert.equal(bind, {
    kind: 'bind', typed: 'type=bind,source=./src,dst=/x,ro,bind-propagation=rslave,bind-recursive=writable,bind-create-src',
    source: '/home/ann/src', target: '/x', readOnly: true, propagation: 'rslave', recursive: 'writable', createSource: true, relabel: false,
  });
  const quoted = value(parseMount('type=bind,"src=/a,b ""c""",target=/x,readonly=false', cwd));
  assert.ok(quoted.kind === 'bind' && quoted.source === '/a,b "c"' && !quoted.readOnly);
  const flat = value(parseMount('type=bind,src=/a,target=/x,bind-nonrecursive', cwd));
  assert.ok(flat.kind === 'bind' && flat.recursive === 'disabled');
});

test('--mount tmpfs', () => {
  const mount = value(parseMount('type=tmpfs,destination=/x,tmpfs-size=1m,tmpfs-mode=1770,readonly', cwd));
  assert.ok(mount.kind === 'tmpfs');
  assert.equal([mount.target, mount.options], ['/x', ['ro', 'mode=1770', 'size=1048576']]);
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
    ['type=volume,source=v,target=/x', 'Refused', 'named volumes'],
    ['source=v,target=/x', 'Refused', 'named volumes'],
    ['type=volume,target=/x,volume-nocopy', 'Refused', 'named volumes'],
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
