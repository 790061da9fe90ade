/**
 * docker-archives: `manifest.json` lists configurations, layers and names (moby's image/spec). Layers carry no digests of their own, so the
 * configuration's diff ids are what is verified; the OCI manifest is written by us.
 */
import { closeSync, openSync, readSync, createReadStream } from 'node:fs';
import { DockerArchive, ImageConfig, decodeJson, maximumLayers, mediaTypes } from '../core/oci-image.ts';
import type { Descriptor } from '../core/oci-image.ts';
import { fail } from '../core/errors.ts';
import { formatReference, parseReference } from '../core/reference.ts';
import type { Paths } from '../system/paths.ts';
import type { Archive } from './archive.ts';
import { notAnImage, readJsonFile, requireFile } from './archive.ts';
import { compressionOf, inflate, spool } from './spool.ts';
import type { Compression, SpooledFile } from './spool.ts';
import { documentOf, manifestFor } from './store.ts';
import type { Candidate, LayerFile } from './store.ts';

const headOf = (path: string): Uint8Array => {
  const head = Buffer.alloc(6);
  const fd = openSync(path, 'r');
  try {
    return head.subarray(0, readSync(fd, head, 0, head.length, 0));
  } finally {
    closeSync(fd);
  }
};

const layerTypes: Partial<Readonly<Record<Compression, string>>> = {
  none: mediaTypes.ociLayer,
  gzip: mediaTypes.ociLayerGzip,
  zstd: mediaTypes.ociLayerZstd,
};

/** The layer file with a descriptor; a compression without a media type is taken off first, once: images of one archive share layers. */
const layerFile = async (paths: Paths, archive: Archive, file: SpooledFile, inflated: Map<string, SpooledFile>): Promise<LayerFile> => {
  const mediaType = layerTypes[compressionOf(headOf(file.path))];
  if (mediaType !== undefined) return { file, descriptor: { mediaType, digest: file.digest, size: file.size } };
  const plain = inflated.get(file.path) ?? (await spool(inflate(paths, createReadStream(file.path), archive.subject), `${file.path}.tar`));
  inflated.set(file.path, plain);
  return { file: plain, descriptor: { mediaType: mediaTypes.ociLayer, digest: plain.digest, size: plain.size } };
};

/** As in Docker, a name must not promise a digest: there is none of a manifest in such an archive. */
const nameOf = (archive: Archive, tag: string): string => {
  const reference = parseReference(tag);
  return '_tag' in reference || reference.digest !== undefined
    ? fail({ _tag: 'Corrupt', subject: archive.subject, reason: `it names an image '${tag.slice(0, 200)}', which is no valid name with a tag` })
    : formatReference(reference);
};

const candidateOf = async (paths: Paths, archive: Archive, item: DockerArchive[number], inflated: Map<string, SpooledFile>): Promise<Candidate> => {
  const layerNames = item.Layers ?? [];
  if (layerNames.length > maximumLayers) {
    fail({ _tag: 'Hostile', subject: archive.subject, reason: `it has an image of ${layerNames.length} layers, more than ${maximumLayers}` });
  }
  const names = (item.RepoTags ?? []).map((tag) => nameOf(archive, tag));
  const config = documentOf(readJsonFile(archive, requireFile(archive, item.Config), item.Config));
  const decoded = decodeJson(ImageConfig, config.text);
  if ('left' in decoded) return fail({ _tag: 'Corrupt', subject: `${archive.subject}: ${item.Config}`, reason: decoded.left });
  const layers: LayerFile[] = [];
  for (const name of layerNames) layers.push(await layerFile(paths, archive, requireFile(archive, name), inflated));
  return {
    subject: names[0] ?? archive.subject,
    manifest: manifestFor(config, layers.map(({ descriptor }): Descriptor => descriptor)),
    manifestType: mediaTypes.ociManifest,
    config,
    decodedConfig: decoded.right,
    layers,
    names,
  };
};

/** The images of a docker-archive whose `manifest.json` is `file`, in its order. Throws `Usage`, `Corrupt` and `Hostile` failures. */
export const dockerCandidates = async (paths: Paths, archive: Archive, file: SpooledFile): Promise<readonly Candidate[]> => {
  const decoded = decodeJson(DockerArchive, readJsonFile(archive, file, 'manifest.json'));
  if ('left' in decoded) return notAnImage(archive.subject, `has a manifest.json, but ${decoded.left}`);
  const candidates: Candidate[] = [];
  const inflated = new Map<string, SpooledFile>();
  for (const item of decoded.right) candidates.push(await candidateOf(paths, archive, item, inflated));
  return candidates;
};
