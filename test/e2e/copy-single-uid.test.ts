/**
 * `skiff cp`, `diff` and `commit` for somebody without subordinate ids: owners that a file cannot have are noted, where the storage driver lets us, and come back.
 * @single-uid
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { importBusybox, leftovers, output, removeAll, scratch, skiff } from './skiff.ts';
import { tar } from '../tar-maker.ts';

test.before(() => importBusybox());
test.after.each(removeAll);

/** fuse-overlayfs keeps the notes for itself. */
const onFuse = process.env['SKIFF_STORAGE_DRIVER'] === 'fuse-overlayfs';

/** Standard output of a `run`, which says on standard error what is lost. */
const run = (...args: readonly string[]): string => {
  const { status, stdout, stderr } = skiff(['run', '--network', 'none', ...args]);
  assert.is(status, 0, stderr);
  return stdout;
};

const ownersOf = (archive: Buffer): string => spawnSync('tar', ['-tvf', '-', '--numeric-owner'], { input: archive }).stdout.toString().trim().split('\n').map((line) => line.split(/\s+/)[1] ?? '').join();

test('in and out again, with the owners of the archive', () => {
  run('--name', 'ended', 'busybox', 'true');
  const archive = tar({ name: 'owned', data: 'x\n', uid: 33, gid: 44 });
  assert.is(output(['cp', '-', 'ended:/tmp'], { input: archive }), '');
  assert.is(ownersOf(skiff(['cp', 'ended:/tmp/owned', '-']).bytes), onFuse ? '0/0' : '33/44');
  const at = scratch();
  writeFileSync(join(at, 'mine'), 'mine\n');
  output(['cp', join(at, 'mine'), 'ended:/mine']);
  assert.is(ownersOf(skiff(['cp', 'ended:/mine', '-']).bytes), '0/0');
  output(['cp', 'ended:/tmp/owned', join(at, 'back')]);
  assert.is(readFileSync(join(at, 'back'), 'utf8'), 'x\n');
  assert.is(statSync(join(at, 'back')).uid, userInfo().uid);
});

test('diff and commit', () => {
  run('--name', 'changed', 'busybox', 'sh', '-c', 'rm /bin/vi; echo new > /new; rm -r /var; mkdir /var; touch /var/x');
  assert.is(output(['diff', 'changed']), 'C /bin\nD /bin/vi\nA /new\nC /var\nD /var/tmp\nA /var/x\n');
  output(['commit', 'changed', 'made']);
  assert.is(run('--rm', 'made', 'sh', '-c', 'cat /new; ls /var; ls /bin/vi 2>/dev/null || echo gone'), 'new\nx\ngone\n');
});

test('nothing is left behind', () => assert.equal(leftovers(), []));

test.run();
