/**
 * What `docker rmi` does with one word: names lost, image deleted or kept, or a conflict, in Docker's words (moby, image_delete.go).
 * Pure. One difference: a digest is no name of its own here but follows from a repository's tags, so that removing it removes them.
 */
import { shortId } from '../core/digest.ts';
import type { Digest } from '../core/digest.ts';
import { fail } from '../core/errors.ts';
import { familiarReference, parseImageWord, repositoryOf } from '../core/reference.ts';
import type { Entry } from './layout.ts';
import { digestReferenceOf, referenceOf } from './names.ts';
import { imagesOf } from './users.ts';
import type { ImageUser } from './users.ts';

export interface Removal {
  readonly id: Digest;
  /** Lines of the index that go. */
  readonly names: readonly Entry[];
  /** References as Docker shows them, in the order of their removal. */
  readonly untagged: readonly string[];
  /** Whether the image goes with them; it stays without a name otherwise, if that was its last. */
  readonly deleted: boolean;
}

const shownName = (entry: Entry): string => {
  const reference = referenceOf(entry);
  return reference === undefined ? (entry.name ?? '') : familiarReference(reference);
};

const repository = (entry: Entry): string => {
  const reference = referenceOf(entry);
  return reference === undefined ? '' : repositoryOf(reference);
};

/** The references that go with `names` while `left` stay: each name, and the digest of each repository that has none left. */
export const untaggedBy = (names: readonly Entry[], left: readonly Entry[]): readonly string[] => {
  const stays = new Set(left.map(repository));
  return [
    ...new Set([
      ...names.map(shownName),
      ...names.filter((entry) => !stays.has(repository(entry))).flatMap((entry) => digestReferenceOf(entry) ?? []),
    ]),
  ];
};

const conflict = (message: string): never => fail({ _tag: 'Conflict', message: `conflict: ${message}` });

const cannotDelete = (id: Digest, kind: 'cannot be forced' | 'must be forced', reason: string): never =>
  conflict(`unable to delete ${shortId(id)} (${kind}) - ${reason}`);

const short = ({ id }: ImageUser): string => id.slice(0, 12);

const refuseRunning = (id: Digest, users: readonly ImageUser[]): void => {
  const running = users.find((user) => user.running);
  if (running !== undefined) cannotDelete(id, 'cannot be forced', `image is being used by running container ${short(running)}`);
};

const refuseStopped = (id: Digest, users: readonly ImageUser[]): void => {
  const [stopped] = users;
  if (stopped !== undefined) cannotDelete(id, 'must be forced', `image is being used by stopped container ${short(stopped)}`);
};

const isTagged = (entry: Entry): boolean => referenceOf(entry)?.tag !== undefined;

/** Docker's isSingleReference: all names are of one repository, and one of them at most has a tag. */
const isSingle = (names: readonly Entry[]): boolean =>
  names.length > 0 && new Set(names.map(repository)).size === 1 && names.filter(isTagged).length <= 1;

const removeById = (id: Digest, names: readonly Entry[], users: readonly ImageUser[], force: boolean): Removal => {
  refuseRunning(id, users);
  if (!force && names.length > 0 && !isSingle(names)) cannotDelete(id, 'must be forced', 'image is referenced in multiple repositories');
  if (!force) refuseStopped(id, users);
  return { id, names, untagged: untaggedBy(names, []), deleted: true };
};

const removeByName = (word: string, found: Entry, all: readonly Entry[], users: readonly ImageUser[], force: boolean): Removal => {
  const { id } = found;
  const [user] = users;
  const siblings = all.filter((entry) => repository(entry) === repository(found));
  const otherTags = siblings.filter((entry) => entry !== found && isTagged(entry));
  const names = word.includes('@') || otherTags.length === 0 ? siblings : [found];
  const left = all.filter((entry) => !names.includes(entry));
  if (!force && user !== undefined && (isSingle(all) || left.length === 0)) {
    conflict(`unable to remove repository reference "${word}" (must force) - container ${short(user)} is using its referenced image ${shortId(id)}`);
  }
  // Forced, a running container's image only loses its name.
  const deleted = left.length === 0 && !users.some(({ running }) => running);
  return { id, names, untagged: untaggedBy(names, left), deleted };
};

/**
 * What becomes of `found`, which `word` names, among `entries`. Throws a `Conflict` with Docker's sentence.
 * @param users containers of any image.
 */
export const decideRemoval = (word: string, found: Entry, entries: readonly Entry[], users: readonly ImageUser[], force: boolean): Removal => {
  const { id } = found;
  const names = entries.filter((entry) => entry.id === id && entry.name !== undefined);
  const own = users.filter((user) => imagesOf(user).includes(id));
  const meant = parseImageWord(word);
  const prefix = '_tag' in meant ? undefined : meant.idPrefix;
  const isId = prefix !== undefined && id.startsWith(prefix, 'sha256:'.length);
  return isId || found.name === undefined ? removeById(id, names, own, force) : removeByName(word, found, names, own, force);
};
