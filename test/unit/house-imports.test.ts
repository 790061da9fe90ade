/** The house rules about imports: they point down the list of DESIGN.md section 9, never up, without circles. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** Lowest first; a folder may import from its own row and the rows above it here. */
const rows: readonly (readonly string[])[] = [
  ['core'],
  ['system'],
  ['slirp4netns-wrapper', 'fuse-overlayfs-bindings'],
  ['storage', 'network', 'volumes'],
  ['registry'],
  ['images'],
  ['runtime'],
  ['compose', 'build'],
  ['cli'],
  ['main.ts'],
];
const wrappers = rows[2] ?? [];
const declared: unknown = JSON.parse(readFileSync('package.json', 'utf8')).dependencies;
const packages = [...Object.keys(declared ?? {}), ...wrappers];

const sources = (directory: string): readonly string[] =>
  readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' || path === 'src/dev' ? [] : sources(path);
    return /\.ts$/.test(entry.name) && !/\.(d|test)\.ts$/.test(entry.name) ? [path] : [];
  });

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');

/** Every module named in an import or export declaration, a dynamic import or a require. */
const importsIn = (text: string): readonly string[] =>
  [...withoutComments(text).matchAll(/(?:(?:^|;)\s*(?:import|export)\b[^;'"]*?\bfrom\s*|(?:^|;)\s*import\s*|\bimport\(\s*|\brequire\(\s*)(['"])([^'"\n]+)\1/gm)].map(
    (match) => match[2] ?? '',
  );

const folderOf = (path: string): string => path.split('/')[1] ?? path;
const rowOf = (path: string): number => rows.findIndex((row) => row.includes(folderOf(path)));

const files = sources('src').map((path) => ({ path, text: readFileSync(path, 'utf8') }));
const edges = files.flatMap(({ path, text }) => importsIn(text).map((target) => ({ path, target })));
const isRelative = (target: string): boolean => target.startsWith('.');
const ownEdges = edges
  .filter(({ target }) => isRelative(target))
  .map(({ path, target }) => ({ path, target: normalize(join(dirname(path), target)) }));

test('the reader of imports sees every form', () => {
  const text = `import a from 'a';\nimport type { B,\n C } from "b";\nexport * from './c.ts';\nimport 'd'; import 'd2';\nconst e = await import('e');\n// import 'no'\n/* import 'no' */`;
  assert.equal(importsIn(text), ['a', 'b', './c.ts', 'd', 'd2', 'e']);
});

test('every source is in a folder that the rule knows', () => {
  assert.ok(files.length > 10, 'the sources were found');
  assert.equal(files.map(({ path }) => path).filter((path) => rowOf(path) === -1), []);
});

test('relative imports name a file that is there, with its extension', () => {
  assert.equal(ownEdges.filter(({ target }) => !existsSync(target) || !/\.\w+$/.test(target)).map(show), []);
});

test('imports point down, never up', () => {
  assert.equal(ownEdges.filter(({ path, target }) => rowOf(target) > rowOf(path)).map(show), []);
});

test('wrapper modules import nothing of ours, and are imported by their package name', () => {
  const isWrapper = (path: string): boolean => wrappers.includes(folderOf(path));
  assert.equal(ownEdges.filter(({ path, target }) => isWrapper(path) && folderOf(target) !== folderOf(path)).map(show), []);
  assert.equal(ownEdges.filter(({ path, target }) => isWrapper(target) && folderOf(target) !== folderOf(path)).map(show), []);
});

test('packages point down too', () => {
  const up = edges.filter(({ path, target }) => wrappers.includes(target) && rowOf(path) <= 2);
  assert.equal(up.map(show), []);
});

test('no file imports itself by way of others', () => {
  const next = new Map<string, readonly string[]>();
  for (const { path, target } of ownEdges) next.set(path, [...(next.get(path) ?? []), target]);
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) circles.push([...trail.slice(trail.indexOf(path)), path].join(' > '));
    if (trail.includes(path) || done.has(path)) return;
    for (const target of next.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const { path } of files) visit(path, []);
  assert.equal(circles, []);
});

test('only cli and main know clipanion', () => {
  const strangers = edges.filter(({ path, target }) => /^clipanion(\/|$)/.test(target) && !['cli', 'main.ts'].includes(folderOf(path)));
  assert.equal(strangers.map(show), []);
});

test('nothing is imported but node:, the dependencies in package.json and our files', () => {
  const known = (target: string): boolean =>
    isRelative(target) || target.startsWith('node:') || packages.some((name) => target === name || target.startsWith(`${name}/`));
  assert.equal(edges.filter(({ target }) => !known(target)).map(show), []);
});

test('the fp-ts index, which loads all of it, is never imported', () => {
  assert.equal(edges.filter(({ target }) => target === 'fp-ts').map(show), []);
});

test('the sources do not use Bun', () => {
  assert.equal(files.filter(({ text }) => /\bBun\s*[.[]/.test(withoutComments(text))).map(({ path }) => path), []);
});

const show = ({ path, target }: { readonly path: string; readonly target: string }): string => `${path} imports ${target}`;

test.run();
