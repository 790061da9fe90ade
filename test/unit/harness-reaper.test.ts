/** The reaper finds and ends whatever a test leaves running, and passes the exit code on. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const reaper = resolve('dist/test-tools/reaper');
const directory = mkdtempSync(join(tmpdir(), 'reaper-'));
const report = join(directory, 'report');
test.before.each(() => rmSync(report, { force: true }));
test.after(() => rmSync(directory, { recursive: true }));

const reap = (script: string) => spawnSync(reaper, [report, 'sh', '-c', script], { encoding: 'utf8' });
const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`);

test('the exit code is passed on, and nothing is reported for a clean program', () => {
  assert.is(reap('exit 7').status, 7);
  assert.is(reap('kill -KILL $$').status, 137);
  assert.not(existsSync(report));
});

test('a process that ends soon after is no stray', () => {
  assert.is(reap('setsid sleep 0.2 >/dev/null 2>&1 &').status, 0);
  assert.not(existsSync(report));
});

test('a daemon is reported and killed', () => {
  const { status, stdout } = reap('setsid sh -c "sleep 301 >/dev/null 2>&1 & echo \\$!"');
  assert.is(status, 0);
  assert.match(readFileSync(report, 'utf8'), /^\d+ sleep\n$/);
  assert.not(isAlive(Number(stdout)));
});

test('SIGTERM ends everything at once', async () => {
  const child = spawn(reaper, [report, 'sh', '-c', 'setsid sleep 302 >/dev/null 2>&1 & echo $!; wait'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const pid = await new Promise<number>((done) => child.stdout.once('data', (chunk: Buffer) => done(Number(chunk.toString()))));
  const ended = new Promise<number | null>((done) => child.on('exit', done));
  child.kill('SIGTERM');
  assert.is(await ended, 137);
  assert.not(isAlive(pid));
});

test.run();
