/** `skiff history`: how an image came about, step by step. */
import { ImageConfig, Manifest } from '../core/oci-image.ts';
import type { Digest } from '../core/digest.ts';
import { SkiffFailure, fail, toSkiffError } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import type { Paths } from '../system/paths.ts';
import { namedLayer } from './layer-files.ts';
import { readBlob, readIndex } from './layout.ts';
import { findEntry } from './find.ts';
import { checkPlatform } from './platform.ts';
import type { Platform } from './platform.ts';
import { readingImage } from './removed.ts';

/** One step. */
export interface HistoryRow {
  /** The image's, on its newest step; what was there after the others has no name here. */
  readonly id?: Digest;
  /** Milliseconds since 1970; 0 where the image does not say. */
  readonly created: number;
  readonly createdBy: string;
  readonly comment: string;
  /** Bytes of the layer's tar, uncompressed, as in `skiff images`; 0 for a step without a layer, undefined where the layer is not unpacked. */
  readonly size: number | undefined;
}

type Step = NonNullable<ImageConfig['history']>[number];

const rowOf = (step: Step, size: number | undefined): HistoryRow => ({
  created: Math.max(0, Date.parse(step.created ?? '') || 0),
  createdBy: step.created_by ?? '',
  comment: step.comment ?? '',
  size,
});

/** The steps, oldest first, each with its layer's size; layers that no step is told of come after them, with nothing but their sizes. */
export const historyRows = (steps: readonly Step[], sizes: readonly (number | undefined)[]): readonly HistoryRow[] => {
  let next = 0;
  const told = steps.map((step) => rowOf(step, step.empty_layer === true || next >= sizes.length ? 0 : sizes[next++]));
  return [...told, ...sizes.slice(next).map((size) => rowOf({}, size))];
};

const sizesOf = (paths: Paths, manifest: Manifest, config: ImageConfig): readonly (number | undefined)[] =>
  (config.rootfs.diff_ids ?? []).map((diffId, position) => {
    const blob = manifest.layers[position];
    return blob === undefined ? undefined : namedLayer(paths, diffId, blob.digest)?.size;
  });

const readRows = (paths: Paths, word: string, platform: Platform | undefined): readonly HistoryRow[] => {
  const entry = findEntry(readIndex(paths).entries, word) ?? fail({ _tag: 'NotFound', kind: 'image', name: word, hint: '`skiff images` lists what is there' });
  const manifest = readBlob(paths, entry.descriptor.digest, Manifest);
  const config = readBlob(paths, manifest.config.digest, ImageConfig);
  checkPlatform(`image ${word}`, platform, config);
  const [newest, ...older] = [...historyRows(config.history ?? [], sizesOf(paths, manifest, config))].reverse();
  return newest === undefined ? [] : [{ ...newest, id: entry.id }, ...older];
};

/**
 * The steps of the image that `word` names, newest first; at least one for each layer.
 * @returns the rows, or a `Usage`, `NotFound`, `Refused` (platform), `Corrupt` or `System` error.
 */
export const imageHistory = (paths: Paths, word: string, platform?: Platform): readonly HistoryRow[] | SkiffError => {
  try {
    return readingImage(paths, word, () => readRows(paths, word, platform));
  } catch (error) {
    return error instanceof SkiffFailure ? error.error : toSkiffError('read', paths.images)(error);
  }
};

/** Whether a result of `imageHistory` is the error. */
export const isHistoryError = (value: readonly HistoryRow[] | SkiffError): value is SkiffError => '_tag' in value;
