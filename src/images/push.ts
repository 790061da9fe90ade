/** `skiff push`: a stored image into a registry, byte for byte as it is stored, so that digests agree on both sides. */
import { join } from 'node:path';
import * as TE from 'fp-ts/TaskEither';
import type { Digest } from '../core/digest.ts';
import { SkiffFailure, fail, toSkiffError } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import { limiter } from '../core/limit.ts';
import { Descriptor, ImageConfig, Manifest, decodeJson } from '../core/oci-image.ts';
import { familiarReference, familiarRepository, formatReference, repositoryOf } from '../core/reference.ts';
import type { Reference } from '../core/reference.ts';
import { openRegistry } from '../registry/client.ts';
import type { Registry, RegistryContext } from '../registry/client.ts';
import type { Paths } from '../system/paths.ts';
import { blobStream, checkBlobSize, damagedHint } from './blob-stream.ts';
import { tellTransfer } from './image-events.ts';
import { blobPath, readDocument, readEntry, readIndex } from './layout.ts';
import type { Entry } from './layout.ts';
import { lease } from './lease.ts';
import { elsewhereOn } from './mount-sources.ts';
import type { MountSources } from './mount-sources.ts';
import { referenceOf } from './names.ts';
import { checkPlatform } from './platform.ts';
import type { Platform } from './platform.ts';
import { documentOf } from './store.ts';
import type { Document } from './store.ts';
import { failUnlessRemoved, readingImage } from './removed.ts';
import { withSpool } from './temporary.ts';
import type { TransferProgress } from './transfer.ts';

export interface PushOptions {
  /** A name with a tag. */
  readonly reference: Reference;
  /** Refuse an image of another platform. */
  readonly platform?: Platform;
  readonly progress?: TransferProgress;
}

/** What the tag names in the registry now: the manifest. */
export interface Pushed {
  readonly digest: Digest;
  /** Bytes of the manifest. */
  readonly size: number;
}

/** An image as it is stored, its documents verified. */
interface Local {
  readonly manifest: Document;
  readonly manifestType: string;
  readonly config: Descriptor;
  /** Each once, though images may repeat a layer. */
  readonly layers: readonly Descriptor[];
}

const noSuchTag = (reference: Reference): never =>
  fail({
    _tag: 'Refused',
    message: `An image does not exist locally with the tag: ${familiarRepository(reference)}`,
    hint: "`skiff images` lists what there is, `skiff tag` gives an image another name",
  });

/** The document `digest` of the store; throws a `Corrupt` failure if its content is another. */
const documentIn = (paths: Paths, { digest, size }: Descriptor): Document => {
  checkBlobSize(paths, digest, size);
  const path = blobPath(paths, digest);
  const document = documentOf(readDocument(path));
  return document.digest === digest ? document : fail({ _tag: 'Corrupt', subject: path, reason: `its digest is ${document.digest}`, hint: damagedHint });
};

const readLocal = (paths: Paths, entry: Entry, { reference, platform }: PushOptions): Local => {
  const manifest = documentIn(paths, entry.descriptor);
  const decoded = decodeJson(Manifest, manifest.text);
  if ('left' in decoded) return fail({ _tag: 'Corrupt', subject: blobPath(paths, manifest.digest), reason: decoded.left });
  const { config, layers } = decoded.right;
  const decodedConfig = decodeJson(ImageConfig, documentIn(paths, config).text);
  if ('left' in decodedConfig) return fail({ _tag: 'Corrupt', subject: blobPath(paths, config.digest), reason: decodedConfig.left });
  checkPlatform(familiarReference(reference), platform, decodedConfig.right);
  const distinct = [...new Map(layers.map((layer) => [layer.digest, layer])).values()];
  return { manifest, manifestType: entry.descriptor.mediaType, config, layers: distinct };
};

interface Work {
  readonly paths: Paths;
  readonly registry: Registry;
  /** Below the registry. */
  readonly repository: string;
  readonly sources: MountSources;
  readonly progress: TransferProgress;
}

/** The repository that the registry took the layer from, without having been sent it. Where asking fails, sending will do, or will fail with the reason. */
const mountFrom = async ({ registry, repository, sources }: Work, { digest }: Descriptor): Promise<string | undefined> => {
  for (const from of sources(digest)) {
    try {
      if (await registry.mountBlob(repository, digest, from)) return from;
    } catch (error) {
      if (!(error instanceof SkiffFailure)) throw error;
    }
  }
  return undefined;
};

