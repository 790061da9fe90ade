/** Finding an image's line in the index. Pure. */
import { fail } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import { formatReference, parseImageWord, parseReference, repositoryOf } from '../core/reference.ts';
import type { ImageWord, Reference } from '../core/reference.ts';
import type { Entry } from './layout.ts';

const matchesDigest = (reference: Reference, entry: Entry): boolean => {
  if (entry.name === undefined || (entry.descriptor.digest !== reference.digest && entry.remoteDigest !== reference.digest)) return false;
  const name = parseReference(entry.name);
  return !('_tag' in name) && repositoryOf(name) === repositoryOf(reference);
};

const findByReference = (entries: readonly Entry[], reference: Reference): Entry | undefined => {
  if (reference.digest !== undefined) return entries.find((entry) => matchesDigest(reference, entry));
  const name = formatReference(reference);
  return entries.find((entry) => entry.name === name);
};

const findById = (entries: readonly Entry[], prefix: string): Entry | undefined => {
  const matches = entries.filter((entry) => entry.id.startsWith(prefix, 'sha256:'.length));
  const ids = new Set(matches.map((entry) => entry.id));
  return ids.size > 1
    ? fail({ _tag: 'Usage', message: `'${prefix}' begins the ids of ${ids.size} images`, hint: 'give more digits, or a name' })
    : matches[0];
};

/**
 * The entry that `word` names: a reference first, an id or the beginning of one after that, as Docker does.
 * Throws a `Usage` failure for a word that cannot be either, or that begins several ids.
 */
export const findEntry = (entries: readonly Entry[], word: string): Entry | undefined => {
  const meant: ImageWord | SkiffError = parseImageWord(word);
  if ('_tag' in meant) return fail(meant);
  const named = meant.reference === undefined ? undefined : findByReference(entries, meant.reference);
  return named ?? (meant.idPrefix === undefined ? undefined : findById(entries, meant.idPrefix));
};
