/** `skiff import`: a root file system in a tar becomes an image of one layer. */
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import * as TE from 'fp-ts/TaskEither';
import { mediaTypes } from '../core/oci-image.ts';
import type { ContainerDefaults, ImageConfig } from '../core/oci-image.ts';
import { fail, toSkiffError } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import { formatReference, parseReference } from '../core/reference.ts';
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';
import { applyChanges } from './changes.ts';
import { unpackLayers } from './layers.ts';
import type { FetchContext, FetchProgress } from './fetch-url.ts';
import { tellOfImage, tellTag } from './image-events.ts';
import { ensureLayout } from './layout.ts';
import { refuseDigestName } from './names.ts';
import { hostPlatform } from './platform.ts';
import type { Platform } from './platform.ts';
import { inputSubject, openInput, spoolLayer } from './spool.ts';
import type { Compression, SpooledFile } from './spool.ts';
import { documentOf, manifestFor, storeImages } from './store.ts';
import type { Candidate, Stored } from './store.ts';
import { withSpool } from './temporary.ts';

export interface ImportOptions {
  /** Path or http(s) address of the tar (plain, gzip, zstd, bzip2 or xz), or `-` for standard input. */
  readonly source: string;
  /** Needed for an address: how to fetch it, and who wants to hear of it. */
  readonly fetch?: FetchContext & { readonly progress: FetchProgress };
  /** `REPOSITORY[:TAG]` as typed; undefined makes an image without a name. */
  readonly reference?: string;
  /** Dockerfile instructions, in order. */
  readonly changes: readonly string[];
  readonly message?: string;
  readonly platform?: Platform;
  /** Now, in milliseconds since 1970: the image's creation. */
  readonly now: number;
}

const layerTypes: Readonly<Record<'none' | 'gzip' | 'zstd', string>> = {
  none: mediaTypes.ociLayer,
  gzip: mediaTypes.ociLayerGzip,
  zstd: mediaTypes.ociLayerZstd,
};

const layerTypeOf = (compression: Compression): string =>
  compression === 'gzip' || compression === 'zstd' ? layerTypes[compression] : layerTypes.none;

/** `word`, as typed, in full as the name of a new image. Throws `Usage` for one that cannot be. */
export const newImageName = (word: string): string => {
  const reference = parseReference(word);
  if ('_tag' in reference) return fail(reference);
  refuseDigestName(reference);
  return reference.digest === undefined
    ? formatReference(reference)
    : fail({ _tag: 'Usage', message: `'${word}' has a digest: a new image's is not known beforehand`, hint: 'give REPOSITORY[:TAG]' });
};

/** Runs `body` with the bytes of the source and its name for people. */
const withSource = async <A>({ source, fetch }: ImportOptions, body: (bytes: Readable, subject: string) => Promise<A>): Promise<A> => {
  if (fetch === undefined) return body(openInput(source), inputSubject(source));
  const { shownUrl, withUrl } = await import('./fetch-url.ts');
  return withUrl(fetch, source, fetch.progress, (bytes) => body(bytes, shownUrl(source)));
};

const defaultsOf = (changes: readonly string[]): ContainerDefaults => {
  const config = applyChanges({}, changes);
  return '_tag' in config ? fail(config as SkiffError) : config;
};

/** What the layer goes into the store with: everything but the layer itself. */
export interface LayerImage {
  readonly name?: string;
  readonly config: Omit<ImageConfig, 'rootfs'>;
}

/**
 * Stores an image whose only layer is the spooled tar `file`. The diff id is learnt by unpacking, so the configuration is written after that;
 * that `storeImages` finds the layer unpacked makes it cheap.
 */
export const storeLayer = async (
  paths: Paths,
  host: Host,
  directory: string,
  subject: string,
  file: SpooledFile & { readonly compression: Compression },
  image: LayerImage,
): Promise<Stored> => {
  ensureLayout(paths);
  const [layer] = await unpackLayers(paths, host, [{ file: file.path, digest: file.digest, size: file.size, subject }], [file.path]);
  const decodedConfig: ImageConfig = { ...image.config, rootfs: { type: 'layers', diff_ids: layer === undefined ? [] : [layer.diffId] } };
  const config = documentOf(JSON.stringify(decodedConfig));
  const descriptor = { mediaType: layerTypeOf(file.compression), digest: file.digest, size: file.size };
  const candidate: Candidate = {
    subject,
    manifest: manifestFor(config, [descriptor]),
    manifestType: mediaTypes.ociManifest,
    config,
    decodedConfig,
    layers: [{ file, descriptor }],
    names: image.name === undefined ? [] : [image.name],
  };
  const [stored] = await storeImages(paths, host, directory, [candidate]);
  return stored ?? fail({ _tag: 'System', operation: 'store', subject, reason: 'nothing was stored' });
};

const importTar = async (paths: Paths, host: Host, options: ImportOptions): Promise<Stored> => {
  const name = options.reference === undefined ? {} : { name: newImageName(options.reference) };
  const defaults = defaultsOf(options.changes);
  const { os, architecture, variant } = options.platform ?? hostPlatform();
  const created = new Date(options.now).toISOString();
  const known = { created, architecture, os, ...(variant === undefined ? {} : { variant }), config: defaults };
  return withSpool(paths, (directory) =>
    withSource(options, async (bytes, subject) => {
      const file = await spoolLayer(paths, bytes, subject, join(directory, 'layer'));
      const comment = options.message ?? `Imported from ${options.source === '-' ? '-' : subject}`;
      const config: Omit<ImageConfig, 'rootfs'> = { ...known, history: [{ created, comment }] };
      const stored = await storeLayer(paths, host, directory, subject, file, { ...name, config });
      for (const tag of stored.names) tellTag(paths, stored.id, tag);
      tellOfImage(paths, 'import', stored.id);
      return stored;
    }),
  );
};

/**
 * Imports a root file system as an image of one layer. The reference and the changes are checked before anything is read.
 * Errors: `Usage`, `NotFound`, `Refused` (nothing to read), `Hostile`, `Corrupt`, `System`; nothing is left behind then.
 */
export const importImage = (paths: Paths, host: Host, options: ImportOptions): TE.TaskEither<SkiffError, Stored> =>
  TE.tryCatch(() => importTar(paths, host, options), toSkiffError('import', options.fetch === undefined ? inputSubject(options.source) : 'the image'));
