/** Whether a container's image is still called what it was called when the container was made. */
import { SkiffFailure } from '../core/errors.ts';
import { findEntry } from './find.ts';
import { readIndex } from './layout.ts';
import type { Paths } from '../system/paths.ts';
import type { Entry } from './layout.ts';

const idOf = (entries: readonly Entry[], word: string): string | undefined => {
  try {
    return findEntry(entries, word)?.id;
  } catch (error) {
    // A word that has come to begin several ids names none.
    if (error instanceof SkiffFailure) return undefined;
    throw error;
  }
};

/**
 * A test whether `word`, a name or an id as it was typed, leads to the image `id` now. Reads the index once, and looks each word up once. Of an index
 * that cannot be read nothing is said to have changed.
 */
export const nameChecker = (paths: Paths, qualify: (word: string) => string): ((word: string, id: string) => boolean) => {
  const known = new Map<string, string | undefined>();
  let entries: readonly Entry[];
  try {
    entries = readIndex(paths).entries;
  } catch {
    return () => true;
  }
  return (word, id) => {
    if (!known.has(word)) known.set(word, idOf(entries, qualify(word)));
    return known.get(word) === id;
  };
};