const upload = async ({ paths, registry, repository, progress }: Work, descriptor: Descriptor): Promise<void> => {
  const { digest: id, size: total } = descriptor;
  checkBlobSize(paths, id, total);
  progress({ id, state: 'Pushing', done: 0, total });
  await registry.uploadBlob(repository, descriptor, () => blobStream(paths, id), (done) => progress({ id, state: 'Pushing', done, total }));
};

const pushLayer = async (work: Work, layer: Descriptor): Promise<void> => {
  const { registry, repository, progress } = work;
  const id = layer.digest;
  if (await registry.hasBlob(repository, id)) return progress({ id, state: 'Layer already exists' });
  const from = await mountFrom(work, layer);
  if (from !== undefined) return progress({ id, state: `Mounted from ${from}` });
  await upload(work, layer);
  progress({ id, state: 'Pushed' });
};

/** Several layers at a time. The first failure is thrown, once all that had begun have come to an end. */
const pushLayers = async (work: Work, layers: readonly Descriptor[], parallel: number): Promise<void> => {
  const { registry, progress } = work;
  const limited = limiter(parallel);
  const failures: unknown[] = [];
  for (const { digest: id } of layers) progress({ id, state: 'Preparing' });
  for (const { digest: id } of layers.slice(parallel)) progress({ id, state: 'Waiting' });
  const push = async (layer: Descriptor): Promise<void> => {
    if (failures.length > 0) return;
    try {
      await pushLayer(work, layer);
    } catch (error) {
      failures.push(error);
      // Ends the others' uploads too.
      registry.close();
    }
  };
  await Promise.all(layers.map((layer) => limited(() => push(layer))));
  if (failures.length > 0) throw failures[0];
};

const pushConfig = async ({ paths, registry, repository }: Work, config: Descriptor): Promise<void> => {
  if (await registry.hasBlob(repository, config.digest)) return;
  await registry.uploadBlob(repository, config, () => blobStream(paths, config.digest));
};

const push = async (paths: Paths, context: RegistryContext, options: PushOptions): Promise<Pushed> => {
  const { reference, progress = () => undefined } = options;
  const { domain, path: repository, tag = 'latest' } = reference;
  const name = formatReference(reference);
  const { manifest, manifestType, config, layers } = readingImage(paths, name, () => readLocal(paths, readEntry(paths, name) ?? noSuchTag(reference), options));
  const registry = openRegistry(context, domain);
  try {
    return await withSpool(paths, async (directory) => {
      await lease(paths, directory, [manifest.digest, config.digest, ...layers.map(({ digest }) => digest)]);
      const work: Work = { paths, registry, repository, progress, sources: elsewhereOn(paths, reference) };
      await pushLayers(work, layers, context.settings.parallelUploads);
      await pushConfig(work, config);
      await registry.putManifest(repository, tag, manifestType, manifest.text);
      tellTransfer(paths, 'push', reference, config.digest);
      return { digest: manifest.digest, size: manifest.size };
    });
  } finally {
    registry.close();
  }
};

/**
 * Pushes one stored image: layers that the registry lacks, then the configuration, then the manifest, which gives the tag to it all at once.
 * Every byte is verified as it leaves. Idempotent. Layers are kept from collection meanwhile.
 * Errors: `Refused` (no such tag, access, platform), `Corrupt` (a stored blob), `NotFound` (repository, or an image that was removed meanwhile), `System`.
 */
export const pushImage = (paths: Paths, context: RegistryContext, options: PushOptions): TE.TaskEither<SkiffError, Pushed> =>
  TE.tryCatch(
    () => push(paths, context, options).catch((error: unknown) => failUnlessRemoved(paths, [formatReference(options.reference)], error)),
    toSkiffError('push', familiarReference(options.reference)),
  );

/**
 * Every stored name of the repository of `reference`, by tag. Reads one file.
 * @returns at least one, or the `Refused` error of a repository that there is nothing of.
 */
export const tagsToPush = (paths: Paths, reference: Reference): TE.TaskEither<SkiffError, readonly Reference[]> =>
  TE.tryCatch(async () => {
    const { domain, path } = reference;
    const tags = readIndex(paths).entries.flatMap((entry) => {
      const named = referenceOf(entry);
      const isHere = named !== undefined && repositoryOf(named) === repositoryOf(reference) && named.digest === undefined;
      return isHere && named.tag !== undefined ? [named.tag] : [];
    });
    return tags.length === 0 ? noSuchTag(reference) : tags.sort().map((tag): Reference => ({ domain, path, tag }));
  }, toSkiffError('read', join(paths.images, 'index.json')));
