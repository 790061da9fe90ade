/** The house rules about files: short, and finished. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const limit = 400;

/** Files that may be longer, and why. */
const longer: Readonly<Record<string, string>> = {};

const handWritten = (directory: string): readonly string[] =>
  readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : handWritten(path);
    return /\.(ts|mjs|c|h|mk|md)$|^Makefile$/.test(entry.name) ? [path] : [];
  });

const files = ['src', 'helpers', 'test']
  .flatMap(handWritten)
  .map((path) => ({ path, lines: readFileSync(path, 'utf8').trimEnd().split('\n') }));

test(`no file is longer than ${limit} lines without a reason`, () => {
  assert.ok(files.length > 20, 'the files were found');
  const long = files.filter(({ path, lines }) => lines.length > limit && longer[path] === undefined);
  assert.equal(long.map(({ path, lines }) => `${path}: ${lines.length}`), []);
});

test('the list of longer files is true', () => {
  const stale = Object.keys(longer).filter((path) => !existsSync(path) || (files.find((file) => file.path === path)?.lines.length ?? 0) <= limit);
  assert.equal(stale, []);
});

test('nothing is left for later', () => {
  const marks = new RegExp(`\\b(${['TO', 'FIX'].map((start, i) => start + (i === 0 ? 'DO' : 'ME')).join('|')})\\b`);
  const found = files.flatMap(({ path, lines }) => lines.flatMap((line, i) => (marks.test(line) ? [`${path}:${i + 1}`] : [])));
  assert.equal(found, []);
});

test.run();
