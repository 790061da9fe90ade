/** Which stages a build needs, and what arguments hold where. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { automaticArguments, declare, globalArguments } from '../../src/build/arguments.ts';
import { parseDockerfile } from '../../src/build/dockerfile/parse.ts';
import { lex } from '../../src/build/dockerfile/words.ts';
import { planStages } from '../../src/build/stages.ts';

const none = new Map<string, string>();
const plan = (text: string, target?: string, globals = none) => planStages(parseDockerfile(text), target, globals);
const needed = (text: string, target?: string) => plan(text, target).stages.map(({ title }) => title);

const file = 'FROM a AS one\nFROM b AS two\nCOPY --from=one x y\nFROM c AS unused\nFROM two\nCOPY --from=0 x y\nRUN --mount=from=two,target=/x z\n';

test('only needed stages, by name and number', () => {
  assert.equal(needed(file), ['one', 'two', 'stage-3']);
  assert.equal(needed(file, 'two'), ['one', 'two']);
  assert.equal(needed(file, 'UNUSED'), ['unused']);
  assert.equal(needed(file, '0'), ['one']);
  assert.equal(plan(file).stages.map(({ needs }) => needs), [[], [0], [1, 0]]);
});

test('a name that a later stage has too means the nearest one before', () => {
  const twice = plan('FROM a AS x\nFROM b AS x\nFROM x\n');
  assert.equal(twice.stages.at(-1)?.base, { kind: 'stage', index: 1 });
});

test('a base that is no stage is an image, whatever stage comes later; scratch is nothing', () => {
  assert.equal(plan('FROM later\nFROM b AS later\n', '0').stages[0]?.base, { kind: 'image', name: 'later' });
  assert.equal(plan('FROM scratch\n').stages[0]?.base, { kind: 'scratch' });
  assert.equal(plan('FROM a\nCOPY --from=img:1 x y\n').stages[0]?.needs, []);
});

test('what cannot be is told with its line', () => {
  for (const [text, target, words] of [
    [file, 'thre', /target stage "thre" could not be found/],
    [file, '9', /target stage "9" could not be found/],
    ['FROM a\nCOPY --from=0 x y\n', undefined, /invalid stage index 0/],
    ['FROM a AS me\nCOPY --from=me x y\n', undefined, /it is the same stage/],
    ['FROM $NONE\n', undefined, /should not be blank/],
  ] as const) {
    assert.throws(() => plan(text, target), (error: Error) => words.test(error.message));
  }
});

test('global arguments: defaults, --build-arg, and what is known anyway', () => {
  const linux = { os: 'linux', architecture: 'arm64', variant: 'v8' };
  const automatic = automaticArguments({ os: 'linux', architecture: 'amd64' }, linux, 'x');
  const parsed = parseDockerfile('ARG V=1\nARG W=v$V\nARG X\nFROM a:$W AS x\n');
  const globals = globalArguments(parsed, new Map([['V', '2'], ['X', 'given']]), automatic);
  assert.is(globals.get('W'), 'v2');
  assert.is(globals.get('X'), 'given');
  assert.is(globals.get('TARGETPLATFORM'), 'linux/arm64/v8');
  assert.equal(planStages(parsed, undefined, globals).stages[0]?.base, { kind: 'image', name: 'a:v2' });
});

test('an ARG in a stage: default, --build-arg, the value before the first FROM, or none', () => {
  const expand = (text: string, scope: ReadonlyMap<string, string>) => lex(text, { escape: '\\', variables: scope }).text;
  const arg = (names: readonly { key: string; value?: string }[]) => ({ kind: 'ARG', names }) as const;
  const globals = new Map([['G', 'global']]);
  const given = new Map([['B', 'given']]);
  const scope = declare(none, arg([{ key: 'A', value: '1' }, { key: 'B', value: '2' }, { key: 'G' }, { key: 'N' }, { key: 'C', value: '$A-$B' }]), given, globals, expand);
  assert.equal(Object.fromEntries(scope), { A: '1', B: 'given', G: 'global', C: '1-given' });
});

test.run();
