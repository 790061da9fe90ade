/** The files of a log: order, rotation under the reader's hands, the last lines, and reading line by line. */
import { closeSync, mkdtempSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { closeFile, isReplaced, logPath, openNewer, tailOf } from '../../src/runtime/logs-files.ts';
import { lineReader } from '../../src/runtime/logs-lines.ts';
import type { LogFile } from '../../src/runtime/logs-files.ts';

let directory = '';
test.before.each(() => {
  directory = mkdtempSync(join(tmpdir(), 'logs-'));
});
test.after.each(() => rmSync(directory, { recursive: true }));

const put = (number: number, text: string): void => writeFileSync(number === 0 ? logPath(directory) : `${logPath(directory)}.${number}`, text);
const rotate = (highest: number): void => {
  for (let i = highest; i > 0; i--) renameSync(i === 1 ? logPath(directory) : `${logPath(directory)}.${i - 1}`, `${logPath(directory)}.${i}`);
};

/** The lines from a place on, as `logs` without `-f` reads them. */
const linesOf = (files: readonly LogFile[], index = 0, position = 0): readonly string[] => {
  const lines: string[] = [];
  const reader = lineReader();
  files.slice(index).forEach((file, i) => {
    reader.go(file.fd, i === 0 ? position : 0);
    while (reader.read(file.size, (bytes, from, to) => lines.push(bytes.toString('latin1', from, to)) > 0) === 'more');
  });
  return lines;
};

const withFiles = <A>(body: (files: readonly LogFile[]) => A): A => {
  const files = openNewer(directory, undefined);
  const result = body(files);
  files.forEach(closeFile);
  return result;
};

test('the oldest comes first; one missing number is no end, two are', () => {
  assert.equal(openNewer(directory, undefined), []);
  put(0, 'c\n');
  put(1, 'b\n');
  put(2, 'a\n');
  put(4, 'older\n');
  put(7, 'stray\n');
  assert.equal(withFiles((files) => linesOf(files)), ['older', 'a', 'b', 'c']);
});

test('what is newer than a file that has got another number', () => {
  put(0, 'a\n');
  const [known] = openNewer(directory, undefined);
  assert.is(isReplaced(directory, known), false);
  rotate(1);
  assert.is(isReplaced(directory, known), false);
  put(0, 'b\n');
  rotate(2);
  put(0, 'c\n');
  assert.is(isReplaced(directory, known), true);
  const newer = openNewer(directory, known);
  assert.equal(linesOf(newer), ['b', 'c']);
  assert.equal(openNewer(directory, newer.at(-1)), []);
  [...newer, ...(known === undefined ? [] : [known])].forEach(closeFile);
});

test('the last lines are found in any file, at any distance', () => {
  const all = Array.from({ length: 40000 }, (_, i) => `${i} ${'x'.repeat(i % 97)}`);
  put(2, `${all.slice(0, 10000).join('\n')}\n`);
  put(1, `${all.slice(10000, 10003).join('\n')}\n`);
  put(0, `${all.slice(10003).join('\n')}\nunfinished`);
  withFiles((files) => {
    for (const count of [0, 1, 2, 1000, 29996, 29997, 29998, 29999, 30000, 30001, 35000, 39999, 40000, 40001, 1e9]) {
      const { index, position } = tailOf(files, count);
      assert.ok(linesOf(files, index, position).join('\n') === (count === 0 ? '' : all.slice(-count).join('\n')), String(count));
    }
  });
});

test('lines of all lengths come whole; one beyond all measure comes empty', () => {
  const lines = ['', 'a', 'b'.repeat(1 << 20), 'c'.repeat((1 << 20) - 1), 'd'.repeat(5 << 20), '', 'e'];
  put(0, `${lines.join('\n')}\n`);
  assert.ok(withFiles((files) => linesOf(files).join('\n')) === lines.join('\n'));
  put(0, `before\n${'x'.repeat(40 << 20)}\nbehind\n`);
  assert.equal(withFiles((files) => linesOf(files)), ['before', '', 'behind']);
});

test('reading stops where it is told to, and says what is left', () => {
  put(0, 'one\ntwo\nthr');
  const fd = openSync(logPath(directory), 'r');
  const reader = lineReader();
  reader.go(fd, 0);
  assert.is(reader.read(Infinity, () => false), 'stopped');
  reader.go(fd, 4);
  const seen: string[] = [];
  const take = (bytes: Buffer, from: number, to: number): boolean => seen.push(bytes.toString('latin1', from, to)) > 0;
  assert.is(reader.read(Infinity, take), 'more');
  assert.is(reader.read(Infinity, take), 'end');
  assert.ok(reader.hasRest());
  writeFileSync(logPath(directory), 'one\ntwo\nthree\n');
  assert.is(reader.read(Infinity, take), 'more');
  assert.equal(seen, ['two', 'three']);
  assert.not.ok(reader.hasRest());
  closeSync(fd);
});

test.run();
