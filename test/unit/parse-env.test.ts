import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mergeEnvironment, parseAssignmentFile, parseEnvFlag, readEnvironmentFlags } from '../../src/core/env.ts';
import { mergeLabels } from '../../src/core/labels.ts';
import { assertProblem, value } from '../spec-host.ts';

const caller = { LANG: 'C', EMPTY: '' };

test('-e takes a value as it is, or the caller\'s', () => {
  const cases: readonly (readonly [string, string, string | undefined])[] = [
    ['A=1', 'A', '1'],
    ['A=', 'A', ''],
    ['A=b=c', 'A', 'b=c'],
    ['A="q"', 'A', '"q"'],
    ['LANG', 'LANG', 'C'],
    ['EMPTY', 'EMPTY', ''],
    ['UNSET', 'UNSET', undefined],
  ];
  for (const [text, name, expected] of cases) assert.equal(value(parseEnvFlag(text, caller)), { name, value: expected }, text);
  assertProblem(parseEnvFlag('=x', caller), 'Usage', "'=x'", 'NAME=value');
  assertProblem(parseEnvFlag('', caller), 'Usage');
  assertProblem(parseEnvFlag('A=\0', caller), 'Usage', 'NUL');
});

test('an env file: comments, blank lines, BOM, CRLF, literal quotes', () => {
  const text = '\ufeffA=1\n# no\n\n  B = no\n'.replace('  B = no\n', '  B=two words \r\n#x\nC="q"\nLANG  \nD=#kept');
  assert.equal(value(parseAssignmentFile({ path: 'f', text })), [
    { name: 'A', value: '1' },
    { name: 'B', value: 'two words ' },
    { name: 'C', value: '"q"' },
    { name: 'LANG', value: undefined },
    { name: 'D', value: '#kept' },
  ]);
});

test('a bad line of an env file is named by file and line', () => {
  assertProblem(parseAssignmentFile({ path: 'my.env', text: 'A=1\nB C=2' }), 'Usage', 'my.env, line 2', "'B C'");
  assertProblem(parseAssignmentFile({ path: 'my.env', text: '=2' }), 'Usage', 'my.env, line 1');
  assertProblem(parseAssignmentFile({ path: 'my.env', text: 'A=\ufffd' }), 'Usage', 'UTF-8');
});

test('-e comes after files, whatever the order on the command line', () => {
  const files = [{ path: 'a', text: 'X=file\nLANG' }, { path: 'b', text: 'X=later' }];
  assert.equal(value(readEnvironmentFlags(files, ['X=flag'], caller)).map(({ name, value: v }) => `${name}=${v}`), ['X=file', 'LANG=C', 'X=later', 'X=flag']);
});

test('the user\'s variables replace the image\'s, and remove them', () => {
  const merged = mergeEnvironment([{ name: 'PATH', value: '/d' }, { name: 'HOSTNAME', value: 'h' }], ['PATH=/image', 'A=image', 'B=image'], [
    { name: 'A', value: '1' },
    { name: 'A', value: '2' },
    { name: 'B', value: undefined },
  ]);
  assert.equal(merged, ['PATH=/image', 'HOSTNAME=h', 'A=2']);
});

test('labels: image, files, flags', () => {
  const labels = value(mergeLabels({ a: 'image', b: 'image' }, [{ path: 'f', text: 'a=file\nb=file\nc' }], ['a=flag', 'd', 'e=x=y']));
  assert.equal(labels, { a: 'flag', b: 'file', c: '', d: '', e: 'x=y' });
  assertProblem(mergeLabels({}, [], ['=x']), 'Usage', "'=x'");
  assertProblem(mergeLabels({}, [], ['a b=x']), 'Usage', "'a b=x'");
});

test.run();
