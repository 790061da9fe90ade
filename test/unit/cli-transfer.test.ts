/** What pulls and pushes look like, from recorded events. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { afterEvent, frame, lastFrame, plainLine } from '../../src/cli/transfer-lines.ts';
import type { LayerState } from '../../src/cli/transfer-lines.ts';
import { plainDisplay, repaint, terminalDisplay } from '../../src/cli/transfer-progress.ts';
import type { Digest } from '../../src/core/digest.ts';
import type { TransferEvent, TransferState } from '../../src/images/transfer.ts';

const layer = (number: number): Digest => `sha256:${number.toString(16).padStart(64, 'a')}`;
const name = (number: number): string => layer(number).slice(7, 19);

/** Events as `[milliseconds, layer, state, done, total]`. */
type Recorded = readonly [at: number, layer: number, state: TransferState, done?: number, total?: number];

const eventOf = ([, id, state, done, total]: Recorded): TransferEvent => ({
  id: layer(id),
  state,
  ...(done === undefined ? {} : { done }),
  ...(total === undefined ? {} : { total }),
});

const after = (...recorded: readonly Recorded[]): Map<Digest, LayerState> => {
  const transfers = new Map<Digest, LayerState>();
  for (const event of recorded) afterEvent(transfers, eventOf(event), event[0]);
  return transfers;
};

const download: readonly Recorded[] = [0, 500, 1000, 1500, 2000].map((at) => [at, 1, 'Downloading', at * 10_000, 65_000_000]);

test('a download has bar, sizes, speed and the time left', () => {
  const [line = ''] = frame(after(...download), 120, 24, 2000);
  assert.is(line, `${name(1)}: Downloading [==============>                                 ]   20MB/65MB 10MB/s 5s`);
  assert.is(frame(after([0, 1, 'Downloading', 0, 65_000_000]), 120, 24, 0)[0], `${name(1)}: Downloading [>                                               ]     0B/65MB`);
});

test('a transfer that stands still says so, and speed starts anew with each state', () => {
  const stalled = after(...download.map(([at, id, state]): Recorded => [at, id, state, 5_000_000, 65_000_000]));
  assert.match(frame(stalled, 100, 24, 2500)[0] ?? '', /5MB\/65MB 0B\/s$/);
  const next = after(...download, [2100, 1, 'Extracting', 0, 65_000_000]);
  assert.match(frame(next, 100, 24, 2200)[0] ?? '', /: Extracting .*0B\/65MB$/);
  const backAgain = after([0, 1, 'Pushing', 9_000_000, 10_000_000], [400, 1, 'Pushing', 0, 10_000_000]);
  assert.match(frame(backAgain, 100, 24, 800)[0] ?? '', / 0B\/10MB 0B\/s$/);
});

test('no line reaches the last column, whatever the width, the sizes and the words', () => {
  const long = after(
    ...download,
    [0, 2, 'Pushing', 999_999_999_999, 999_999_999_999_999],
    [9999, 2, 'Pushing', 1_000_000_000_000, 999_999_999_999_999],
    [0, 3, `Mounted from ${'team/'.repeat(30)}x`],
    [0, 4, 'Extracting', 7, 0],
    [0, 5, 'Extracting', 70, 60],
    [0, 6, 'Waiting'],
  );
  for (let columns = 2; columns <= 220; columns += 1) {
    for (const line of frame(long, columns, 24, 10_000)) assert.ok(line.length > 0 && line.length < columns, `${columns}: ${line}`);
  }
});

test('80 columns have a bar, 40 columns the sizes', () => {
  assert.match(frame(after(...download), 80, 24, 2000)[0] ?? '', /Downloading \[=+> +\] +20MB\/65MB 10MB\/s 5s$/);
  assert.is(frame(after(...download), 40, 24, 2000)[0], `${name(1)}: Downloading 20MB/65MB`);
  assert.is(frame(after(...download), 50, 24, 2000)[0], `${name(1)}: Downloading 20MB/65MB 10MB/s 5s`);
});

test('more layers than rows: those at work are shown, then those that wait, and the first line counts', () => {
  const events: Recorded[] = Array.from({ length: 50 }, (_, id) => [0, id, id < 20 ? 'Pull complete' : id < 23 ? 'Extracting' : 'Waiting', 0, 1000] as const);
  const lines = frame(after(...events), 80, 8, 0);
  assert.equal(lines.map((line) => line.slice(0, 24)), [
    '20 of 50 layers done',
    ...[20, 21, 22].map((id) => `${name(id)}: Extracting`),
    ...[23, 24, 25].map((id) => `${name(id)}: Waiting`),
  ]);
  assert.is(frame(after(...events), 80, 50, 0).length, 50 - 1);
  assert.is(frame(after(...events), 80, 51, 0).length, 50);
  assert.is(frame(after(...events), 80, 1, 0).length, 1);
  assert.is(lastFrame(after(...events), 80, 0).length, 50);
});

