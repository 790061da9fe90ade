/** What a build looks like on a terminal. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildFrame, lastBuildFrame } from '../../src/cli/build-frame.ts';
import type { TaskView } from '../../src/cli/build-frame.ts';
import { textWidth } from '../../src/cli/width.ts';

const task = (title: string, state: TaskView['state'], lines: string[] = [], end?: number): TaskView => ({ title, start: 0, state, lines, ...(end === undefined ? {} : { end }) });

const tasks = [task('[1/3] FROM busybox', 'done', ['gone'], 100), task('[2/3] WORKDIR /w', 'cached', [], 100), task('[3/3] RUN make', 'running', ['one', 'two', 'three', 'four', 'five', 'six', 'seven'])];

test('a line for each task with its seconds, the last lines under one that runs', () => {
  assert.equal(buildFrame(tasks, 0, 2500, 40, 24), [
    '[+] Building 2.5s (2/3)',
    ' => [1/3] FROM busybox             0.1s',
    ' => CACHED [2/3] WORKDIR /w        0.1s',
    ' => [3/3] RUN make                 2.5s',
    ...['two', 'three', 'four', 'five', 'six', 'seven'].map((line) => ` => => ${line}`),
  ]);
});

test('what ended first makes room; nothing is wider or higher than the window', () => {
  const frame = buildFrame(tasks, 0, 2500, 40, 10);
  assert.is(frame.length, 9);
  assert.match(frame[1] ?? '', /CACHED/);
  for (const [columns, rows] of [[20, 5], [5, 3], [200, 50]] as const) {
    const lines = buildFrame([...tasks, task('한국어 제목 \u001b[31m 이다', 'failed', [], 1)], 0, 99999, columns, rows);
    assert.ok(lines.length < Math.max(3, rows), `${lines.length} of ${rows}`);
    assert.ok(lines.every((line) => !line.includes('\u001b')));
    if (columns > 10) assert.ok(lines.every((line) => textWidth(line) <= columns), lines.join('\n'));
  }
});

test('what stays: every task, and that it is over', () => {
  const over = tasks.map((view) => ({ ...view, state: view.state === 'running' ? ('failed' as const) : view.state }));
  assert.equal(lastBuildFrame(over, 0, 3000, 40), ['[+] Building 3.0s (3/3) FINISHED', ' => [1/3] FROM busybox             0.1s', ' => CACHED [2/3] WORKDIR /w        0.1s', ' => ERROR [3/3] RUN make           3.0s']);
});

test.run();
