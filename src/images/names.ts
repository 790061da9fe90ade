/** Names in the index, as pure changes of its entries: an image that loses its last name stays, without one. */
import type { Digest } from '../core/digest.ts';
import { fail } from '../core/errors.ts';
import { familiarReference, familiarRepository, parseReference, parseStoredName, repositoryOf } from '../core/reference.ts';
import type { Reference } from '../core/reference.ts';
import type { Entry } from './layout.ts';

/** The name of `entry` taken apart; undefined where it has none. */
export const referenceOf = (entry: Entry): Reference | undefined => {
  const reference = entry.name === undefined ? undefined : parseStoredName(entry.name);
  return reference === undefined || '_tag' in reference ? undefined : reference;
};

/** Throws `Usage` for the name `sha256`, which with a tag reads like an id; Docker refuses it too. */
export const refuseDigestName = (reference: Reference): void => {
  if (familiarRepository(reference) !== 'sha256') return;
  fail({ _tag: 'Usage', message: `cannot make the name '${familiarReference(reference)}': it reads like the digest of an image`, hint: 'choose another' });
};

/** `entry` as it is when nothing names it any more. */
const anonymous = ({ id, created, size, descriptor }: Entry): Entry => ({ id, created, size, descriptor });

/** An image that lost a tag: what came from a registry is still called by its digest there, as in Docker. */
export const withoutTag = (entry: Entry): Entry => {
  const reference = referenceOf(entry);
  const { remoteDigest } = entry;
  return reference === undefined || remoteDigest === undefined ? anonymous(entry) : { ...anonymous(entry), name: `${repositoryOf(reference)}@${remoteDigest}`, remoteDigest };
};

/** `entries` without `removed`; images that would not be in it any more stay as `left` makes them, without a name if it is not given. */
export const withoutNames = (entries: readonly Entry[], removed: readonly Entry[], left = anonymous): readonly Entry[] => {
  const kept = entries.filter((entry) => !removed.includes(entry));
  const lost = removed.filter(({ id }) => !kept.some((entry) => entry.id === id));
  return [...kept, ...new Map(lost.map((entry) => [entry.id, left(entry)])).values()];
};

/**
 * `entries` with the name `name` (a reference in full) on the image of `source`; whoever had it loses it. What the source's name points at in
 * its registry is known of the new one only in the same repository.
 */
export const withName = (entries: readonly Entry[], source: Entry, name: string): readonly Entry[] => {
  if (entries.some((entry) => entry.name === name && entry.id === source.id)) return entries;
  const target = parseReference(name);
  const from = referenceOf(source);
  const sameRepository = from !== undefined && !('_tag' in target) && repositoryOf(from) === repositoryOf(target);
  const { remoteDigest } = source;
  const added: Entry = { ...anonymous(source), name, ...(sameRepository && remoteDigest !== undefined ? { remoteDigest } : {}) };
  const rest = withoutNames(entries, entries.filter((entry) => entry.name === name), withoutTag);
  return [...rest.filter((entry) => entry.name !== undefined || entry.id !== source.id), added];
};

/** `repository@digest` as Docker shows it; undefined for an entry without a name. */
export const digestReferenceOf = (entry: Entry): string | undefined => {
  const reference = referenceOf(entry);
  return reference === undefined ? undefined : `${familiarRepository(reference)}@${entry.remoteDigest ?? entry.descriptor.digest}`;
};

/** `entries` without any line of the image `id`. */
export const withoutImage = (entries: readonly Entry[], id: Digest): readonly Entry[] => entries.filter((entry) => entry.id !== id);
