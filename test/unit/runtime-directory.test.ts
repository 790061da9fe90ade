/** Which directory of sockets a command uses. What depends on systemd-logind is seen in test/vm/reboot. */
import { chmodSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { noteRuntimeDirectory, runtimeDirectory } from '../../src/system/runtime-directory.ts';

const scene = () => {
  const base = mkdtempSync(join(tmpdir(), 'runtime-'));
  const [host, first, second] = ['host', 'first', 'second'].map((name) => join(base, name)) as [string, string, string];
  mkdirSync(host);
  mkdirSync(join(first, 'skiff/c'), { recursive: true, mode: 0o700 });
  chmodSync(join(first, 'skiff'), 0o700);
  return { host, first: { XDG_RUNTIME_DIR: first }, second: { XDG_RUNTIME_DIR: second }, used: join(first, 'skiff'), other: join(second, 'skiff') };
};

test('the environment decides while nothing lives', () => {
  const { host, first, second, used, other } = scene();
  assert.is(runtimeDirectory(first, host), used);
  noteRuntimeDirectory(host, used);
  assert.is(runtimeDirectory(second, host), other);
  noteRuntimeDirectory(host, other);
  assert.is(readlinkSync(join(host, 'runtime')), other);
  assert.is(runtimeDirectory({ XDG_RUNTIME_DIR: 'relative' }, host), runtimeDirectory({}, host));
});

test('where containers live all commands go, whatever their environment says', () => {
  const { host, first, second, used, other } = scene();
  noteRuntimeDirectory(host, used);
  writeFileSync(join(used, 'c', 'x'), '');
  assert.is(runtimeDirectory(second, host), used);
  assert.is(runtimeDirectory({}, host), used);
  assert.is(runtimeDirectory(first, host), used);
  // Somebody else may have made a directory of that name in /tmp since.
  chmodSync(used, 0o755);
  assert.is(runtimeDirectory(second, host), other);
  rmSync(used, { recursive: true });
  assert.is(runtimeDirectory(second, host), other);
});

test('a state that nobody can write is no failure', () => {
  noteRuntimeDirectory('/proc/self/none', '/x');
});

test.run();
