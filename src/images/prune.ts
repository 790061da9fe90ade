/** `skiff image prune`: images that nobody uses, and all that killed commands have left in the store. */
import * as TE from 'fp-ts/TaskEither';
import type { Digest } from '../core/digest.ts';
import { SkiffFailure, toSkiffError } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import { collectAfter } from './collect.ts';
import type { Store } from './collect.ts';
import { labelsOf, tellPrune, tellRemoval } from './image-events.ts';
import { isTagged } from './layout.ts';
import type { Entry } from './layout.ts';
import { pruneTest } from './prune-filters.ts';
import { untaggedBy } from './remove-rules.ts';
import { imagesOf } from './users.ts';
import type { ImageUsers } from './users.ts';

export interface PruneOptions {
  /** Images with names too, not only those without. */
  readonly all: boolean;
  /** `key=value` as typed: until, label, label!. */
  readonly filters: readonly string[];
  /** Milliseconds since 1970, for `until`. */
  readonly now: number;
}

export interface Pruned {
  /** References that name nothing now, as Docker shows them. */
  readonly untagged: readonly string[];
  /** Ids of images, and diff ids of layers that went with them. */
  readonly deleted: readonly Digest[];
  /** Bytes on disk that are free now. */
  readonly bytes: number;
  readonly warnings: readonly string[];
}

interface Chosen {
  readonly ids: readonly Digest[];
  readonly untagged: readonly string[];
  readonly warnings: readonly string[];
}

/** An image whose labels cannot be read is kept, and said to be. */
const choose = (entries: readonly Entry[], { users }: ImageUsers, all: boolean, test: (entry: Entry) => boolean): Chosen => {
  const used = new Set(users.flatMap(imagesOf));
  const named = new Set(entries.filter(isTagged).map(({ id }) => id));
  const warnings: string[] = [];
  const passes = (entry: Entry): boolean => {
    try {
      return test(entry);
    } catch (error) {
      if (!(error instanceof SkiffFailure)) throw error;
      warnings.push(error.message);
      return false;
    }
  };
  const candidates = [...new Map(entries.map((entry) => [entry.id, entry])).values()];
  const ids = candidates.filter((entry) => !used.has(entry.id) && (all || !named.has(entry.id)) && passes(entry)).map(({ id }) => id);
  return { ids, untagged: untaggedBy(entries.filter(({ id, name }) => name !== undefined && ids.includes(id)), []), warnings };
};

const prune = async (store: Store, { all, filters, now }: PruneOptions): Promise<Pruned> => {
  const test = pruneTest(store.paths, filters, now);
  const { result, layers, bytes, warnings } = await collectAfter(store, (entries, users) => {
    const chosen = choose(entries, users, all, test);
    const told = chosen.ids.map((id) => ({ id, names: untaggedBy(entries.filter((entry) => entry.id === id && entry.name !== undefined), []).length, labels: labelsOf(store.paths, id) }));
    return { result: { ...chosen, told }, ...(chosen.ids.length === 0 ? {} : { entries: entries.filter(({ id }) => !chosen.ids.includes(id)) }) };
  });
  const { ids, untagged, told } = result;
  for (const { id, names, labels } of told) tellRemoval(store.paths, id, names, true, labels);
  tellPrune(store.paths, 'image', bytes);
  return { untagged, deleted: ids.length === 0 ? [] : [...ids, ...layers], bytes, warnings: [...result.warnings, ...warnings] };
};

/**
 * Deletes images without a name, or with `all` every image that no container uses, and whatever else in the store nothing needs:
 * blobs and layers without an image, downloads that nobody goes on with, work of killed commands. Idempotent.
 * Errors: `Usage` (filter), `Corrupt` (index), `System`.
 */
export const pruneImages = (store: Store, options: PruneOptions): TE.TaskEither<SkiffError, Pruned> =>
  TE.tryCatch(() => prune(store, options), toSkiffError('prune', 'images'));
