/** What COPY takes from a tree: links, wildcards, exclusions, parents; and the keys of steps. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { contentDigest, stepKey } from '../../src/build/cache-key.ts';
import { ignoreOf } from '../../src/build/ignore.ts';
import { select } from '../../src/build/select.ts';
import { parseList, resolve, without } from '../../src/build/tree.ts';
import type { Tree } from '../../src/build/tree.ts';

/** `d path`, `f path` or `l path target`, as the helper prints them. */
const treeOf = (...lines: readonly string[]): Tree =>
  parseList(Buffer.from(['d ', ...lines].map((line, position) => {
    const [type = '', path = '', link = ''] = line.split(' ');
    return `${type} ${type === 'd' ? '755' : '644'} 0 0 ${position} 1 2 3 ${position} 5 6\0${path}\0${link}\0`;
  }).join('')));

const tree = treeOf('f a.txt', 'f b.md', 'd d', 'f d/x.txt', 'd d/e', 'f d/e/y.txt', 'f d/z.md', 'l d/up ../a.txt', 'l home d', 'l out /../../etc/passwd', 'l loop loop', 'l abs /d/e', 'f we[ird', 'd only', 'd only/empty');

const plain = { exclude: [], parents: false };
const names = (sources: readonly string[], how: { readonly exclude: readonly string[]; readonly parents: boolean } = plain): readonly string[] => select(tree, sources, how).items.map(({ name }) => name);

test('a file under its name, a directory as its contents, its mode first', () => {
  assert.equal(names(['a.txt']), ['a.txt']);
  assert.equal(names(['./d/']), ['./', 'x.txt', 'e/', 'e/y.txt', 'z.md', 'up']);
  assert.is(select(tree, ['d'], plain).kind, 'directory');
  assert.is(select(tree, ['/'], plain).kind, 'root');
  assert.not.ok(names(['.']).includes('./'), 'a context has no mode of its own');
  assert.equal(names(['a.txt', 'd/e']), ['a.txt', 'y.txt']);
});

test('a link that is named is followed, inside the tree only; others stay links', () => {
  assert.equal(names(['home/e']), ['./', 'y.txt']);
  assert.equal(select(tree, ['d/up'], plain).items.map(({ name, entry }) => [name, entry.path]), [['up', 'a.txt']]);
  assert.is(resolve(tree, 'abs/y.txt')?.path, 'd/e/y.txt');
  assert.is(resolve(tree, '../../d/../a.txt')?.path, 'a.txt');
  assert.is(resolve(tree, 'loop'), undefined);
  assert.throws(() => names(['out']), (error: Error) => /"\/out": not found/.test(error.message));
  assert.is(select(tree, ['d'], plain).items.at(-1)?.entry.type, 'link');
});

test('wildcards do not cross slashes, and may match nothing', () => {
  assert.equal(names(['*.txt']), ['a.txt']);
  assert.equal(names(['d/*.txt', 'd/?.md']), ['x.txt', 'z.md']);
  assert.equal(names(['*/*.txt']), ['x.txt']);
  assert.equal(names(['[ab].*']), ['a.txt', 'b.md']);
  assert.equal(names(['[^a].*']), ['b.md']);
  assert.equal(names(['we\\[ird']), ['we[ird']);
  assert.equal(names(['*.none']), []);
  assert.is(select(tree, ['*.*'], plain).sources, 2);
});

test('what is not there, or outside, is said', () => {
  for (const [source, words] of [['c', /"\/c": not found/], ['a.txt/', /not found/], ['../x', /outside the build context/], ['d/../../x', /outside the build context/]] as const) {
    assert.throws(() => names([source]), (error: Error) => words.test(error.message));
  }
});

test('--exclude and --parents', () => {
  assert.equal(names(['d'], { exclude: ['*.md', 'e'], parents: false }), ['./', 'x.txt', 'up']);
  assert.equal(names(['d'], { exclude: ['**', '!e/y.txt'], parents: false }), ['./', 'e/', 'e/y.txt']);
  assert.equal(names(['a.txt', 'b.md'], { exclude: ['*.md'], parents: false }), ['a.txt']);
  assert.equal(names(['d/e/y.txt', 'a.txt'], { exclude: [], parents: true }), ['d/', 'd/e/', 'd/e/y.txt', 'a.txt']);
  assert.equal(names(['d/./e'], { exclude: [], parents: true }), ['e/', 'e/y.txt']);
  assert.equal(names(['*/*.txt'], { exclude: [], parents: true }), ['d/', 'd/x.txt']);
});

test('what is ignored is not there; a directory stays where something in it does', () => {
  const left = without(tree, ignoreOf('d\n!d/e/y.txt\n*.md\n'));
  assert.equal([...left.keys()].filter((path) => path.startsWith('d') || path.endsWith('md')), ['d', 'd/e', 'd/e/y.txt']);
});

test('keys: what counts, in whatever order it is said, and nothing else', () => {
  const parent = [`sha256:${'a'.repeat(64)}`] as const;
  assert.is(stepKey(parent, { a: 1, b: { c: 2, d: 3 } }), stepKey(parent, { b: { d: 3, c: 2 }, a: 1 }));
  assert.is.not(stepKey(parent, { a: 1 }), stepKey(parent, { a: 2 }));
  assert.is.not(stepKey(parent, { a: 1 }), stepKey([], { a: 1 }));
  const items = select(tree, ['d'], plain).items;
  const digests = new Map([['d/x.txt', '1']]);
  const later = select(treeOf('d d', 'f d/x.txt', 'd d/e', 'f d/e/y.txt', 'f d/z.md', 'l d/up ../a.txt'), ['d'], plain).items;
  assert.is(contentDigest(items, digests, false), contentDigest(later, digests, false), 'times and inodes are nothing');
  assert.is.not(contentDigest(items, digests, false), contentDigest(items, new Map([['d/x.txt', '2']]), false));
  assert.is.not(contentDigest(items, digests, false), contentDigest(items, digests, true));
});

test.run();
