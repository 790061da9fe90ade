/** `skiff tag`. */
import * as TE from 'fp-ts/TaskEither';
import { fail, toSkiffError } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import { familiarReference, formatReference, parseReference } from '../core/reference.ts';
import type { Paths } from '../system/paths.ts';
import { tellTag } from './image-events.ts';
import { ensureLayout, withIndex } from './layout.ts';
import { refuseDigestName, withName } from './names.ts';
import { findEntry } from './find.ts';

/** The error for `word`, with the tag that is implied, as Docker says it. */
export const noSuchImage = (word: string): never => {
  const reference = parseReference(word);
  return fail({ _tag: 'NotFound', kind: 'image', name: '_tag' in reference ? word : familiarReference(reference) });
};

const targetName = (word: string): string => {
  const reference = parseReference(word);
  if ('_tag' in reference) return fail(reference);
  if (reference.digest !== undefined) {
    fail({ _tag: 'Usage', message: `cannot make the name '${word}': a digest follows from the content`, hint: 'give a tag instead' });
  }
  refuseDigestName(reference);
  return formatReference(reference);
};

const tag = async (paths: Paths, source: string, target: string): Promise<void> => {
  const name = targetName(target);
  ensureLayout(paths);
  await withIndex(paths, (entries, write) => {
    const entry = findEntry(entries, source) ?? noSuchImage(source);
    const after = withName(entries, entry, name);
    if (after !== entries) write(after);
    tellTag(paths, entry.id, name);
  });
};

/**
 * Gives the image `source` (name, id, beginning of an id, or digest) the further name `target`, which any other image loses.
 * Idempotent; atomic and durable. Errors: `Usage` (bad word, ambiguous id, digest as a target), `NotFound`, `Corrupt`, `System`.
 */
export const tagImage = (paths: Paths, source: string, target: string): TE.TaskEither<SkiffError, void> =>
  TE.tryCatch(() => tag(paths, source, target), toSkiffError('tag', `image ${source}`));
