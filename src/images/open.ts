/** Finding a stored image and reading what `run` needs of it. On the hot path: three small files, synchronous, no locks. */
import { existsSync } from 'node:fs';
import { ImageConfig, Manifest } from '../core/oci-image.ts';
import type { ContainerDefaults } from '../core/oci-image.ts';
import type { Digest } from '../core/digest.ts';
import { SkiffFailure, explainErrno, fail } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import { familiarReference, formatReference, parseReference } from '../core/reference.ts';
import type { Paths } from '../system/paths.ts';
import { findEntry } from './find.ts';
import { layerPath, readBlob, readEntry, readIndex } from './layout.ts';
import type { Entry } from './layout.ts';
import { checkPlatform, platformOf } from './platform.ts';
import type { Platform } from './platform.ts';
import { readingImage } from './removed.ts';

/** An image that is in the store, ready to be mounted. */
export interface Image {
  /** Digest of the configuration. */
  readonly id: Digest;
  readonly manifestDigest: Digest;
  /** The reference in full; undefined where the image was asked for by id. */
  readonly name?: string;
  readonly platform: Platform;
  /** RFC 3339; undefined where the image does not say. */
  readonly created?: string;
  readonly config: ContainerDefaults;
  /** Absolute directories, the lowest layer first. */
  readonly layers: readonly string[];
}

/** Whether a result of `openImage` is the error. */
export const isImageError = (value: Image | SkiffError): value is SkiffError => '_tag' in value;

const noSuchImage = (word: string): never => {
  const reference = parseReference(word);
  const name = '_tag' in reference ? word : familiarReference(reference);
  return fail({ _tag: 'NotFound', kind: 'image', name, hint: '`skiff pull` fetches images from a registry, `skiff images` lists what is there' });
};

/** What is wrong with an image whose manifest and configuration are whole; `restoreLayers` puts it right. */
export const missingLayer = 'an unpacked layer of it is missing';

/** A layer can be missing if somebody removed it, or after a change between one id and subordinate ids. */
const layersOf = (paths: Paths, word: string, diffIds: readonly Digest[]): readonly string[] =>
  diffIds.map((diffId) => {
    const directory = layerPath(paths, diffId);
    return existsSync(directory)
      ? directory
      : fail({ _tag: 'Corrupt', subject: `image ${word}`, reason: missingLayer, hint: `load it again (${directory})` });
  });

/** As `findEntry`, but a name that is there is found without decoding the rest of the index. */
const lookUp = (paths: Paths, word: string): Entry | undefined => {
  const reference = parseReference(word);
  const named = '_tag' in reference || reference.digest !== undefined ? undefined : readEntry(paths, formatReference(reference));
  return named ?? findEntry(readIndex(paths).entries, word);
};

const readImage = (paths: Paths, word: string, platform: Platform | undefined): Image => {
  const entry = lookUp(paths, word) ?? noSuchImage(word);
  const manifest = readBlob(paths, entry.descriptor.digest, Manifest);
  const config = readBlob(paths, manifest.config.digest, ImageConfig);
  const actual = platformOf(config);
  checkPlatform(`image ${word}`, platform, config);
  const byName = entry.name !== undefined && !entry.id.startsWith(word.replace(/^sha256:/, ''), 'sha256:'.length);
  return {
    id: entry.id,
    manifestDigest: entry.descriptor.digest,
    ...(byName ? { name: entry.name } : {}),
    platform: actual,
    ...(config.created ? { created: config.created } : {}),
    config: config.config ?? {},
    layers: layersOf(paths, word, config.rootfs.diff_ids ?? []),
  };
};

/**
 * The stored image that `word` (a reference, id or beginning of an id) names. Synchronous; reads three small files.
 * @param platform refuse an image of another platform; undefined takes any, see `platformWarning`.
 * @returns the image, or: `Usage` (no valid reference, ambiguous id), `NotFound`, `Refused` (platform), `Corrupt`.
 */
export const openImage = (paths: Paths, word: string, platform?: Platform): SkiffError | Image => {
  try {
    return readingImage(paths, word, () => readImage(paths, word, platform));
  } catch (error) {
    if (error instanceof SkiffFailure) return error.error;
    const { code = String(error), path = paths.images } = error as NodeJS.ErrnoException;
    return { _tag: 'System', operation: 'read', subject: path, reason: explainErrno(code) };
  }
};

