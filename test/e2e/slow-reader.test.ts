/**
 * Readers that do not read: the one that launched a container gets everything, as from a pipe; one that attached later holds up neither the
 * container, nor its log, nor anybody else, and is told what it misses.
 * @one-driver
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, execute, importBusybox, output, removeAll, scratch, skiff, skiffCommand } from './skiff.ts';
import { shellSkiff } from './pty.ts';

test.before(() => importBusybox());
test.after.each(removeAll);

const [program, ...first] = skiffCommand;

/** Waits for a line, then writes numbered lines: 6 MB. */
const talker = "read go; i=0; while [ $i -lt 100000 ]; do echo \"line $i .................................................\"; i=$((i+1)); done; echo end";
const size = Array.from({ length: 100000 }, (_, i) => `line ${i} .................................................\n`.length).reduce((sum, length) => sum + length, 'end\n'.length);

test('an attached reader that is stopped holds up neither the container, nor the log, nor another reader', async () => {
  output(['run', '-di', '--network', 'none', '--name', 'talker', 'busybox', 'sh', '-c', talker]);
  const place = scratch();
  const files = ['stopped', 'other'].map((name) => openSync(join(place, name), 'w'));
  const errors = openSync(join(place, 'errors'), 'w');
  const stopped = spawn(program, [...first, 'attach', '--no-stdin', 'talker'], { stdio: ['ignore', files[0], errors] });
  const stoppedEnd = new Promise<number | null>((resolve) => stopped.on('close', resolve));
  await eventually('it is attached', () => readFileSync(`/proc/${stopped.pid}/comm`, 'latin1').startsWith('skiff-helper'));
  await new Promise((resolve) => setTimeout(resolve, 300));
  stopped.kill('SIGSTOP');
  const other = spawn(program, [...first, 'attach', 'talker'], { stdio: ['pipe', files[1], 'inherit'] });
  const otherEnd = new Promise<number | null>((resolve) => other.on('close', resolve));
  other.stdin?.write('go\n');
  assert.is(await otherEnd, 0);
  assert.is(readFileSync(join(place, 'other')).length, size);
  assert.is(output(['wait', 'talker']), '0\n');
  assert.is(skiff(['logs', 'talker']).bytes.length, size);
  stopped.kill('SIGCONT');
  assert.is(await stoppedEnd, 0);
  const [, lost = '0'] = /^\nskiff: (\d+) bytes of output are missing here: they came faster than they were read; 'skiff logs' has them\n$/.exec(readFileSync(join(place, 'errors'), 'utf8')) ?? [];
  assert.ok(Number(lost) > 0, 'it is told that something is missing');
  assert.is(readFileSync(join(place, 'stopped')).length + Number(lost), size);
  for (const fd of [...files, errors]) closeSync(fd);
});

test('an attached reader that is only slower than the container gets everything', () => {
  output(['run', '-di', '--network', 'none', '--name', 'talker', 'busybox', 'sh', '-c', talker]);
  const script = `{ sleep 0.5; echo go; sleep 60; } | ${shellSkiff('attach', 'talker')} | { dd bs=512k count=1 iflag=fullblock 2>/dev/null | wc -c; sleep 0.3; wc -c; }`;
  const numbers = execute(['sh', '-c', script.replace('sleep 60', `${shellSkiff('wait', 'talker')} >/dev/null`)]).stdout.trim().split('\n').map(Number);
  assert.is(numbers.reduce((sum, number) => sum + number, 0), size);
});

test('the one that launched a container gets everything, however slow it is', () => {
  const script = `echo go | ${shellSkiff('run', '-i', '--network', 'none', '--name', 'talker', 'busybox', 'sh', '-c', talker)} | { sleep 1.5; wc -c; }`;
  assert.is(execute(['sh', '-c', script]).stdout.trim(), `${size}`);
  assert.is(skiff(['logs', 'talker']).bytes.length, size);
});

test.run();
