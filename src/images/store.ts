/** Putting an image into the store: layers unpacked and verified first, then blobs, then, in one atomic step, its names. */
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { maximumLayers, mediaTypes } from '../core/oci-image.ts';
import type { Descriptor, ImageConfig, Manifest } from '../core/oci-image.ts';
import type { Digest } from '../core/digest.ts';
import { digestHex, digestOfHex } from '../core/digest.ts';
import { fail } from '../core/errors.ts';
import { syncDirectory } from '../system/files.ts';
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';
import { unpackLayers } from './layers.ts';
import type { LayerProgress, LayerSource } from './layers.ts';
import { blobPath, ensureLayout, withIndex } from './layout.ts';
import { heldDigests, lease } from './lease.ts';
import type { Entry } from './layout.ts';
import { withoutTag } from './names.ts';
import { platformOf } from './platform.ts';
import type { SpooledFile } from './spool.ts';

/** A document as the bytes that its digest is of. */
export interface Document {
  readonly text: string;
  readonly digest: Digest;
  readonly size: number;
}

/** `text` with its digest. */
export const documentOf = (text: string): Document => ({
  text,
  digest: digestOfHex(createHash('sha256').update(text).digest('hex')),
  size: Buffer.byteLength(text),
});

/** One layer's file with the descriptor that the manifest has for it. */
export interface LayerFile {
  readonly file: SpooledFile;
  readonly descriptor: Descriptor;
}

/** What the index is to say of an image. */
export interface ImageRecord {
  /** Where it comes from, as the user knows it. */
  readonly subject: string;
  readonly manifest: Document;
  readonly manifestType: string;
  readonly config: Document;
  readonly decodedConfig: ImageConfig;
  /** References in full. */
  readonly names: readonly string[];
  /** As in `Entry`. */
  readonly remoteDigest?: Digest;
}

/** An image ready to be stored: everything decoded and matched, nothing unpacked. */
export interface Candidate extends ImageRecord {
  /** In the order of `rootfs.diff_ids`. */
  readonly layers: readonly LayerFile[];
}

/** What storing changed, for the command to tell. */
export interface Stored {
  readonly id: Digest;
  readonly manifestDigest: Digest;
  readonly names: readonly string[];
  /** Names that another image had before, with that image's id. */
  readonly replaced: readonly { readonly name: string; readonly id: Digest }[];
}

/** The manifest Skiff writes for images that come without one. */
export const manifestFor = (config: Document, layers: readonly Descriptor[]): Document => {
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: { mediaType: mediaTypes.ociConfig, digest: config.digest, size: config.size },
    layers: [...layers],
  };
  return documentOf(JSON.stringify(manifest));
};

/** The diff ids that `config` promises for `layers` layers; throws `Corrupt` or `Hostile` where the numbers cannot be right. */
export const diffIdsFor = (subject: string, config: ImageConfig, layers: number): readonly Digest[] => {
  const diffIds = config.rootfs.diff_ids ?? [];
  if (diffIds.length !== layers) {
    fail({ _tag: 'Corrupt', subject, reason: `its configuration promises ${diffIds.length} layers, its manifest has ${layers}` });
  }
  if (layers > maximumLayers) fail({ _tag: 'Hostile', subject, reason: `it has ${layers} layers, more than ${maximumLayers}` });
  return diffIds;
};

const sourcesOf = (candidate: Candidate): readonly LayerSource[] => {
  const diffIds = diffIdsFor(candidate.subject, candidate.decodedConfig, candidate.layers.length);
  return candidate.layers.map(({ file }, position) => ({
    file: file.path,
    digest: file.digest,
    size: file.size,
    subject: `layer ${position + 1} of ${candidate.subject}`,
    ...(diffIds[position] === undefined ? {} : { diffId: diffIds[position] }),
  }));
};

/** A file on the store's file system that is to become the blob `digest`. */
export interface NewBlob {
  readonly path: string;
  readonly digest: Digest;
}

/** `document` as a new file in `directory`. */
export const documentFile = (directory: string, { digest, text }: Document): NewBlob => {
  const path = join(directory, digestHex(digest));
  writeFileSync(path, text, { mode: 0o600 });
  return { path, digest };
};

/** The blobs of all `candidates` that the store does not have, each as a file in `directory`. */
const newBlobs = (paths: Paths, directory: string, candidates: readonly Candidate[]): readonly NewBlob[] => {
  const found = new Map<Digest, NewBlob>();
  for (const { layers, config, manifest } of candidates) {
    for (const { file } of layers) found.set(file.digest, file);
    for (const document of [config, manifest]) found.set(document.digest, documentFile(directory, document));
  }
  return [...found.values()].filter(({ digest }) => !existsSync(blobPath(paths, digest)));
};

