import { formatReference, hasHost, parseImageWord, parseReference } from '../core/reference.ts';
import type { Reference } from '../core/reference.ts';
import { helloName } from '../images/builtin-label.ts';
import { readEntry } from '../images/layout.ts';
import type { Paths } from '../system/paths.ts';
import type { Settings } from '../system/settings.ts';

const hub = 'docker.io';

/** The built-in image is of no registry. */
const isHello = (reference: Reference): boolean => formatReference(reference) === helloName;

/**
 * Puts the default registry of the settings in front of a name that has no host: `busybox` becomes `registry.corp:5000/busybox`. For words
 * that are names only, as those of pull, push and the second of tag. Unchanged: names with a host, `hello`, what is no name, and everything
 * where the default is Docker's.
 */
export const nameQualifier =
  ({ defaultRegistry }: Pick<Settings, 'defaultRegistry'>): ((word: string) => string) =>
  (word) => {
    if (defaultRegistry === hub || hasHost(word)) return word;
    const reference = parseReference(word);
    return '_tag' in reference || isHello(reference) ? word : `${defaultRegistry}/${word}`;
  };

/** Whether the store has an image of this name. */
const isStored = (paths: Paths, word: string): boolean => {
  const reference = parseReference(word);
  return !('_tag' in reference) && reference.digest === undefined && readEntry(paths, formatReference(reference)) !== undefined;
};

/**
 * As `nameQualifier`, for words that may also be the id of an image or its beginning, as those of run and rmi. A word like `cafe` is the stored
 * image of that name if there is one in `paths`, as in Docker, and else stays as it is: an id.
 */
export const qualifier = (settings: Pick<Settings, 'defaultRegistry'>, paths: Paths): ((word: string) => string) => {
  const qualify = nameQualifier(settings);
  return (word) => {
    const name = qualify(word);
    return name === word || !('idPrefix' in parseImageWord(word)) || isStored(paths, name) ? name : word;
  };
};
