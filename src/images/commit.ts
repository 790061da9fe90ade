/** A new image of another one and what was changed on top of it. */
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { ImageConfig, Manifest, maximumLayers, mediaTypes } from '../core/oci-image.ts';
import type { ContainerDefaults } from '../core/oci-image.ts';
import type { Digest } from '../core/digest.ts';
import { fail } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';
import { applyChanges } from './changes.ts';
import { tellTag } from './image-events.ts';
import { newImageName } from './import.ts';
import { blobPath, readBlob, readIndex } from './layout.ts';
import { spool } from './spool.ts';
import type { SpooledFile } from './spool.ts';
import { documentOf, manifestFor, storeImages } from './store.ts';
import type { Candidate, LayerFile, Stored } from './store.ts';
import { withSpool } from './temporary.ts';

export interface Commit {
  /** What is committed, as the user knows it. */
  readonly subject: string;
  /** Of the image that the changes are on top of. */
  readonly parent: Digest;
  /** `REPOSITORY[:TAG]` as typed; undefined makes an image without a name. */
  readonly reference?: string;
  /** What containers of the new image do, over what the parent says and before `changes`. */
  readonly defaults: ContainerDefaults;
  /** Dockerfile instructions, in order. */
  readonly changes: readonly string[];
  readonly createdBy: string;
  readonly author?: string;
  readonly message?: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** An image that another one is made on top of. */
export interface Parent {
  readonly config: ImageConfig;
  readonly layers: readonly LayerFile[];
}

/** The parts of the image `parent`; undefined where the store has no such image (any more). Reads three files. */
export const readParent = (paths: Paths, parent: Digest): Parent | undefined => {
  const entry = readIndex(paths).entries.find(({ id }) => id === parent);
  if (entry === undefined) return undefined;
  const { layers } = readBlob(paths, entry.descriptor.digest, Manifest);
  const fileOf = (digest: Digest, size: number): SpooledFile => ({ path: blobPath(paths, digest), digest, size });
  return { config: readBlob(paths, entry.id, ImageConfig), layers: layers.map((descriptor) => ({ file: fileOf(descriptor.digest, descriptor.size), descriptor })) };
};

const parentOf = (paths: Paths, { subject, parent }: Commit): Parent => {
  const found = readParent(paths, parent);
  if (found === undefined) return fail({ _tag: 'Conflict', message: `cannot commit ${subject}: its image ${parent.slice(7, 19)} has been removed`, hint: 'use `skiff export` and `skiff import`' });
  if (found.layers.length >= maximumLayers) fail({ _tag: 'Refused', message: `its image has ${found.layers.length} layers already`, hint: 'use `skiff export` and `skiff import`' });
  return found;
};

type Step = NonNullable<ImageConfig['history']>[number];

/** The parent's history, with an empty step for each layer that it does not tell of, so that what follows belongs to the right layer. */
export const wholeHistory = ({ history, rootfs }: ImageConfig): readonly Step[] => {
  const steps = history ?? [];
  const told = steps.filter((step) => step.empty_layer !== true).length;
  return [...steps, ...Array.from({ length: Math.max(0, (rootfs.diff_ids ?? []).length - told) }, (): Step => ({}))];
};


const configOf = (parent: ImageConfig, commit: Commit, defaults: ContainerDefaults, diffId: Digest): ImageConfig => {
  const created = new Date(commit.now).toISOString();
  const { author, message: comment } = commit;
  const step = { created, created_by: commit.createdBy, ...(author === undefined ? {} : { author }), ...(comment === undefined ? {} : { comment }) };
  return {
    ...parent,
    created,
    ...(author === undefined ? {} : { author }),
    config: defaults,
    rootfs: { type: 'layers', diff_ids: [...(parent.rootfs.diff_ids ?? []), diffId] },
    history: [...wholeHistory(parent), step],
  };
};

const changedDefaults = ({ config }: ImageConfig, { defaults, changes }: Commit): ContainerDefaults => {
  // A place that has a volume of another name in this container is one of the image's all the same.
  const volumes = { ...config?.Volumes, ...defaults.Volumes };
  const changed = applyChanges({ ...config, ...defaults, ...(Object.keys(volumes).length === 0 ? {} : { Volumes: volumes }) }, changes);
  return '_tag' in changed ? fail(changed as SkiffError) : changed;
};

const candidateOf = (parent: Parent, commit: Commit, defaults: ContainerDefaults, name: string | undefined, file: SpooledFile): Candidate => {
  const descriptor = { mediaType: mediaTypes.ociLayer, digest: file.digest, size: file.size };
  // The layer is not compressed: its digest is its diff id.
  const decodedConfig = configOf(parent.config, commit, defaults, file.digest);
  const config = documentOf(JSON.stringify(decodedConfig));
  const layers = [...parent.layers, { file, descriptor }];
  return {
    subject: commit.subject,
    manifest: manifestFor(config, layers.map((layer) => layer.descriptor)),
    manifestType: mediaTypes.ociManifest,
    config,
    decodedConfig,
    layers,
    names: name === undefined ? [] : [name],
  };
};

/**
 * Stores the image: the parent's layers, which are shared, and one of what `write` gives, a plain tar with OCI whiteouts. Name, changes and parent are
 * checked before `write` is called. All or nothing; atomic for readers. Throws `Usage`, `Conflict`, `Refused`, `Corrupt`, `System` and errno errors.
 */
export const commitImage = (paths: Paths, host: Host, commit: Commit, write: (to: (bytes: Readable) => Promise<void>) => Promise<void>): Promise<Stored> => {
  const name = commit.reference === undefined ? undefined : newImageName(commit.reference);
  const parent = parentOf(paths, commit);
  const defaults = changedDefaults(parent.config, commit);
  return withSpool(paths, async (directory) => {
    let file: SpooledFile | undefined;
    await write(async (bytes) => void (file = await spool(bytes, join(directory, 'layer'))));
    if (file === undefined) return fail({ _tag: 'System', operation: 'commit', subject: commit.subject, reason: 'nothing was read' });
    const [stored] = await storeImages(paths, host, directory, [candidateOf(parent, commit, defaults, name, file)]);
    if (stored === undefined) return fail({ _tag: 'System', operation: 'commit', subject: commit.subject, reason: 'nothing was stored' });
    for (const tag of stored.names) tellTag(paths, stored.id, tag);
    return stored;
  });
};