const entriesFor = (candidate: ImageRecord, size: number): readonly Entry[] => {
  const platform = platformOf(candidate.decodedConfig);
  const { digest, size: bytes } = candidate.manifest;
  const entry: Entry = {
    id: candidate.config.digest,
    created: Math.max(0, Date.parse(candidate.decodedConfig.created ?? '') || 0),
    size,
    descriptor: { mediaType: candidate.manifestType, digest, size: bytes, platform },
    ...(candidate.remoteDigest === undefined ? {} : { remoteDigest: candidate.remoteDigest }),
  };
  return candidate.names.length === 0 ? [entry] : candidate.names.map((name) => ({ ...entry, name }));
};

/** `before` with `added`: their names are taken from whoever has them; who loses the last one stays without a tag. */
const mergeEntries = (before: readonly Entry[], added: readonly Entry[]): readonly Entry[] => {
  const names = new Set(added.map((entry) => entry.name));
  const kept = before.filter((entry) => entry.name !== undefined && !names.has(entry.name));
  const anonymous = before.filter((entry) => entry.name === undefined || names.has(entry.name)).map(withoutTag);
  const result: Entry[] = [...kept];
  const add = (entries: readonly Entry[], isWanted: (entry: Entry, known: boolean) => boolean): void => {
    for (const entry of entries) if (isWanted(entry, result.some((other) => other.id === entry.id))) result.push(entry);
  };
  add(added, (entry, known) => entry.name !== undefined || !known);
  add(anonymous, (_, known) => !known);
  return result;
};

/** Gives the blobs their names, notes each in `made`. They are on the disk already. */
const placeBlobs = (paths: Paths, blobs: readonly NewBlob[], made: NewBlob[]): void => {
  for (const blob of blobs) {
    const target = blobPath(paths, blob.digest);
    if (existsSync(target)) continue;
    renameSync(blob.path, target);
    made.push(blob);
  }
  syncDirectory(join(paths.images, 'blobs/sha256'));
};

/**
 * Puts `made` back where it came from, so that the next pull need not fetch it again. Other work may have seen a blob in its place and count
 * on it: that one stays, and is garbage when nobody needs it after all.
 */
const takeBack = (paths: Paths, directory: string, made: readonly NewBlob[]): void => {
  const held = heldDigests(paths, directory);
  for (const { path, digest } of made) if (!held.has(digest)) renameSync(blobPath(paths, digest), path);
};

const storedOf = (before: readonly Entry[], { names, config, manifest }: ImageRecord): Stored => ({
  id: config.digest,
  manifestDigest: manifest.digest,
  names,
  replaced: before.flatMap(({ name, id }) => (name !== undefined && names.includes(name) && id !== config.digest ? [{ name, id }] : [])),
});

/**
 * Moves `blobs` into the store and writes the index, all or none: a failure takes back the blobs that no other work counts on. Blobs and
 * layers are on the disk already. Atomic for readers.
 * @param directory work space with the lease on all this (`withSpool`).
 * @param sizes of the images, in bytes uncompressed, in their order.
 */
export const publishImages = (
  paths: Paths,
  directory: string,
  candidates: readonly ImageRecord[],
  sizes: readonly number[],
  blobs: readonly NewBlob[],
): Promise<readonly Stored[]> =>
  withIndex(paths, (before, write) => {
    const made: NewBlob[] = [];
    try {
      placeBlobs(paths, blobs, made);
      write(candidates.reduce((entries, candidate, position) => mergeEntries(entries, entriesFor(candidate, sizes[position] ?? 0)), before));
    } catch (error) {
      takeBack(paths, directory, made);
      throw error;
    }
    return candidates.map((candidate) => storedOf(before, candidate));
  });

const digestsOf = ({ config, manifest, layers, decodedConfig }: Candidate): readonly Digest[] => [
  config.digest,
  manifest.digest,
  ...layers.map(({ file }) => file.digest),
  ...(decodedConfig.rootfs.diff_ids ?? []),
];

/**
 * Stores `candidates`, all or none: everything is unpacked, verified and on the disk before a blob or a name of it is in the store. After a
 * failure at the very end unpacked layers stay, for the next try or for collection. Idempotent; atomic for readers; survives a power cut once it has returned.
 * @param directory work space on the store's file system (`withSpool`).
 * Throws `Hostile`, `Corrupt`, `System` failures and errno errors.
 */
export const storeImages = async (
  paths: Paths,
  host: Host,
  directory: string,
  candidates: readonly Candidate[],
  progress?: LayerProgress,
): Promise<readonly Stored[]> => {
  ensureLayout(paths);
  const sources = candidates.map(sourcesOf);
  await lease(paths, directory, candidates.flatMap(digestsOf));
  const blobs = newBlobs(paths, directory, candidates);
  const layers = await unpackLayers(paths, host, sources.flat(), blobs.map(({ path }) => path), progress);
  let next = 0;
  const sizes = sources.map(({ length }) => {
    next += length;
    return layers.slice(next - length, next).reduce((sum, layer) => sum + layer.size, 0);
  });
  return publishImages(paths, directory, candidates, sizes, blobs);
};
