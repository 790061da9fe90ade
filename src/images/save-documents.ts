/**
 * The documents of an archive that is both an OCI layout (image-layout.md) and a docker-archive (moby's image/spec), as Docker writes
 * it since version 25. Pure.
 */
import { mediaTypes } from '../core/oci-image.ts';
import type { Descriptor, Manifest } from '../core/oci-image.ts';
import type { Digest } from '../core/digest.ts';
import { digestHex } from '../core/digest.ts';
import { familiarReference, familiarRepository, formatReference } from '../core/reference.ts';
import type { Chosen } from './save-choice.ts';

/** An image to be saved, with its manifest. */
export interface SavedImage extends Chosen {
  readonly manifest: Manifest;
}

/** Where a blob is in the archive. */
export const blobName = (digest: Digest): string => `blobs/sha256/${digestHex(digest)}`;

/** `index.json`: a line for each name, with containerd's annotation for the whole of it and OCI's for the tag, and one for an image without. */
const indexOf = (images: readonly SavedImage[]): unknown => {
  const lines = images.flatMap(({ entry, names }): readonly Descriptor[] => {
    const { mediaType, digest, size, platform } = entry.descriptor;
    const plain = { mediaType, digest, size, ...(platform ? { platform } : {}) };
    if (names.length === 0) return [plain];
    return names.map((name) => ({
      ...plain,
      annotations: { 'io.containerd.image.name': formatReference(name), 'org.opencontainers.image.ref.name': name.tag ?? '' },
    }));
  });
  return { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: lines };
};

/** `manifest.json` of a docker-archive; its layers are the stored blobs, compressed or not, which every reader of the format takes. */
const dockerManifestOf = (images: readonly SavedImage[]): unknown =>
  images.map(({ names, manifest }) => ({
    Config: blobName(manifest.config.digest),
    RepoTags: names.length === 0 ? null : names.map(familiarReference),
    Layers: manifest.layers.map(({ digest }) => blobName(digest)),
  }));

/** `repositories`, which Docker before 1.10 read: tag by tag the top layer. Undefined where nothing has a name. */
const repositoriesOf = (images: readonly SavedImage[]): unknown => {
  const found = new Map<string, Map<string, string>>();
  for (const { names, manifest } of images) {
    const top = manifest.layers.at(-1);
    for (const name of top === undefined ? [] : names) {
      const repository = familiarRepository(name);
      const tags = found.get(repository) ?? new Map<string, string>();
      found.set(repository, tags.set(name.tag ?? '', top === undefined ? '' : digestHex(top.digest)));
    }
  }
  return found.size === 0 ? undefined : Object.fromEntries([...found].map(([repository, tags]) => [repository, Object.fromEntries(tags)]));
};

/** The archive's documents by name, in the order in which they stand after the blobs: an archive that was cut short has none of them. */
export const documentsOf = (images: readonly SavedImage[]): readonly (readonly [name: string, text: string])[] => {
  const documents: readonly (readonly [string, unknown])[] = [
    ['index.json', indexOf(images)],
    ['manifest.json', dockerManifestOf(images)],
    ['oci-layout', { imageLayoutVersion: '1.0.0' }],
    ['repositories', repositoriesOf(images)],
  ];
  return documents.flatMap(([name, value]) => (value === undefined ? [] : [[name, JSON.stringify(value)] as const]));
};
