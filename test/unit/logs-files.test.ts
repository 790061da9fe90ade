/** The files of a log: order, rotation under the reader's hands, the last lines, and reading line by line. */
import { closeSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { closeFile, logPath, openFiles, tailOf } from '../../src/runtime/logs-files.ts';
import { readGzip } from '../../src/runtime/logs-gzip.ts';
import { lineReader } from '../../src/runtime/logs-lines.ts';
import type { LogFile } from '../../src/runtime/logs-files.ts';

let directory = '';
test.before.each(() => {
  directory = mkdtempSync(join(tmpdir(), 'logs-'));
});
test.after.each(() => rmSync(directory, { recursive: true }));

const put = (number: number, text: string): void => writeFileSync(number === 0 ? logPath(directory) : `${logPath(directory)}.${number}`, text);

/** What skiff-tree gzip makes: the time of the last line is in the header's extra field. */
const packed = (text: string, lastTime = '2026-11-27T08:00:00.5'): Buffer => {
  const plain = gzipSync(text);
  const extra = Buffer.from(`{"lastTime":"${lastTime}Z"}`);
  const head = Buffer.from(plain.subarray(0, 10));
  head[3] = 4;
  return Buffer.concat([head, Buffer.from([extra.length & 255, extra.length >> 8]), extra, plain.subarray(10)]);
};
const putPacked = (number: number, bytes: Buffer): void => writeFileSync(`${logPath(directory)}.${number}.gz`, bytes);

/** The lines from a place on, as `logs` without `-f` reads them. */
const linesOf = async (files: readonly LogFile[], index = 0, position = 0, skip = 0): Promise<readonly string[]> => {
  const lines: string[] = [];
  const reader = lineReader();
  const take = (bytes: Buffer, from: number, to: number): boolean => lines.push(bytes.toString('latin1', from, to)) > 0;
  for (const [i, file] of files.slice(index).entries()) {
    reader.go(file.gzip === undefined ? file.fd : -1, i === 0 ? position : 0);
    if (file.gzip === undefined) while (reader.read(file.size, take) === 'more');
    else assert.is(await readGzip(file, (bytes) => reader.feed(bytes, take)), 'end');
    if (i === 0) lines.splice(0, skip);
  }
  return lines;
};

const withFiles = async <A>(body: (files: readonly LogFile[]) => A | Promise<A>): Promise<A> => {
  const files = openFiles(directory);
  const result = await body(files);
  files.forEach(closeFile);
  return result;
};

test('the oldest comes first; one missing number is no end, two are', async () => {
  assert.equal(openFiles(directory), []);
  put(0, 'c\n');
  put(1, 'b\n');
  putPacked(2, packed('a\n'));
  putPacked(4, packed('older\n'));
  put(7, 'stray\n');
  assert.equal(await withFiles((files) => linesOf(files)), ['older', 'a', 'b', 'c']);
});

const entry = (text: string, time: string): string => `{"log":"${text}\\n","stream":"stdout","time":"${time}Z"}\n`;

test('a file that is compressed under our hands is met once', async () => {
  const [older, newer] = [entry('one', '2026-11-27T08:00:00.123456789'), entry('two', '2026-11-27T08:00:01')];
  put(1, older);
  put(0, newer);
  // Met in both forms, as between the two last steps of the monitor.
  putPacked(2, packed(older, '2026-11-27T08:00:00.123456789'));
  await withFiles((files) => assert.is(files.length, 2));
  // Neither another time nor another length makes it the same.
  putPacked(2, packed(older, '2026-11-27T08:00:00.123456788'));
  await withFiles((files) => assert.is(files.length, 3));
  putPacked(2, packed(`${older}${older}`, '2026-11-27T08:00:00.123456789'));
  await withFiles((files) => assert.is(files.length, 3));
  unlinkSync(`${logPath(directory)}.2.gz`);
  renameSync(`${logPath(directory)}.1`, `${logPath(directory)}.2`);
  await withFiles(async (files) => assert.equal(await linesOf(files), [older.trim(), newer.trim()]));
});

test('the last lines are found in any file, at any distance, in both forms', async () => {
  const all = Array.from({ length: 40000 }, (_, i) => `${i} ${'x'.repeat(i % 97)}`);
  putPacked(3, packed(`${all.slice(0, 5000).join('\n')}\n`));
  put(2, `${all.slice(5000, 10000).join('\n')}\n`);
  putPacked(1, packed(`${all.slice(10000, 10003).join('\n')}\n`));
  put(0, `${all.slice(10003).join('\n')}\nunfinished`);
  await withFiles(async (files) => {
    for (const count of [0, 1, 2, 1000, 29996, 29997, 29998, 29999, 30000, 30001, 34999, 35000, 35001, 39999, 40000, 40001, 1e9]) {
      const { index, position, skip } = await tailOf(files, count);
      assert.ok((await linesOf(files, index, position, skip)).join('\n') === (count === 0 ? '' : all.slice(-count).join('\n')), String(count));
    }
  });
});

test('damaged compressed files: what is there is read, and never more than that', async () => {
  const text = Array.from({ length: 20000 }, (_, i) => entry(`line ${i}`, '2026-11-27T08:00:00')).join('');
  const whole = packed(text);
  const outcome = async (bytes: Buffer): Promise<readonly [string, boolean]> => {
    putPacked(1, bytes);
    return await withFiles(async ([file]) => {
      const parts: Buffer[] = [];
      const result = file === undefined ? 'none' : await readGzip(file, (piece) => parts.push(Buffer.from(piece)) > 0);
      return [result, text.startsWith(Buffer.concat(parts).toString('latin1'))] as const;
    });
  };
  assert.equal(await outcome(whole), ['end', true]);
  const flipped = Buffer.from(whole);
  flipped[whole.length - 6] = (flipped[whole.length - 6] ?? 0) ^ 1;
  for (const bytes of [whole.subarray(0, whole.length / 2), whole.subarray(0, 15), whole.subarray(0, 3), Buffer.from('no gzip at all, but text'), flipped]) {
    assert.equal(await outcome(bytes), ['damaged', true], `${bytes.length} bytes`);
  }
  // A length of the extra field that is a lie.
  const lie = Buffer.from(whole);
  lie.writeUInt16LE(65535, 10);
  const [result] = await outcome(lie);
  assert.is(result, 'damaged');
});

test('lines of all lengths come whole, read or fed; one beyond all measure comes empty', async () => {
  const lines = ['', 'a', 'b'.repeat(1 << 20), 'c'.repeat((1 << 20) - 1), 'd'.repeat(5 << 20), '', 'e'];
  put(0, `${lines.join('\n')}\n`);
  assert.ok((await withFiles((files) => linesOf(files))).join('\n') === lines.join('\n'));
  putPacked(1, packed(readFileSync(logPath(directory), 'latin1')));
  put(0, '');
  assert.ok((await withFiles((files) => linesOf(files))).join('\n') === lines.join('\n'));
  unlinkSync(`${logPath(directory)}.1.gz`);
  put(0, `before\n${'x'.repeat(40 << 20)}\nbehind\n`);
  assert.equal(await withFiles((files) => linesOf(files)), ['before', '', 'behind']);
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
