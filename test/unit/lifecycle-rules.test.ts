import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseRestartPolicy } from '../../src/core/restart-policy.ts';
import { left, right } from '../harness.ts';
import { statusText } from '../../src/runtime/list.ts';
import { answerIn } from '../../src/runtime/monitor-client.ts';
import { choosePrunable } from '../../src/runtime/prune.ts';
import { createdState } from '../../src/runtime/container-state.ts';
import { ended, requireActive, statusWord } from '../../src/runtime/records.ts';
import type { State } from '../../src/runtime/container-state.ts';
import type { Container } from '../../src/runtime/records.ts';

const frame = (letter: string, ...payload: readonly number[]): Buffer => Buffer.from([letter.charCodeAt(0), 0, 0, 0, payload.length, 0, 0, 0, ...payload]);

test('the first answer among frames, once it is whole', () => {
  assert.equal(answerIn(frame('X', 137, 0, 0, 0)), { kind: 'exit', code: 137 });
  assert.equal(answerIn(Buffer.concat([frame('R'), frame('O', 88, 1, 2), frame('D', 1, 0, 0, 0), frame('X', 0, 0, 0, 0)])), { kind: 'order', result: 'already' });
  assert.equal(answerIn(frame('D', 99, 0, 0, 0)), { kind: 'order', result: 'failed' });
  assert.equal(answerIn(frame('D', 3, 0, 0, 0, 110, 111)), { kind: 'order', result: 'failed', words: 'no' });
  const whole = Buffer.concat([frame('R'), frame('D', 0, 0, 0, 0)]);
  for (let length = 0; length < whole.length; length++) assert.is(answerIn(whole.subarray(0, length)), undefined);
  assert.equal(answerIn(whole), { kind: 'order', result: 'done' });
  assert.is(answerIn(frame('X', 1, 2)), undefined);
});

const now = Date.parse('2026-11-20T12:00:00Z');
const container = (name: string, state: Partial<State>, more: Partial<Container['spec']> = {}): Container => ({
  id: name.padEnd(64, '0'),
  directory: `/containers/${name}`,
  spec: { name, created: '2026-11-20T10:00:00Z', labels: {}, ...more } as Container['spec'],
  state: { ...createdState({ pid: 1, start: '1' }), startedAt: '2026-11-20T11:00:00Z', ...state },
});

test('paused is a state of its own, but only while it runs', () => {
  const paused = container('a', { status: 'running', paused: true });
  assert.is(statusWord(paused.state), 'paused');
  assert.is(statusText(paused, now), 'Up About an hour (Paused)');
  assert.is(statusWord(container('a', { status: 'running' }).state), 'running');
  assert.is(statusWord(container('a', { status: 'exited', paused: true }).state), 'exited');
  assert.throws(() => requireActive('a', paused), /^container a is paused, unpause the container before exec$|is paused/);
  assert.is(requireActive('a', container('a', { status: 'running' })).id[0], 'a');
});

test('between two runs of a restart policy', () => {
  const waiting = container('a', { status: 'running', restarting: true, exitCode: 3, finishedAt: '2026-11-20T11:59:50Z' });
  assert.is(statusWord(waiting.state), 'restarting');
  assert.is(statusText(waiting, now), 'Restarting (3) 10 seconds ago');
  assert.throws(() => requireActive('a', waiting), /^container a is restarting, wait until the container is running$|is restarting/);
  const { status, exitCode, restarting } = ended(waiting.state);
  assert.equal([status, exitCode, restarting], ['exited', 3, undefined]);
  assert.is(ended(container('a', { status: 'running', pid: 7 }).state).exitCode, 137);
});

test('restart policies', () => {
  assert.equal(right(parseRestartPolicy('')), { name: 'no', maximumRetryCount: 0 });
  assert.equal(right(parseRestartPolicy('on-failure:7')), { name: 'on-failure', maximumRetryCount: 7 });
  assert.equal(right(parseRestartPolicy('always:0')), { name: 'always', maximumRetryCount: 0 });
  for (const text of ['Always', 'no:1', 'unless-stopped:2', 'on-failure:', 'on-failure:1:2', 'on-failure:9999999999', ':3']) left(parseRestartPolicy(text));
});

test('prune chooses what does not run, is old enough and has the labels', () => {
  const all = [
    container('run', { status: 'running' }),
    container('made', { status: 'created' }),
    container('old', { status: 'exited' }, { created: '2026-11-01T00:00:00Z' }),
    container('tagged', { status: 'exited' }, { labels: { keep: '', tier: 'web' } }),
  ];
  const names = (...filters: readonly string[]): string => choosePrunable(all, filters, now).map(({ spec }) => spec.name).join();
  assert.is(names(), 'made,old,tagged');
  assert.is(names('until=24h'), 'old');
  assert.is(names('label=tier=web'), 'tagged');
  assert.is(names('label=tier=db'), '');
  assert.is(names('label=keep', 'label=tier'), 'tagged');
  assert.is(names('label!=keep'), 'made,old');
  assert.throws(() => names('name=x'), /invalid filter 'name'/);
  assert.throws(() => names('until=soon'), /invalid filter 'until=soon'/);
});

test.run();
