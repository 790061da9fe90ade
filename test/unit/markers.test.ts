/** Who may write a container's record: of several who want to, one. */
import { mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { clearTraces, makerIsAlive, markedIds, takeMarker, tryMarker } from '../../src/runtime/markers.ts';
import { ensureDirectories, resolvePaths } from '../../src/system/paths.ts';
import { ownIdentity, startTimeOf } from '../../src/system/process-identity.ts';

const id = 'a'.repeat(64);
const own = ownIdentity();
const dead = `${own.pid}:${BigInt(own.start) - 1n}`;
/** Alive, and not us. */
const other = `${process.ppid}:${startTimeOf(process.ppid) ?? ''}`;

const scene = () => {
  const base = mkdtempSync(join(tmpdir(), 'markers-'));
  const paths = resolvePaths({ HOME: base, XDG_RUNTIME_DIR: base });
  ensureDirectories(paths);
  return { paths, marker: join(paths.runtime, 'c', `${id}.made`), done: () => rmSync(base, { recursive: true }) };
};

test('a free one is ours; a second try finds it taken; cleared, it is free again', () => {
  const { paths, marker, done } = scene();
  assert.is(tryMarker(paths, id), marker);
  assert.is(readlinkSync(marker), `${own.pid}:${own.start}`);
  assert.is(makerIsAlive(paths, id), true);
  assert.is(tryMarker(paths, id), undefined);
  assert.equal(markedIds(paths), [id]);
  writeFileSync(join(paths.runtime, 'c', id), '');
  clearTraces(paths, id);
  clearTraces(paths, id);
  assert.equal(readdirSync(join(paths.runtime, 'c')), []);
  assert.is(takeMarker(paths, id), marker);
  done();
});

test('that of a dead maker is taken over, that of a living one is not', () => {
  const { paths, marker, done } = scene();
  symlinkSync(dead, marker);
  assert.is(makerIsAlive(paths, id), false);
  assert.is(tryMarker(paths, id), undefined);
  assert.is(takeMarker(paths, id), marker);
  assert.is(readlinkSync(marker), `${own.pid}:${own.start}`);
  rmSync(marker);
  symlinkSync(other, marker);
  assert.is(takeMarker(paths, id), undefined);
  assert.is(readlinkSync(marker), other);
  assert.equal(readdirSync(join(paths.runtime, 'c')), [`${id}.made`]);
  done();
});

test.run();
