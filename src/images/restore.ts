/** Layers whose unpacked form is missing are made again from their blobs, which the store keeps. */
import { ImageConfig, Manifest } from '../core/oci-image.ts';
import { fail } from '../core/errors.ts';
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';
import { unpackLayers } from './layers.ts';
import type { LayerSource } from './layers.ts';
import { blobPath, readBlob, readIndex } from './layout.ts';
import { findEntry } from './find.ts';
import { failUnlessRemoved } from './removed.ts';

const restore = async (paths: Paths, host: Host, word: string): Promise<void> => {
  const entry = findEntry(readIndex(paths).entries, word) ?? fail({ _tag: 'NotFound', kind: 'image', name: word });
  const manifest = readBlob(paths, entry.descriptor.digest, Manifest);
  const diffIds = readBlob(paths, manifest.config.digest, ImageConfig).rootfs.diff_ids ?? [];
  const sources = manifest.layers.map(({ digest, size }, position): LayerSource => {
    const diffId = diffIds[position];
    const subject = `layer ${position + 1} of image ${word}`;
    return { file: blobPath(paths, digest), digest, size, subject, ...(diffId === undefined ? {} : { diffId }) };
  });
  await unpackLayers(paths, host, sources, []);
};

/**
 * Unpacks what the image that `word` names lacks: after a change between one id and subordinate ids, or when somebody has removed a
 * layer. Layers that are there cost nothing. Verified like any other; idempotent. Throws Corrupt where a blob is missing or wrong too, and
 * NotFound where the image is removed meanwhile.
 */
export const restoreLayers = (paths: Paths, host: Host, word: string): Promise<void> =>
  restore(paths, host, word).catch((error: unknown) => failUnlessRemoved(paths, [word], error));
