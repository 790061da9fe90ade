/** A directory as `skiff-tree list` tells of it (helpers/tree-gather.h): its entries by path, and where links in it lead. Pure. */
import { posix } from 'node:path';
import type { Matcher } from './patterns.ts';

export interface Entry {
  /** Relative to the base, without `./`; empty for the base itself. */
  readonly path: string;
  readonly type: 'file' | 'directory' | 'link' | 'other';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** In bytes. */
  readonly size: number;
  /** What tells one state of a file from another: device, inode, size, both times to the nanosecond. */
  readonly identity: string;
  /** When its status changed last, in seconds since 1970. */
  readonly changed: number;
  /** A link's target; else empty. */
  readonly link: string;
}

export type Tree = ReadonlyMap<string, Entry>;

const types: Readonly<Record<string, Entry['type']>> = { d: 'directory', f: 'file', l: 'link' };

const entryOf = (facts: string, path: string, link: string): Entry => {
  const [type = '', mode = '0', uid = '0', gid = '0', size = '0', ...rest] = facts.split(' ');
  return { path, type: types[type] ?? 'other', mode: Number.parseInt(mode, 8), uid: Number(uid), gid: Number(gid), size: Number(size), identity: `${size} ${rest.join(' ')}`, changed: Number(rest[4] ?? 0), link };
};

/** What the helper printed. Names are bytes, read as Latin-1 so that none is lost. */
export const parseList = (bytes: Buffer): Tree => {
  const words = bytes.toString('latin1').split('\0');
  const tree = new Map<string, Entry>();
  for (let i = 0; i + 2 < words.length; i += 3) {
    const path = words[i + 1] ?? '';
    tree.set(path, entryOf(words[i] ?? '', path, words[i + 2] ?? ''));
  }
  return tree;
};

/** The directories that `path` lies in, outermost first, without the base. */
export const ancestors = (path: string): readonly string[] => {
  const parts = path.split('/');
  return parts.slice(0, -1).map((_, position) => parts.slice(0, position + 1).join('/'));
};

/** `tree` without what `ignored` says; a directory stays where something in it does. */
export const without = (tree: Tree, ignored: Matcher | undefined): Tree => {
  if (ignored === undefined) return tree;
  const kept = new Set(['']);
  for (const path of tree.keys()) {
    if (path === '' || ignored.matches(Buffer.from(path, 'latin1').toString('utf8'))) continue;
    for (const directory of ancestors(path)) kept.add(directory);
    kept.add(path);
  }
  return new Map([...tree].filter(([path]) => kept.has(path)));
};

/** Links that are followed on one path; the kernel's number. */
const mostLinks = 40;

/**
 * Where `path` leads when every link, the last one too, is followed inside the tree: `..` at its top stays there, an absolute target begins there.
 * Undefined where nothing is.
 */
export const resolve = (tree: Tree, path: string, links = 0): Entry | undefined => {
  let here = '';
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  for (const [position, part] of parts.entries()) {
    const next = part === '..' ? posix.dirname(here).replace(/^\.$/u, '') : here === '' ? part : `${here}/${part}`;
    const entry = tree.get(next);
    if (entry === undefined) return undefined;
    if (entry.type === 'link') {
      const base = entry.link.startsWith('/') ? '' : here;
      return links >= mostLinks ? undefined : resolve(tree, [base, entry.link, ...parts.slice(position + 1)].join('/'), links + 1);
    }
    here = next;
  }
  return tree.get(here);
};

/** Everything below the directory `path`, in the order of the listing: what is in a directory comes behind it. */
export const below = (tree: Tree, path: string): readonly Entry[] => {
  const prefix = path === '' ? '' : `${path}/`;
  return [...tree.values()].filter((entry) => entry.path !== '' && entry.path !== path && entry.path.startsWith(prefix));
};
