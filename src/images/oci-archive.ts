/**
 * OCI archives: an image layout in a tar. Every document and blob is verified against the descriptor that leads to it; of an
 * index for several platforms the best match is taken.
 */
import { ImageConfig, Descriptor, Index, Manifest, decode, decodeJson, isIndexType, isManifestType, mediaTypes } from '../core/oci-image.ts';
import { digestHex } from '../core/digest.ts';
import { fail } from '../core/errors.ts';
import { formatReference, parseReference } from '../core/reference.ts';
import type { Archive } from './archive.ts';
import { notAnImage, readJsonFile, requireFile } from './archive.ts';
import { hostPlatform } from './platform.ts';
import type { Platform } from './platform.ts';
import { checkLayerType, choosePlatform, isRunnable } from './platform-choice.ts';
import type { SpooledFile } from './spool.ts';
import { documentOf } from './store.ts';
import type { Candidate, Document } from './store.ts';

const maximumIndexDepth = 4;

const corrupt = (archive: Archive, reason: string): never => fail({ _tag: 'Corrupt', subject: archive.subject, reason, hint: 'fetch or save it again' });

/** The blob that `descriptor` promises, with the digest and size that it promises. */
const verifiedBlob = (archive: Archive, descriptor: Descriptor): SpooledFile => {
  const file = requireFile(archive, `blobs/sha256/${digestHex(descriptor.digest)}`);
  if (file.digest !== descriptor.digest) corrupt(archive, `the blob named ${descriptor.digest} has the digest ${file.digest}`);
  if (file.size !== descriptor.size) corrupt(archive, `the blob ${descriptor.digest} has ${file.size} bytes, not ${descriptor.size}`);
  return file;
};

const verifiedDocument = (archive: Archive, descriptor: Descriptor): Document =>
  documentOf(readJsonFile(archive, verifiedBlob(archive, descriptor), descriptor.digest));

const descriptorsOf = (archive: Archive, text: string, name: string): readonly Descriptor[] => {
  const index = decodeJson(Index, text);
  if ('left' in index) return corrupt(archive, `in ${name}, ${index.left}`);
  return index.right.manifests.map((value) => {
    const descriptor = decode(Descriptor, value);
    return 'right' in descriptor ? descriptor.right : corrupt(archive, `in ${name}, ${descriptor.left}`);
  });
};

/** The best match for `wanted`, or the only image where nothing is wanted. */
const choose = (archive: Archive, descriptors: readonly Descriptor[], wanted: Platform | undefined): Descriptor => {
  const runnable = descriptors.filter(isRunnable);
  const [only] = runnable;
  if (only === undefined) return notAnImage(archive.subject, 'has an index without images');
  return runnable.length === 1 && wanted === undefined ? only : choosePlatform(archive.subject, runnable, wanted ?? hostPlatform());
};

/** Follows indexes down to one manifest. */
const manifestOf = (archive: Archive, descriptor: Descriptor, wanted: Platform | undefined, depth = 0): Descriptor => {
  if (isManifestType(descriptor.mediaType)) return descriptor;
  if (!isIndexType(descriptor.mediaType)) return notAnImage(archive.subject, `holds a '${descriptor.mediaType.slice(0, 100)}'`);
  if (depth >= maximumIndexDepth) return fail({ _tag: 'Hostile', subject: archive.subject, reason: `its indexes are nested more than ${maximumIndexDepth} deep` });
  const inner = descriptorsOf(archive, verifiedDocument(archive, descriptor).text, descriptor.digest);
  return manifestOf(archive, choose(archive, inner, wanted), wanted, depth + 1);
};

/**
 * The image's name in full. containerd and Docker write it whole; podman and skopeo write what the user typed, of which a
 * bare word is a tag without a repository and names nothing. A digest in a name is a promise about its content, so one that is not
 * the descriptor's own names nothing either.
 */
const nameOf = (descriptor: Descriptor): string | undefined => {
  const notes = descriptor.annotations ?? {};
  const bare = notes['org.opencontainers.image.ref.name'];
  const typed = notes['io.containerd.image.name'] ?? (bare !== undefined && /[/:]/.test(bare) ? bare : undefined);
  if (typed === undefined) return undefined;
  const reference = parseReference(typed);
  if ('_tag' in reference || (reference.digest !== undefined && reference.digest !== descriptor.digest)) return undefined;
  return formatReference(reference);
};

const candidateOf = (archive: Archive, descriptor: Descriptor, names: readonly string[]): Candidate => {
  const manifest = verifiedDocument(archive, descriptor);
  const decoded = decodeJson(Manifest, manifest.text);
  if ('left' in decoded) return corrupt(archive, `in the manifest ${descriptor.digest}, ${decoded.left}`);
  const { config: configDescriptor, layers } = decoded.right;
  if (configDescriptor.mediaType !== mediaTypes.ociConfig && configDescriptor.mediaType !== mediaTypes.dockerConfig) {
    notAnImage(archive.subject, `holds an artifact of the type ${configDescriptor.mediaType.slice(0, 100)}`);
  }
  const config = verifiedDocument(archive, configDescriptor);
  const decodedConfig = decodeJson(ImageConfig, config.text);
  if ('left' in decodedConfig) return corrupt(archive, `in the configuration ${config.digest}, ${decodedConfig.left}`);
  for (const layer of layers) checkLayerType(archive.subject, layer);
  return {
    subject: names[0] ?? archive.subject,
    manifest,
    manifestType: descriptor.mediaType,
    config,
    decodedConfig: decodedConfig.right,
    layers: layers.map((layer) => ({ file: verifiedBlob(archive, layer), descriptor: layer })),
    names,
  };
};

/** Top-level lines of one name (or of none, told apart by having a platform) are one image for several platforms. */
const groupByName = (descriptors: readonly Descriptor[]): readonly (readonly Descriptor[])[] => {
  const groups = new Map<string, Descriptor[]>();
  for (const descriptor of descriptors) {
    const key = nameOf(descriptor) ?? (descriptor.platform ? '' : descriptor.digest);
    groups.set(key, [...(groups.get(key) ?? []), descriptor]);
  }
  return [...groups.values()];
};

/**
 * The images of an OCI archive whose `index.json` is `file`, for the platform `wanted` (undefined: the host's, or the only one).
 * Throws `Usage`, `Corrupt`, `Hostile` and `Refused` failures.
 */
export const ociCandidates = (archive: Archive, file: SpooledFile, wanted: Platform | undefined): readonly Candidate[] => {
  const runnable = descriptorsOf(archive, readJsonFile(archive, file, 'index.json'), 'index.json').filter(isRunnable);
  const manifests = groupByName(runnable).map((group) => {
    const chosen = choose(archive, group, wanted);
    return { descriptor: manifestOf(archive, chosen, wanted), name: nameOf(chosen) };
  });
  const digests = [...new Set(manifests.map(({ descriptor }) => descriptor.digest))];
  return digests.flatMap((digest) => {
    const same = manifests.filter(({ descriptor }) => descriptor.digest === digest);
    const names = same.flatMap(({ name }) => (name === undefined ? [] : [name]));
    return same[0] === undefined ? [] : [candidateOf(archive, same[0].descriptor, names)];
  });
};
