/**
 * Readers of images take no lock. What a name led to a moment ago may have been removed since, and that is told as such: not as damage, and
 * not as a file that nobody knows.
 */
import { SkiffFailure, fail } from '../core/errors.ts';
import type { Paths } from '../system/paths.ts';
import { readIndex } from './layout.ts';
import { findEntry } from './find.ts';

/** An image that is removed and pulled again between two looks is found the next time. */
const attempts = 3;

const isUnreadable = (error: unknown): boolean =>
  error instanceof SkiffFailure ? error.error._tag === 'Corrupt' : (error as NodeJS.ErrnoException | null)?.code === 'ENOENT';

/** Whoever removes an image writes the index first, so a missing file without a line there has been removed. */
const isGone = (paths: Paths, word: string): boolean => {
  try {
    return findEntry(readIndex(paths).entries, word) === undefined;
  } catch {
    return false;
  }
};

/** Throws `NotFound` where `error` comes of the removal of an image that one of `words` named, and `error` otherwise. */
export const failUnlessRemoved = (paths: Paths, words: readonly string[], error: unknown): never => {
  const gone = isUnreadable(error) ? words.find((word) => isGone(paths, word)) : undefined;
  if (gone !== undefined) fail({ _tag: 'NotFound', kind: 'image', name: gone, hint: '`skiff images` lists what is there' });
  throw error;
};

/** The result of `read`, which looks up `word` and reads the files of its image; it must be free of side effects. Throws what it throws, or `NotFound`. */
export const readingImage = <A>(paths: Paths, word: string, read: () => A): A => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return read();
    } catch (error) {
      if (!isUnreadable(error) || attempt === attempts || isGone(paths, word)) return failUnlessRemoved(paths, [word], error);
    }
  }
};
