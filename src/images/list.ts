/** The rows of `skiff images`: one per name, filtered and in Docker's order. Rendering is the command line's business. */
import { posix } from 'node:path';
import { ImageConfig } from '../core/oci-image.ts';
import type { Digest } from '../core/digest.ts';
import { SkiffFailure, explainErrno, fail } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import { familiarReference, familiarRepository, parseReference } from '../core/reference.ts';
import type { Paths } from '../system/paths.ts';
import { isTagged, readBlob, readIndex } from './layout.ts';
import type { Entry } from './layout.ts';
import { referenceOf } from './names.ts';
import { findEntry } from './find.ts';
import { hasLabel, parseUntil } from './prune-filters.ts';

export interface ImageRow {
  readonly id: Digest;
  /** As Docker shows it; undefined (`<none>`) for an image without a name. */
  readonly repository?: string;
  readonly tag?: string;
  /** What the name points at in its registry, or else the manifest; undefined (`<none>`) for an image without a name. */
  readonly digest?: Digest;
  /** Milliseconds since 1970; 0 where the image does not say. */
  readonly created: number;
  /** Bytes, uncompressed. */
  readonly size: number;
}

export interface ListOptions {
  /** `REPOSITORY[:TAG]` as an argument of the command: only these. */
  readonly repository?: string;
  /** `key=value` as typed: dangling, label, before, since, until, reference. Several of one key: any of them (label: all of them). */
  readonly filters: readonly string[];
}

export interface ImageList {
  readonly rows: readonly ImageRow[];
  /** One sentence for each record that could not be read; the rows are the others. */
  readonly warnings: readonly string[];
}

type Test = (entry: Entry) => boolean;

const rowOf = (entry: Entry): ImageRow => {
  const { id, created, size } = entry;
  const reference = referenceOf(entry);
  if (reference === undefined) return { id, created, size };
  const digest = entry.remoteDigest ?? entry.descriptor.digest;
  const repository = familiarRepository(reference);
  return reference.tag === undefined ? { id, created, size, digest, repository } : { id, created, size, digest, repository, tag: reference.tag };
};

/** Go's path.Match: `*` and `?` stop at slashes. */
const globForm = (pattern: string): RegExp => {
  const escaped = pattern.replace(/[.+^${}()|\\]/g, '\\$&').replace(/\*/g, '[^/]*').replace(/\?/g, '[^/]');
  try {
    return new RegExp(`^${escaped}$`);
  } catch {
    return fail({ _tag: 'Usage', message: `invalid pattern '${pattern}' in a reference filter` });
  }
};

/** Docker's FamiliarMatch: the pattern is held against the name with and without its tag. */
const matchesPattern = (pattern: string): Test => {
  const form = globForm(pattern);
  return (entry) => {
    const reference = referenceOf(entry);
    return reference !== undefined && (form.test(familiarReference(reference)) || form.test(familiarRepository(reference)));
  };
};

const matchesArgument = (word: string): Test => {
  const hasTag = word.lastIndexOf(':') > word.lastIndexOf('/');
  const reference = parseReference(word);
  const wanted = '_tag' in reference ? posix.normalize(word) : hasTag ? familiarReference(reference) : familiarRepository(reference);
  return matchesPattern(wanted);
};

const matchesLabel =
  (paths: Paths, value: string): Test =>
  (entry) =>
    hasLabel(readBlob(paths, entry.id, ImageConfig).config?.Labels ?? {}, value);

const booleans: ReadonlyMap<string, boolean> = new Map([['true', true], ['1', true], ['t', true], ['false', false], ['0', false], ['f', false]]);

const matchesDangling = (value: string): Test => {
  const wanted = booleans.get(value.toLowerCase()) ?? fail({ _tag: 'Usage', message: `invalid filter 'dangling=${value}'`, hint: 'write dangling=true or dangling=false' });
  return (entry) => isTagged(entry) !== wanted;
};

const createdOf = (entries: readonly Entry[], word: string): number =>
  (findEntry(entries, word) ?? fail({ _tag: 'NotFound', kind: 'image', name: word })).created;

const isBefore = (entries: readonly Entry[], value: string): Test => {
  const limit = createdOf(entries, value);
  return (entry) => entry.created < limit;
};

const isSince = (entries: readonly Entry[], value: string): Test => {
  const limit = createdOf(entries, value);
  return (entry) => entry.created > limit;
};

const isUntil = (value: string): Test => {
  const limit = parseUntil(value, Date.now());
  return (entry) => entry.created <= limit;
};

const testOf = (paths: Paths, entries: readonly Entry[], key: string, value: string): Test => {
  switch (key) {
    case 'dangling':
      return matchesDangling(value);
    case 'label':
      return matchesLabel(paths, value);
    case 'before':
      return isBefore(entries, value);
    case 'since':
      return isSince(entries, value);
    case 'until':
      return isUntil(value);
    case 'reference':
      return matchesPattern(value);
    default:
      return fail({ _tag: 'Usage', message: `invalid filter '${key}'`, hint: 'the filters are dangling, label, before, since, until and reference' });
  }
};

/** Filters of different keys must all hold, of one key any (Docker's rule; labels must all hold). */
const allTests = (paths: Paths, entries: readonly Entry[], filters: readonly string[]): Test => {
  const groups = new Map<string, Test[]>();
  filters.forEach((filter, position) => {
    const at = filter.indexOf('=');
    const [key, value] = at < 0 ? [filter, ''] : [filter.slice(0, at), filter.slice(at + 1)];
    if (at < 0) fail({ _tag: 'Usage', message: `invalid filter '${filter}'`, hint: 'write it as KEY=VALUE' });
    const group = key === 'label' ? `label ${position}` : key;
    groups.set(group, [...(groups.get(group) ?? []), testOf(paths, entries, key, value)]);
  });
  const all = [...groups.values()];
  return (entry) => all.every((any) => any.some((test) => test(entry)));
};

/** The entries that pass; one whose configuration would be needed for that and cannot be read is warned of. */
const passing = (entries: readonly Entry[], test: Test, warnings: string[]): readonly Entry[] =>
  entries.filter((entry) => {
    try {
      return test(entry);
    } catch (error) {
      if (!(error instanceof SkiffFailure) || error.error._tag !== 'Corrupt') throw error;
      warnings.push(error.message);
      return false;
    }
  });

const compareText = (a = '', b = ''): number => (a < b ? -1 : a > b ? 1 : 0);

/** Newest first; by name where two are of one age. */
const inOrder = (a: ImageRow, b: ImageRow): number => b.created - a.created || compareText(a.repository, b.repository) || compareText(a.tag, b.tag);

/**
 * The stored images by name, newest first. Reads one file, and the configurations only where labels are asked for.
 * @returns the list, or a `Usage`, `NotFound` (before, since), `Corrupt` or `System` error.
 */
export const listImages = (paths: Paths, options: ListOptions): ImageList | SkiffError => {
  try {
    const { entries, damaged } = readIndex(paths);
    const warnings = [...damaged];
    const chosen = options.repository === undefined ? entries : entries.filter(matchesArgument(options.repository));
    const shown = options.filters.length === 0 ? chosen : passing(chosen, allTests(paths, entries, options.filters), warnings);
    return { rows: shown.map(rowOf).sort(inOrder), warnings };
  } catch (error) {
    if (error instanceof SkiffFailure) return error.error;
    const { code, path = paths.images } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return { _tag: 'System', operation: 'read', subject: path, reason: explainErrno(code) };
  }
};
