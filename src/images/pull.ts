/** `skiff pull`: an image out of a registry into the store. Nothing gets a name before every byte of it is verified and on the disk. */
import * as TE from 'fp-ts/TaskEither';
import { Descriptor, ImageConfig, Index, Manifest, decode, decodeJson, isIndexType, isManifestType, maximumDocument, maximumLayers, mediaTypes } from '../core/oci-image.ts';
import type { Digest } from '../core/digest.ts';
import { SkiffFailure, fail, toSkiffError } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import { familiarReference, formatReference } from '../core/reference.ts';
import type { Reference } from '../core/reference.ts';
import { openRegistry } from '../registry/client.ts';
import type { Registry, RegistryContext, RemoteDocument } from '../registry/client.ts';
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';
import { syncFileSystems } from './durable.ts';
import { fetchLayers } from './fetch.ts';
import type { FetchedLayer, WantedLayer } from './fetch.ts';
import { discardPulled, nameFetched } from './fetched.ts';
import { tellTransfer } from './image-events.ts';
import { sweepLayers } from './layer-files.ts';
import { ensureLayout, readEntry } from './layout.ts';
import { lease } from './lease.ts';
import { isImageError, openImage } from './open.ts';
import { checkPlatform, exactFit, hostPlatform, platformFit } from './platform.ts';
import type { Platform } from './platform.ts';
import { checkLayerType, choosePlatform, isRunnable } from './platform-choice.ts';
import { diffIdsFor, documentFile, publishImages } from './store.ts';
import type { Document, ImageRecord } from './store.ts';
import { withSpool } from './temporary.ts';
import type { TransferProgress } from './transfer.ts';

export interface PullOptions {
  readonly reference: Reference;
  /** Undefined takes the host's, or whatever there is where the name is no index. */
  readonly platform?: Platform;
  readonly progress?: TransferProgress;
}

export interface Pulled {
  /** The reference in full, as it is stored now. */
  readonly name: string;
  readonly id: Digest;
  /** Of what the name points at in the registry: an index or a manifest. */
  readonly digest: Digest;
  /** False where the store had this very image under this name. */
  readonly fresh: boolean;
}

/** An image as the registry describes it. */
interface Remote extends ImageRecord {
  readonly remoteDigest: Digest;
  readonly layers: readonly WantedLayer[];
}

/** A digest says more than a tag beside it, so the tag is dropped, as Docker does. */
const nameOf = ({ domain, path, tag, digest }: Reference): string =>
  formatReference(digest === undefined ? { domain, path, ...(tag === undefined ? {} : { tag }) } : { domain, path, digest });

const remoteWordOf = ({ tag, digest }: Reference): string => digest ?? tag ?? 'latest';

/** Throws a `Corrupt` failure for what a document says wrongly. */
const corrupt = (subject: string, document: string, reason: string): never => fail({ _tag: 'Corrupt', subject, reason: `in its ${document}, ${reason}` });

const chooseManifest = (subject: string, document: RemoteDocument, platform: Platform | undefined): Descriptor => {
  const index = decodeJson(Index, document.text);
  if ('left' in index) return corrupt(subject, `index ${document.digest}`, index.left);
  const descriptors = index.right.manifests.map((value) => {
    const descriptor = decode(Descriptor, value);
    return 'right' in descriptor ? descriptor.right : corrupt(subject, `index ${document.digest}`, descriptor.left);
  });
  const runnable = descriptors.filter(isRunnable);
  if (runnable.length === 0) fail({ _tag: 'Refused', message: `${subject} is an index without images` });
  return choosePlatform(subject, runnable, platform ?? hostPlatform());
};

const maximumIndexDepth = 4;

/** Follows indexes down to a manifest. */
const manifestOf = async (registry: Registry, reference: Reference, document: RemoteDocument, platform: Platform | undefined, depth = 0): Promise<RemoteDocument> => {
  const subject = familiarReference(reference);
  if (isManifestType(document.mediaType)) return document;
  if (!isIndexType(document.mediaType)) return fail({ _tag: 'Refused', message: `${subject} is a '${document.mediaType.slice(0, 100)}', not an image` });
  if (depth >= maximumIndexDepth) return fail({ _tag: 'Hostile', subject, reason: `its indexes are nested more than ${maximumIndexDepth} deep` });
  const chosen = chooseManifest(subject, document, platform);
  if (chosen.size > maximumDocument) return fail({ _tag: 'Hostile', subject, reason: `its manifest ${chosen.digest} has ${chosen.size} bytes, more than 4 MiB` });
  const inner = await registry.manifest(reference.path, chosen.digest);
  if (inner.size !== chosen.size) fail({ _tag: 'Corrupt', subject, reason: `its manifest ${chosen.digest} has ${inner.size} bytes, not ${chosen.size}` });
  if (inner.mediaType !== chosen.mediaType) fail({ _tag: 'Hostile', subject, reason: `its manifest ${chosen.digest} is of another type than its index says` });
  return await manifestOf(registry, reference, inner, platform, depth + 1);
};

const checkConfigType = (subject: string, { mediaType, size, digest }: Descriptor): void => {
  if (mediaType !== mediaTypes.ociConfig && mediaType !== mediaTypes.dockerConfig) {
    fail({ _tag: 'Refused', message: `${subject} is an artifact of the type ${mediaType.slice(0, 100)}, not an image` });
  }
  if (size > maximumDocument) fail({ _tag: 'Hostile', subject, reason: `its configuration ${digest} has ${size} bytes, more than 4 MiB` });
};

const asDocument = ({ text, digest, size }: RemoteDocument): Document => ({ text, digest, size });

