/** A process is its pid and its start time: a pid that is used again is somebody else. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { heal } from '../../src/runtime/heal.ts';
import { createdState } from '../../src/runtime/container-state.ts';
import { ended, isStale } from '../../src/runtime/records.ts';
import type { State } from '../../src/runtime/container-state.ts';
import type { Host } from '../../src/system/host.ts';
import { ensureDirectories, resolvePaths } from '../../src/system/paths.ts';
import type { Paths } from '../../src/system/paths.ts';
import { isAlive, ownIdentity, startTimeOf } from '../../src/system/process-identity.ts';

const own = ownIdentity();
/** Whoever had our pid before us. */
const former = { pid: own.pid, start: String(BigInt(own.start) - 1n) };

test('a start time is field 22 of /proc/PID/stat, whatever the command is called', () => {
  assert.is(startTimeOf('self'), readFileSync('/proc/self/stat', 'latin1').replace(/^.*\) /s, '').split(' ')[19]);
  assert.is(startTimeOf(4194304), undefined);
});

test('the same pid with another start time is not alive', () => {
  assert.is(isAlive(own), true);
  assert.is(isAlive(former), false);
  assert.is(isAlive({ pid: 0, start: '0' }), false);
});

test('a record whose monitor\'s pid somebody else has is stale', () => {
  assert.is(isStale(createdState(own)), false);
  assert.is(isStale(createdState(former)), true);
  assert.is(isStale({ ...createdState(former), status: 'exited' }), false);
});

test('after a reboot it is stale, whoever has the pid and the start time now, and its end is not known', () => {
  const before: State = { ...createdState(own), status: 'running', boot: '00000000-0000-4000-8000-000000000000' };
  assert.is(isStale(before), true);
  assert.is(ended(before).exitCode, 255);
  assert.is(ended({ ...before, restarting: true, exitCode: 3 }).exitCode, 3);
  assert.is(ended({ ...createdState(former), status: 'running' }).exitCode, 137);
});

const host: Host = { uid: 1000, gid: 1000, user: 'u', idMap: { mode: 'single', uid: 1000, gid: 1000, reason: 'a test' } };
const id = 'a'.repeat(64);

const withPaths = (body: (paths: Paths) => void): void => {
  const base = mkdtempSync(join(tmpdir(), 'identity-'));
  try {
    const paths = resolvePaths({ HOME: base, XDG_RUNTIME_DIR: base });
    ensureDirectories(paths);
    body(paths);
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
};

const writeState = (paths: Paths, state: State): string => {
  mkdirSync(join(paths.containers, id), { recursive: true });
  const path = join(paths.containers, id, 'state.json');
  writeFileSync(path, JSON.stringify(state));
  return path;
};

test('healing leaves alone what a living process makes or watches', () => {
  withPaths((paths) => {
    const made = createdState(former);
    const path = writeState(paths, made);
    symlinkSync(`${own.pid}:${own.start}`, join(paths.runtime, 'c', `${id}.made`));
    symlinkSync(`../containers/${id}`, join(paths.names, 'mine'));
    heal(paths, host);
    assert.equal(JSON.parse(readFileSync(path, 'utf8')), made);
  });
  withPaths((paths) => {
    const running: State = { ...createdState(own), status: 'running', pid: own.pid, pidStart: own.start };
    const path = writeState(paths, running);
    symlinkSync(`${former.pid}:${former.start}`, join(paths.runtime, 'c', `${id}.made`));
    heal(paths, host);
    assert.equal(JSON.parse(readFileSync(path, 'utf8')), running);
  });
});

test('healing leaves a container to a monitor that was faster', () => {
  withPaths((paths) => {
    writeState(paths, createdState(former));
    // The monitor has made the record its own between our look and our claim: its socket is there.
    writeFileSync(join(paths.runtime, 'c', id), '');
    const path = writeState(paths, createdState(own));
    heal(paths, host);
    assert.is((JSON.parse(readFileSync(path, 'utf8')) as State).monitorPid, own.pid);
  });
});

test('a record that does not decode is left for a person to see', () => {
  withPaths((paths) => {
    const path = writeState(paths, createdState(former));
    writeFileSync(path, '{');
    heal(paths, host);
    assert.is(readFileSync(path, 'utf8'), '{');
  });
});

test('names and markers of nobody are taken away, a name that is just being made is not', () => {
  withPaths((paths) => {
    const other = 'b'.repeat(64);
    symlinkSync(`../containers/${id}`, join(paths.names, 'lost'));
    symlinkSync(`../containers/${other}`, join(paths.names, 'fresh'));
    symlinkSync(`${former.pid}:${former.start}`, join(paths.runtime, 'c', `${id}.made`));
    symlinkSync(`${own.pid}:${own.start}`, join(paths.runtime, 'c', `${other}.made`));
    heal(paths, host);
    assert.throws(() => readFileSync(join(paths.names, 'lost'), 'utf8'), /ENOENT/);
    symlinkSync('free again', join(paths.names, 'lost'));
    symlinkSync('free again', join(paths.runtime, 'c', `${id}.made`));
    assert.throws(() => symlinkSync('taken', join(paths.names, 'fresh')), /EEXIST/);
  });
});

test.run();