test('an end stays an end where a layer comes up again, and can still begin anew', () => {
  const shared = after([0, 1, 'Pushed'], [1, 1, 'Preparing'], [2, 1, 'Waiting']);
  assert.equal(frame(shared, 80, 24, 3), [`${name(1)}: Pushed`]);
  assert.equal(frame(after([0, 1, 'Pull complete'], [1, 1, 'Downloading', 0, 10]), 80, 24, 1).map((line) => line.slice(14, 25)), ['Downloading']);
});

test('control characters in what a registry is called do not reach the terminal', () => {
  const [line = ''] = frame(after([0, 1, 'Mounted from a\u001b[2Jb']), 80, 24, 0);
  assert.is(line, `${name(1)}: Mounted from a\\x1b[2Jb`);
  assert.is(plainLine(new Map(), eventOf([0, 1, 'Mounted from a\u001b]0;b\u0007'])), `${name(1)}: Mounted from a\\x1b]0;b\\x07`);
});

test('a pipe gets a line for each change of state and none for bytes', () => {
  const lines: string[] = [];
  const display = plainDisplay((text) => lines.push(text));
  const events: readonly Recorded[] = [
    [0, 1, 'Pulling fs layer'],
    [0, 2, 'Already exists'],
    [1, 1, 'Waiting'],
    [2, 1, 'Waiting'],
    ...download,
    [3, 1, 'Download complete'],
    [4, 1, 'Extracting', 1, 2],
    [5, 1, 'Pull complete'],
    [6, 1, 'Pull complete'],
  ];
  for (const event of events) display.show(eventOf(event));
  display.close();
  assert.equal(lines, [
    `${name(1)}: Pulling fs layer\n`,
    `${name(2)}: Already exists\n`,
    `${name(1)}: Waiting\n`,
    `${name(1)}: Download complete\n`,
    `${name(1)}: Pull complete\n`,
  ]);
});

test('a repaint goes back over what was drawn, also where a narrower window has wrapped it', () => {
  const lines = ['x'.repeat(79), 'y'.repeat(10)];
  assert.is(repaint([], lines, 80), `${lines[0]}\u001b[K\n${lines[1]}\u001b[K\n\u001b[J`);
  assert.ok(repaint(lines, ['z'], 80).startsWith('\r\u001b[2Az\u001b[K\n'));
  assert.ok(repaint(lines, ['z'], 40).startsWith('\r\u001b[3Az'));
});

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

test('a terminal is drawn at most 15 times a second, and gets its cursor back', async () => {
  const writes: string[] = [];
  const listeners = process.listenerCount('SIGINT');
  const display = terminalDisplay({ write: (text) => writes.push(text), size: () => ({ columns: 80, rows: 24 }) });
  assert.is(process.listenerCount('SIGINT'), listeners + 1);
  const begin = Date.now();
  for (let done = 0; Date.now() - begin < 400; done += 1) {
    for (let chunk = 0; chunk < 100; chunk += 1) display.show(eventOf([0, 1, 'Downloading', done, 1_000_000]));
    await pause(1);
  }
  display.close();
  assert.ok(writes.length >= 3 && writes.length <= 9, String(writes.length));
  assert.ok(writes[0]?.startsWith('\u001b[?25l'));
  assert.is(writes[writes.length - 1], '\u001b[?25h');
  assert.is(process.listenerCount('SIGINT'), listeners);
});

test('a slow terminal is asked less often', async () => {
  let writes = 0;
  const slow = (): void => {
    writes += 1;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 40);
  };
  const display = terminalDisplay({ write: slow, size: () => ({ columns: 80, rows: 24 }) });
  const begin = Date.now();
  for (let done = 0; Date.now() - begin < 600; done += 1) {
    display.show(eventOf([0, 1, 'Downloading', done, 1_000_000]));
    await pause(5);
  }
  assert.ok(writes >= 1 && writes <= 3, String(writes));
  display.close();
});

test('a terminal that nothing was drawn on is left alone', () => {
  const writes: string[] = [];
  terminalDisplay({ write: (text) => writes.push(text), size: () => ({ columns: 80, rows: 24 }) }).close();
  assert.equal(writes, []);
});

test('a reader that has gone does not stop the transfer; the end tells', async () => {
  class Gone extends Error {}
  const write = (): void => {
    throw new Gone();
  };
  const plain = plainDisplay(write);
  plain.show(eventOf([0, 1, 'Waiting']));
  assert.throws(plain.close, (error: unknown) => error instanceof Gone);
  const terminal = terminalDisplay({ write, size: () => ({ columns: 80, rows: 24 }) });
  terminal.show(eventOf([0, 1, 'Waiting']));
  await pause(150);
  assert.throws(terminal.close, (error: unknown) => error instanceof Gone);
});

test.run();
