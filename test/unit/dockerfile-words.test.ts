/** Words and variables of a Dockerfile, in the cases that BuildKit's own lexer is tested with (shell/envVarTest and lex_test.go, said again in our own table). */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { lex, rawWords } from '../../src/build/dockerfile/words.ts';

const variables = new Map([
  ['PWD', '/home'],
  ['SHELL', 'bash'],
  ['KOREAN', '한국어'],
  ['NULL', ''],
  ['FILE', 'a/b/c.tar.gz'],
]);
const of = (text: string, escape = '\\') => lex(text, { escape, variables });

const expansions: readonly (readonly [typed: string, means: string])[] = [
  ['hello', 'hello'],
  ["he'll'o", 'hello'],
  ["he\\'llo", "he'llo"],
  ['abc\\tdef', 'abctdef'],
  ['"abc\\tdef"', 'abc\\tdef'],
  ['"abc\\\\tdef"', 'abc\\tdef'],
  ["'abc\\tdef'", 'abc\\tdef'],
  ['hello\\', 'hello'],
  ['hello\\\\', 'hello\\'],
  ['"hel\'lo"', "hel'lo"],
  ["'hello\\there'", 'hello\\there'],
  ['"\'"', "'"],
  ['$.', '$.'],
  ['he$1x', 'hex'],
  ['he$.x', 'he$.x'],
  ['he$pwd.', 'he.'],
  ['he$PWD', 'he/home'],
  ['he\\$PWD', 'he$PWD'],
  ['he\\\\$PWD', 'he\\/home'],
  ['"he$PWD"', 'he/home'],
  ['"he\\$PWD"', 'he$PWD'],
  ["'he$PWD'", 'he$PWD'],
  ['he\\${}', 'he${}'],
  ['he${hi}', 'he'],
  ['he${PWD}', 'he/home'],
  ['he${hi}xx', 'hexx'],
  ['${PWD:-x}', '/home'],
  ['${XXX:-x}', 'x'],
  ['${XXX:-$PWD}xx', '/homexx'],
  ['${XXX:-${PWD}z:yyy}', '/homez:yyy'],
  ['${NULL:-x}|${NULL-x}|${XXX-x}', 'x||x'],
  ['${PWD:+x}|${XXX:+x}|${NULL:+x}|${NULL+x}', 'x|||x'],
  ['${PWD:?no}', '/home'],
  ['${FILE#*/}|${FILE##*/}', 'b/c.tar.gz|c.tar.gz'],
  ['${FILE%.*}|${FILE%%.*}', 'a/b/c.tar|a/b/c'],
  ['${FILE/b/X}|${FILE//a/Y}', 'a/X/c.tar.gz|Y/b/c.tYr.gz'],
  ['${FILE/\\//_}|${FILE//\\//_}', 'a_b/c.tar.gz|a_b_c.tar.gz'],
  ['${FILE/?.t*/$&}', 'a/b/$&'],
  ['$KOREAN', '한국어'],
  ['안녕하세요$PWD', '안녕하세요/home'],
  ['"he\\"llo"', 'he"llo'],
];

for (const [typed, means] of expansions) test(`${typed} means ${means}`, () => assert.is(of(typed).text, means));

const mistakes: readonly (readonly [typed: string, words: RegExp])[] = [
  ["he'llo", /looking for matching single-quote/],
  ['"hello', /looking for matching double-quote/],
  ['"hello\\"', /looking for matching double-quote/],
  ['he${', /missing '}'/],
  ['he${}xx', /bad substitution/],
  ['he${:xx', /bad substitution/],
  ['he${PWD', /missing '}'/],
  ['he${PWD:=x}', /unsupported modifier \(:=\) in substitution/],
  ['${XXX:?the reason}', /XXX: the reason/],
  ['${NULL:?}', /NULL: is not allowed to be empty/],
  ['${XXX?}', /XXX: is not allowed to be unset/],
  ['${FILE/b}', /missing '\/' in/],
  ['${FILE#\\a}', /invalid escape/],
];

for (const [typed, words] of mistakes) test(`${typed} is wrong`, () => assert.throws(() => of(typed), (error: Error) => words.test(error.message)));

test('another escape character', () => {
  assert.is(of('he`$PWD', '`').text, 'he$PWD');
  assert.is(of('C:\\x\\$SHELL', '`').text, 'C:\\x\\bash');
});

test('words are split after expansion, where blanks are neither quoted nor escaped', () => {
  assert.equal(of(`a "b c" d\\ e 'f  g'`).words, ['a', 'b c', 'd e', 'f  g']);
  const spaced = new Map([['X', '1 2']]);
  assert.equal(lex('$X "$X" a$X', { escape: '\\', variables: spaced }).words, ['1', '2', '1 2', 'a1', '2']);
});

test('raw words keep quotes and escapes', () => {
  assert.equal(rawWords(`a="x y" b='q\\' c=d\\ e f`, '\\'), ['a="x y"', "b='q\\'", 'c=d\\ e', 'f']);
  assert.equal(rawWords('a=b\\', '\\'), ['a=b']);
});

test('a variable that is not set can stay', () => {
  const lexed = lex('$A ${B} ${C:-x} $PWD', { escape: '\\', variables, keepUnset: true });
  assert.is(lexed.text, '$A ${B} ${C:-x} /home');
});

test.run();