const describe = async (registry: Registry, { reference, platform }: PullOptions): Promise<Remote> => {
  const subject = familiarReference(reference);
  const top = await registry.manifest(reference.path, remoteWordOf(reference));
  const document = await manifestOf(registry, reference, top, platform);
  const manifest = decodeJson(Manifest, document.text);
  if ('left' in manifest) return corrupt(subject, `manifest ${document.digest}`, manifest.left);
  const { config: configDescriptor, layers } = manifest.right;
  if (layers.length > maximumLayers) fail({ _tag: 'Hostile', subject, reason: `it has ${layers.length} layers, more than ${maximumLayers}` });
  for (const layer of layers) checkLayerType(subject, layer);
  checkConfigType(subject, configDescriptor);
  const config = await registry.document(reference.path, configDescriptor);
  const decoded = decodeJson(ImageConfig, config.text);
  if ('left' in decoded) return corrupt(subject, `configuration ${config.digest}`, decoded.left);
  checkPlatform(subject, platform, decoded.right);
  const diffIds = diffIdsFor(subject, decoded.right, layers.length);
  return {
    subject,
    manifest: asDocument(document),
    manifestType: document.mediaType,
    config: asDocument(config),
    decodedConfig: decoded.right,
    names: [nameOf(reference)],
    remoteDigest: top.digest,
    layers: layers.map((descriptor, position) => ({
      descriptor,
      digest: descriptor.digest,
      size: descriptor.size,
      diffId: diffIds[position] ?? descriptor.digest,
      subject: `layer ${descriptor.digest} of ${subject}`,
    })),
  };
};

/** Whether the store has, whole, what the registry's name points at. */
const upToDate = (paths: Paths, { reference, platform }: PullOptions, remote: Digest): Pulled | undefined => {
  const name = nameOf(reference);
  const entry = readEntry(paths, name);
  if (entry === undefined || (entry.remoteDigest ?? entry.descriptor.digest) !== remote) return undefined;
  const image = openImage(paths, name);
  // Of one index, another platform's image may fit better than the stored one.
  if (isImageError(image) || platformFit(platform ?? hostPlatform(), image.platform) < exactFit) return undefined;
  return { name, id: image.id, digest: remote, fresh: false };
};

const publish = async (paths: Paths, directory: string, remote: Remote, layers: readonly FetchedLayer[]): Promise<void> => {
  const documents = [documentFile(directory, remote.config), documentFile(directory, remote.manifest)];
  const blobs = layers.flatMap(({ blob }, position) => (blob === undefined ? [] : [{ path: blob, digest: remote.layers[position]?.digest ?? remote.manifest.digest }]));
  // Not file by file: another pull of the same layers may give them their names at this moment.
  await syncFileSystems([paths.layers, paths.images]);
  nameFetched(paths, layers);
  const size = layers.reduce((sum, layer) => sum + layer.size, 0);
  await publishImages(paths, directory, [remote], [size], [...blobs, ...documents]);
};

const isBadImage = (error: unknown): boolean => error instanceof SkiffFailure && (error.error._tag === 'Corrupt' || error.error._tag === 'Hostile');

const digestsOf = ({ config, manifest, layers }: Remote): readonly Digest[] => [config.digest, manifest.digest, ...layers.flatMap(({ digest, diffId }) => [digest, diffId])];

const transferAll = (paths: Paths, host: Host, context: RegistryContext, registry: Registry, remote: Remote, options: PullOptions): Promise<void> =>
  withSpool(paths, async (directory) => {
    await lease(paths, directory, digestsOf(remote));
    await sweepLayers(paths, host);
    try {
      const layers = await fetchLayers(paths, host, remote.layers, {
        read: (descriptor, from) => registry.blob(options.reference.path, descriptor, from),
        parallelDownloads: context.settings.parallelDownloads,
        progress: options.progress ?? (() => undefined),
        abort: registry.close,
      });
      await publish(paths, directory, remote, layers);
    } catch (error) {
      // What is wrong with the image has to be told, whatever becomes of the clean-up; the next collection finishes it.
      if (isBadImage(error)) await discardPulled(paths, host, directory, remote.layers).catch(() => undefined);
      throw error;
    }
  });

const transfer = async (paths: Paths, host: Host, context: RegistryContext, options: PullOptions): Promise<Pulled> => {
  const { reference } = options;
  const registry = openRegistry(context, reference.domain);
  try {
    ensureLayout(paths);
    const name = nameOf(reference);
    const before = readEntry(paths, name);
    const head = before === undefined ? undefined : await registry.headManifest(reference.path, remoteWordOf(reference));
    const current = head && upToDate(paths, options, head.digest);
    if (current !== undefined) return current;
    const remote = await describe(registry, options);
    await transferAll(paths, host, context, registry, remote, options);
    const fresh = before?.id !== remote.config.digest;
    return { name, id: remote.config.digest, digest: remote.remoteDigest, fresh };
  } finally {
    registry.close();
  }
};

const pull = async (paths: Paths, host: Host, context: RegistryContext, options: PullOptions): Promise<Pulled> => {
  const pulled = await transfer(paths, host, context, options);
  tellTransfer(paths, 'pull', options.reference, pulled.id);
  return pulled;
};

/**
 * Pulls one image: every document and layer is verified by digest and size, layers also by diff id, and only then its name is moved, in
 * one step. Idempotent; an interrupted pull is resumed by the next; several at once share the work.
 * Errors: `NotFound`, `Refused` (access, platform, kind), `Corrupt`, `Hostile`, `System`. After `Corrupt` and `Hostile` nothing of it is left.
 */
export const pullImage = (paths: Paths, host: Host, context: RegistryContext, options: PullOptions): TE.TaskEither<SkiffError, Pulled> =>
  TE.tryCatch(() => pull(paths, host, context, options), toSkiffError('pull', familiarReference(options.reference)));
