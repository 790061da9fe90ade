/** Which files a COPY or ADD takes, and what each is called at its target (BuildKit's file operations and fsutil's copy). Pure. */
import { posix } from 'node:path';
import { wrong } from './dockerfile/location.ts';
import { ancestors, below, resolve } from './tree.ts';
import { matcherOf } from './patterns.ts';
import type { Matcher } from './patterns.ts';
import type { Entry, Tree } from './tree.ts';

/** One member of what is copied: its name at the target (a directory's ends with a slash, `./` is the target itself) and what it is. */
export interface Item {
  readonly name: string;
  readonly entry: Entry;
}

export interface Selection {
  readonly items: readonly Item[];
  /** How many things were named, wildcards taken apart. */
  readonly sources: number;
  /** `directory`: a single one, whose contents and mode become those of a new target; `root`: the same of a whole tree, which has no mode of its own. */
  readonly kind: 'files' | 'directory' | 'root';
}

export interface Selecting {
  readonly exclude: readonly string[];
  readonly parents: boolean;
}

/** Names in a listing are bytes; what was typed becomes the same. */
export const asBytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

/** An escape makes a pattern too: what is behind it means itself. */
const hasWildcards = (path: string): boolean => /[*?[\\]/u.test(path);

/** The source as a path in the tree. */
const cleanSource = (source: string): string => {
  const clean = posix.normalize(source.replace(/^\/+/u, ''));
  if (clean === '..' || clean.startsWith('../')) return wrong(`forbidden path outside the build context: ${source}`);
  return clean === '.' || clean === '/' ? '' : clean.replace(/\/$/u, '');
};

/** Go's filepath.Match: a star does not take a slash. */
const globOf = (pattern: string): ((path: string) => boolean) => {
  if (pattern.split('/').some((part) => part.includes('**'))) return matcherOf([pattern]).matches;
  const source = pattern.replace(/\\(.)|\[(\^?)((?:\\.|[^\]\\])+)\]|\*|\?|[.+(){}|^$/[\]\\]/gsu, (whole, escaped: string | undefined, negated: string | undefined, set: string | undefined) => {
    if (escaped !== undefined) return /[A-Za-z0-9]/u.test(escaped) ? escaped : `\\${escaped}`;
    if (set !== undefined) return `[${negated ?? ''}${set.replace(/\[/gu, '\\[')}]`;
    return whole === '*' ? '[^/]*' : whole === '?' ? '[^/]' : `\\${whole}`;
  });
  try {
    const expression = new RegExp(`^${source}$`, 'su');
    return (path) => expression.test(path);
  } catch {
    return wrong(`syntax error in pattern: ${pattern}`);
  }
};

const missing = (source: string): never => wrong(`failed to compute cache key: "${posix.join('/', source)}": not found`);

interface Found {
  /** As written, or as matched: its last component is its name. */
  readonly path: string;
  readonly entry: Entry;
}

const find = (tree: Tree, source: string): readonly Found[] => {
  const path = asBytes(cleanSource(source));
  if (!hasWildcards(path)) {
    const entry = resolve(tree, path) ?? missing(source);
    return source.endsWith('/') && entry.type !== 'directory' ? missing(source) : [{ path, entry }];
  }
  const matches = globOf(path);
  const outermost = new Set<string>();
  return [...tree.keys()].flatMap((candidate): readonly Found[] => {
    if (candidate === '' || !matches(candidate) || ancestors(candidate).some((directory) => outermost.has(directory))) return [];
    const entry = resolve(tree, candidate);
    if (path.includes('**')) outermost.add(candidate);
    return entry === undefined ? [] : [{ path: candidate, entry }];
  });
};

const memberName = (name: string, { type }: Entry): string => (type === 'directory' ? `${name}/` : name);

const isExcluded = (exclude: Matcher | undefined, name: string): boolean => exclude?.matches(Buffer.from(name, 'latin1').toString('utf8')) === true;

/** What is in a directory that was named, under the names that it has there. */
const contentsOf = (tree: Tree, { path }: Entry, exclude: Matcher | undefined, prefix: string): readonly Item[] => {
  const cut = path === '' ? 0 : path.length + 1;
  const kept = below(tree, path).filter((entry) => !isExcluded(exclude, entry.path.slice(cut)));
  const needed = exclude?.hasExceptions === true ? new Set(kept.flatMap((entry) => ancestors(entry.path))) : new Set<string>();
  const all = needed.size === 0 ? kept : below(tree, path).filter((entry) => kept.includes(entry) || needed.has(entry.path));
  return all.map((entry) => ({ name: memberName(`${prefix}${entry.path.slice(cut)}`, entry), entry }));
};

const plainItems = (tree: Tree, { path, entry }: Found, exclude: Matcher | undefined): readonly Item[] => {
  if (entry.type === 'directory') return [{ name: './', entry }, ...contentsOf(tree, entry, exclude, '')];
  const name = posix.basename(path);
  return isExcluded(exclude, name) ? [] : [{ name, entry }];
};

/** With `--parents` the path behind `/./`, or all of it, is kept, with the directories on the way. */
const parentItems = (tree: Tree, source: string, { path, entry }: Found, exclude: Matcher | undefined): readonly Item[] => {
  const pivot = source.indexOf('/./');
  const root = pivot < 0 ? '' : asBytes(cleanSource(source.slice(0, pivot)));
  const kept = root === '' ? path : path.slice(root.length + 1);
  if (kept === '') return contentsOf(tree, entry, exclude, '');
  const way = ancestors(kept).flatMap((directory): readonly Item[] => {
    const found = resolve(tree, root === '' ? directory : `${root}/${directory}`);
    return found === undefined ? [] : [{ name: `${directory}/`, entry: found }];
  });
  if (entry.type !== 'directory') return isExcluded(exclude, kept) ? [] : [...way, { name: kept, entry }];
  return [...way, { name: `${kept}/`, entry }, ...contentsOf(tree, entry, exclude, `${kept}/`)];
};

const unique = (items: readonly Item[]): readonly Item[] => [...new Map(items.map((item) => [item.name, item])).values()];

/** What `sources` take from `tree`. Throws a `DockerfileError` for one that is not there, or outside. */
export const select = (tree: Tree, sources: readonly string[], { exclude, parents }: Selecting): Selection => {
  const excluded = exclude.length === 0 ? undefined : matcherOf(exclude);
  const found = sources.flatMap((source) => find(tree, source).map((one) => ({ source, one })));
  const items = found.flatMap(({ source, one }) => (parents ? parentItems(tree, source, one, excluded) : plainItems(tree, one, excluded)));
  const single = parents || found.length !== 1 ? undefined : found[0]?.one.entry;
  const kind = single?.type !== 'directory' ? 'files' : single.path === '' ? 'root' : 'directory';
  // Of several directories none says what the target is to be like.
  return { items: unique(kind === 'directory' ? items : items.filter(({ name }) => name !== './')), sources: found.length, kind };
};
