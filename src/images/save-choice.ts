/** Which images and names `save` means by the words it was given, by Docker's rules (moby's image/tarexport). Pure. */
import type { Digest } from '../core/digest.ts';
import { fail } from '../core/errors.ts';
import { formatReference, parseReference, repositoryOf } from '../core/reference.ts';
import type { Reference } from '../core/reference.ts';
import { isTagged } from './layout.ts';
import type { Entry } from './layout.ts';
import { referenceOf } from './names.ts';
import { findEntry } from './find.ts';

/** One image of an archive with the names that it gets there. */
export interface Chosen {
  readonly entry: Entry;
  readonly names: readonly Reference[];
}

/** A repository without tag and digest stands for all of its tags. */
const isBareRepository = (word: string): boolean => !word.includes('@') && word.lastIndexOf(':') <= word.lastIndexOf('/');

const ofRepository = (entries: readonly Entry[], word: string): readonly Entry[] => {
  const wanted = parseReference(word);
  if ('_tag' in wanted || !isBareRepository(word)) return [];
  return entries.filter((entry) => {
    const reference = isTagged(entry) ? referenceOf(entry) : undefined;
    return reference !== undefined && repositoryOf(reference) === repositoryOf(wanted);
  });
};

/** The entries that `word` stands for; `named` says whether it was by tag, which is saved, and not by id or digest, which saves none. */
const entriesFor = (entries: readonly Entry[], word: string): readonly { readonly entry: Entry; readonly named: boolean }[] => {
  const tags = ofRepository(entries, word);
  if (tags.length > 0) return tags.map((entry) => ({ entry, named: true }));
  const entry = findEntry(entries, word) ?? fail({ _tag: 'NotFound', kind: 'image', name: word, hint: '`skiff images` lists what is there' });
  const reference = parseReference(word);
  return [{ entry, named: isTagged(entry) && !('_tag' in reference) && formatReference(reference) === entry.name }];
};

/** The images of `words` in the order in which they are first named, each once. Throws `NotFound` and `Usage` failures. */
export const chooseImages = (entries: readonly Entry[], words: readonly string[]): readonly Chosen[] => {
  const images = new Map<Digest, { readonly entry: Entry; readonly names: Map<string, Reference> }>();
  for (const { entry, named } of words.flatMap((word) => entriesFor(entries, word))) {
    const image = images.get(entry.descriptor.digest) ?? { entry, names: new Map<string, Reference>() };
    images.set(entry.descriptor.digest, image);
    const reference = named ? referenceOf(entry) : undefined;
    if (reference !== undefined) image.names.set(formatReference(reference), reference);
  }
  return [...images.values()].map(({ entry, names }) => ({ entry, names: [...names.values()] }));
};
