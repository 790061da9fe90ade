/** `skiff rmi`: one word at a time, and what nothing needs afterwards is deleted. */
import * as TE from 'fp-ts/TaskEither';
import type { Digest } from '../core/digest.ts';
import { toSkiffError } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import { ImageConfig } from '../core/oci-image.ts';
import { collectAfter } from './collect.ts';
import type { Edit, Store } from './collect.ts';
import { labelsOf, tellRemoval } from './image-events.ts';
import { readBlob } from './layout.ts';
import type { Entry } from './layout.ts';
import { withoutImage, withoutNames } from './names.ts';
import { partsOf } from './needs.ts';
import { findEntry } from './find.ts';
import { checkPlatform } from './platform.ts';
import type { Platform } from './platform.ts';
import { decideRemoval } from './remove-rules.ts';
import type { Removal } from './remove-rules.ts';
import { noSuchImage } from './tag.ts';
import type { ImageUsers } from './users.ts';

export interface Removed {
  /** References that name nothing now, as Docker shows them. */
  readonly untagged: readonly string[];
  /** The image's id, if it is gone, and the diff ids of the layers that went with it. */
  readonly deleted: readonly Digest[];
  readonly warnings: readonly string[];
}

export interface RemoveOptions {
  /** By an id in spite of several names, and in spite of containers that have ended. */
  readonly force: boolean;
  /** Refuse an image of another platform: a name has one image here. */
  readonly platform?: Platform;
}

interface LabelledRemoval extends Removal {
  /** Of the image, while it is still there. */
  readonly labels: Readonly<Record<string, string>>;
}

const planFor =
  ({ paths }: Store, word: string, { force, platform }: RemoveOptions) =>
  (entries: readonly Entry[], { users }: ImageUsers): Edit<LabelledRemoval> => {
    const found = findEntry(entries, word) ?? noSuchImage(word);
    if (platform !== undefined) checkPlatform(`image ${word}`, platform, readBlob(paths, found.id, ImageConfig));
    const removal = { ...decideRemoval(word, found, entries, users, force), labels: labelsOf(paths, found.id) };
    if (!removal.deleted) return { result: removal, entries: withoutNames(entries, removal.names), scope: new Set() };
    // Two manifests can have one configuration.
    const parts = entries.filter(({ id }) => id === removal.id).map((entry) => partsOf(paths, entry));
    return {
      result: removal,
      entries: withoutImage(entries, removal.id),
      scope: new Set(parts.flatMap(({ blobs, layers }) => [...blobs, ...layers])),
    };
  };

const remove = async (store: Store, word: string, options: RemoveOptions): Promise<Removed> => {
  const { result, layers, warnings } = await collectAfter(store, planFor(store, word, options));
  const { id, untagged, deleted, labels } = result;
  tellRemoval(store.paths, id, untagged.length, deleted, labels);
  return { untagged, deleted: deleted ? [id, ...layers] : [], warnings: deleted ? warnings : [] };
};

/**
 * Removes the name `word`, or the image if it is an id or the last name, by Docker's rules (`remove-rules.ts`); blobs and layers of it that
 * neither another image nor a container nor a running pull needs are deleted.
 * Errors: `NotFound`, `Conflict` (Docker's sentence), `Refused` (platform), `Usage` (no name, ambiguous id), `Corrupt` (index), `System`.
 */
export const removeImage = (store: Store, word: string, options: RemoveOptions): TE.TaskEither<SkiffError, Removed> =>
  TE.tryCatch(() => remove(store, word, options), toSkiffError('remove', `image ${word}`));
