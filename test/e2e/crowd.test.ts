/**
 * A hundred containers at once: all run, all are listed, and all are stopped and removed together.
 * @one-driver
 * @alone
 * @time-limit 600
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { importBusybox, output, removeAll, skiff } from './skiff.ts';
import { crowd, nothingLeft, processesCalled, start } from './traces.ts';

test.before(() => importBusybox());
test.after.each(async () => {
  removeAll();
  await nothingLeft('afterwards');
});

const names = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `one-of-${count}-${index}`);

/** Starts them ten at a time. @returns their names */
const many = async (count: number, ...command: readonly string[]): Promise<readonly string[]> => {
  const all = names(count);
  await crowd(count, 10, async (index) => {
    const { status, stderr } = await start(['run', '-d', '--network', 'none', '--name', all[index] ?? '', 'busybox', ...command]).end;
    assert.equal({ status, stderr }, { status: 0, stderr: '' });
  });
  return all;
};

const listed = (...flags: readonly string[]): readonly string[] => output(['ps', '--format', '{{.Names}}', ...flags]).trim().split('\n').filter((name) => name !== '').sort();

test('a hundred at once: each has its monitor, takes orders and ends alone', async () => {
  const all = await many(100, 'sh', '-c', 'exec sleep 600');
  assert.equal(listed(), [...all].sort());
  assert.is(processesCalled('sleep').length, 100);
  assert.is(processesCalled('skiff-monitor').length, 100);
  assert.is(processesCalled('skiff-keeper').length, 1);
  assert.is(output(['exec', 'one-of-100-50', 'echo', 'here']), 'here\n');
  output(['kill', 'one-of-100-50']);
  assert.equal(listed('-a', '--filter', 'status=exited'), ['one-of-100-50']);
  assert.is(processesCalled('sleep').length, 99);
  assert.is(output(['rm', '-f', ...all]), `${all.join('\n')}\n`);
  assert.is(processesCalled('sleep').length, 0);
  assert.equal(listed('-a'), []);
});

test('fifty that do not listen are stopped together, each after its second', async () => {
  const all = await many(50, 'sh', '-c', 'trap "" TERM; echo deaf; while :; do sleep 600; done');
  const began = Date.now();
  assert.is(output(['stop', '-t', '1', ...all]), `${all.join('\n')}\n`);
  // One after the other would take 50 s; how many of these it may be depends on the machine alone.
  assert.ok(Date.now() - began < 25000, `it took ${Date.now() - began} ms`);
  assert.equal(listed(), []);
  assert.equal(new Set(skiff(['inspect', '--format', '{{.State.ExitCode}}', ...all]).stdout.trim().split('\n')), new Set(['137']));
});

test.run();
