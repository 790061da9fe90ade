/** Patterns of .dockerignore: the cases of moby/patternmatcher, odd ones included. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ignoreLines, ignoreOf } from '../../src/build/ignore.ts';
import { matcherOf } from '../../src/build/patterns.ts';

const cases: readonly (readonly [patterns: readonly string[], path: string, matches: boolean])[] = [
  [['**'], 'file', true],
  [['**'], 'dir/.hidden', true],
  [['**/'], 'file', true],
  [['**/file'], 'file', true],
  [['**/file'], 'a/b/file', true],
  [['**file'], 'a/otherfile', true],
  [['**/foo'], 'a/foo/b', true],
  [['dir/**'], 'dir', false],
  [['dir/**'], 'dir/a/b', true],
  [['dir/*'], 'dir/a/b', true],
  [['*/a'], 'x/y/a', false],
  [['a/**/b'], 'a/b', true],
  [['a/**/b'], 'a/x/y/b', true],
  [['a**b'], 'a/c/b', true],
  [['**/**/*.txt'], 'dir/dir/x.txt', true],
  [['abc.def'], 'abcZdef', false],
  [['abc?def'], 'abc/def', false],
  [['a[b-d]e'], 'ace', true],
  [['a[b-d]e'], 'aae', false],
  [['[^a]x'], 'bx', true],
  [['a\\*b'], 'a*b', true],
  [['a\\*b'], 'axb', false],
  [['.*'], '.x', true],
  [['./a'], 'a', true],
  [['a/../b'], 'b', true],
  [['a/'], 'a/x', true],
  [['*', '!b'], 'b', false],
  [['*', '!b'], 'b/c', false],
  [['*', '!b/**'], 'b/c/d', false],
  [['a', '!a/b'], 'a/b', false],
  [['a', '!a/b'], 'a/c', true],
  [['a', '!a/b', 'a/b/c'], 'a/b/c', true],
  [['!x', 'x'], 'x', true],
  [['**/*.go', '!**/x.go'], 'p/x.go', false],
  [['(x)+{1}|$.'], '(x)+{1}|$.', true],
];

for (const [patterns, path, matches] of cases) test(`${patterns.join(' ')} and ${path}: ${matches}`, () => assert.is(matcherOf(patterns).matches(path), matches));

test('what is no pattern is said', () => {
  for (const wrong of ['a[', 'a[]', 'a\\', '!', 'a[z-a]']) assert.throws(() => matcherOf([wrong]), (error: Error) => /no pattern|illegal exclusion/.test(error.message));
});

test('the lines of the file', () => {
  assert.equal(ignoreLines('\ufeff# comment\n /a/b/ \n\n!  /c \n./d\n #e\r\n'), ['a/b/', '!c', 'd', '#e']);
  assert.is(ignoreOf('# nothing\n\n'), undefined);
  assert.is(ignoreOf('*\n!keep\n')?.matches('keep/x'), false);
  assert.is(ignoreOf('*\n!keep\n')?.hasExceptions, true);
});

test.run();
