/**
 * kill -9 of a monitor, or of the program that compresses for it, while files become full and are compressed: whatever was written stays
 * readable, in order and once, and the next start goes on.
 * @one-driver
 * @time-limit 1200
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { containerDirectories, eventually, importBusybox, output, removeAll, skiff } from './skiff.ts';
import { killNow, pause, processesCalled, tries } from './traces.ts';

const attempts = tries(12, 100);

test.before(() => importBusybox());
test.after.each(removeAll);

/** Numbers without end, each once in a run. */
const flood = 'i=0; while true; do seq $((i * 3000 + 1)) $((i * 3000 + 3000)); i=$((i + 1)); done';
const limits = ['--log-opt', 'max-size=200k', '--log-opt', 'max-file=4', '--log-opt', 'compress=true'] as const;

const directory = (): string => containerDirectories()[0] ?? '';
const logFiles = (): readonly string[] => readdirSync(directory()).filter((name) => name.startsWith('container-json.log')).sort();

/** Lines go on by one, or begin anew with the next run. Returns how many there are. */
const checkLog = (runs: number): number => {
  const { status, stdout, stderr } = skiff(['logs', 'flood']);
  assert.is(status, 0);
  // At most the line that was cut by the kill.
  assert.match(stderr, /^(skiff: warning: \S+ is damaged; the lines that cannot be read are left out\n)?$/);
  const lines = stdout.split('\n').slice(0, -1).map(Number);
  const breaks = lines.filter((line, i) => i > 0 && line !== (lines[i - 1] ?? 0) + 1);
  assert.ok(breaks.length <= runs && breaks.every((line) => line === 1), `the lines go on at ${breaks.slice(0, 5).join(', ')}`);
  return lines.length;
};

/** Every compressed file is whole: it has its name only when it is. */
const checkFiles = (): void => {
  for (const name of logFiles()) {
    assert.match(name, /^container-json\.log(\.[1-3](\.gz)?|\.new|\.gz\.new)?$/);
    if (/\d\.gz$/.test(name)) assert.match(gunzipSync(readFileSync(join(directory(), name))).toString('latin1', 0, 8), '{"log":"');
  }
};

test('a monitor that is killed at any moment leaves a log that can be read, and the next start goes on', async () => {
  output(['run', '-d', '--network', 'none', '--name', 'flood', ...limits, 'busybox', 'sh', '-c', flood]);
  for (let attempt = 1; attempt <= attempts; attempt++) {
    await eventually('files become full', () => logFiles().includes('container-json.log.3.gz') || logFiles().includes('container-json.log.3'));
    await pause(Math.random() * 150);
    for (const { pid } of processesCalled('skiff-monitor')) killNow(pid);
    await eventually('it has ended', () => output(['ps', '-q']) === '');
    checkFiles();
    assert.ok(checkLog(attempt) > 5000);
    output(['start', 'flood']);
  }
  output(['stop', '-t', '0', 'flood']);
  await eventually('the end is recorded', () => output(['ps', '-q']) === '');
  checkFiles();
  assert.not.ok(logFiles().some((name) => name.endsWith('.new')), 'what was half done is gone');
});

test('a compressor that is killed costs nothing but its work', async () => {
  output(['run', '-d', '--network', 'none', '--name', 'flood', ...limits, 'busybox', 'sh', '-c', `${flood.replace('done', 'sleep 0.01; done')}`]);
  let killed = 0;
  for (const end = Date.now() + 20000; killed < attempts && Date.now() < end; ) {
    for (const { pid } of processesCalled('skiff-tree')) {
      killNow(pid);
      killed += 1;
    }
    await pause(2);
  }
  assert.ok(killed > 0, 'some were met');
  checkLog(0);
  await eventually('others do it', () => logFiles().some((name) => name.endsWith('.gz')));
  output(['stop', '-t', '0', 'flood']);
  checkFiles();
  checkLog(0);
});

test.run();
