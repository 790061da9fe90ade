/**
 * Volumes that are file systems of their own, and images, for a user without subordinate ids: the keeper's namespace has one id only.
 * @one-driver
 * @single-uid
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tar } from '../tar-maker.ts';
import { bare, execute, importBusybox, loadImage, output, removeAll, scratch, skiff } from './skiff.ts';

/** Standard output of a `run`, which says on standard error what is lost. */
const inside = (flags: readonly string[], script: string): string => {
  const { status, stdout, stderr } = skiff([...bare, ...flags, 'busybox', 'sh', '-c', script]);
  assert.is(status, 0, stderr);
  return stdout;
};

test.before(() => importBusybox());
test.after.each(removeAll);

test('of a FUSE program', () => {
  const directory = scratch();
  mkdirSync(join(directory, 'source'));
  writeFileSync(join(directory, 'source/file'), 'served\n');
  execute(['mksquashfs', join(directory, 'source'), join(directory, 'image.sqfs'), '-quiet', '-no-progress']);
  output(['volume', 'create', '-d', 'fuse', '-o', 'program=squashfuse', '-o', `device=${join(directory, 'image.sqfs')}`, 'image']);
  assert.is(inside(['-v', 'image:/i'], 'cat /i/file; stat -c %u /i/file'), 'served\n0\n');
  output(['volume', 'create', '-d', 'fuse', '-o', 'program=squashfuse', '-o', 'device=/x', '-o', 'o=uid=80', 'strange']);
  assert.match(skiff([...bare, '-v', 'strange:/i', 'busybox', 'true']).stderr, /containers have no such user id here/);
  output(['volume', 'rm', 'image', 'strange']);
});

test('in memory', () => {
  output(['volume', 'create', '-o', 'type=tmpfs', '-o', 'device=tmpfs', '-o', 'o=size=1m,mode=700', 'memory']);
  const id = skiff(['run', '-d', '--network', 'none', '-v', 'memory:/m', 'busybox', 'sleep', '1000']).stdout.trim();
  output(['exec', id, 'sh', '-c', 'echo shared > /m/file']);
  assert.is(inside(['-v', 'memory:/m'], 'cat /m/file; stat -c "%u %a" /m'), 'shared\n0 700\n');
  output(['rm', '-f', id]);
  assert.is(inside(['-v', 'memory:/m'], 'ls /m'), '');
  output(['volume', 'rm', 'memory']);
});

test('an image', () => {
  const asset = tar({ name: 'data/', type: 'directory', uid: 33, gid: 33 }, { name: 'data/file', data: 'x\n' });
  loadImage('asset', { Cmd: ['true'] }, asset);
  const flags = ['--mount', 'type=image,source=asset,target=/i', '--mount', 'type=image,source=asset,target=/p,image-subpath=data'];
  assert.is(inside(flags, 'cat /i/data/file /p/file; test -x /i/bin/busybox && echo joined; touch /i/y 2>/dev/null || echo refused'), 'x\nx\njoined\nrefused\n');
  assert.is(skiff(['create', ...flags, 'busybox', 'true']).status, 0);
  assert.match(skiff(['rmi', 'asset']).stderr, /is using its referenced image/);
});

test.run();
