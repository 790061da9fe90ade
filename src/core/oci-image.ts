/**
 * Codecs of what an image consists of: descriptors, manifests, indexes and configurations of the OCI image specification 1.1
 * and their Docker schema 2 forms, which differ in media types only. Go writes empty lists and maps as `null`, so every
 * optional member takes null too. Members that Skiff does not know are kept when a document is passed on.
 */
import * as t from 'io-ts';
import type { Digest } from './digest.ts';
import { isDigest } from './digest.ts';

export const mediaTypes = {
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  ociLayer: 'application/vnd.oci.image.layer.v1.tar',
  ociLayerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  ociLayerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
} as const;

/** Largest manifest, index or configuration believed, in bytes; the limit registries and containerd use. */
export const maximumDocument = 4 * 1024 * 1024;

/** Most layers an image may have: four times Docker's 127, and still one mount call by short names. */
export const maximumLayers = 512;

/** Whether `mediaType` names an image index (OCI) or manifest list (Docker). */
export const isIndexType = (mediaType: string): boolean =>
  mediaType === mediaTypes.ociIndex || mediaType === mediaTypes.dockerList;

/** Whether `mediaType` names a manifest of one image. */
export const isManifestType = (mediaType: string): boolean =>
  mediaType === mediaTypes.ociManifest || mediaType === mediaTypes.dockerManifest;

const optional = <C extends t.Mixed>(codec: C) => t.union([codec, t.null, t.undefined]);

const digest = new t.Type<Digest>('Digest', isDigest, (u, c) => (isDigest(u) ? t.success(u) : t.failure(u, c)), t.identity);

const isByteCount = (u: unknown): u is number => Number.isSafeInteger(u) && (u as number) >= 0;
const byteCount = new t.Type<number>(
  'ByteCount',
  isByteCount,
  (u, c) => (isByteCount(u) ? t.success(u) : t.failure(u, c)),
  t.identity,
);

const strings = t.array(t.string);
const stringMap = t.record(t.string, t.string);
const emptyObjects = t.record(t.string, t.unknown);

const platform = t.intersection([
  t.type({ os: t.string, architecture: t.string }),
  t.partial({ variant: optional(t.string), 'os.version': optional(t.string) }),
]);

/** Operating system, architecture and variant, in Go's words: `linux`, `arm64`, `v8`. */
export type PlatformRecord = t.TypeOf<typeof platform>;

/** A content descriptor (descriptor.md). */
export const Descriptor = t.intersection([
  t.type({ mediaType: t.string, digest, size: byteCount }),
  t.partial({ annotations: optional(stringMap), platform: optional(platform), artifactType: optional(t.string) }),
]);
export type Descriptor = t.TypeOf<typeof Descriptor>;

/** An image manifest (manifest.md) or Docker's schema 2. */
export const Manifest = t.intersection([
  t.type({ schemaVersion: t.literal(2), config: Descriptor, layers: t.array(Descriptor) }),
  t.partial({ mediaType: optional(t.string), annotations: optional(stringMap) }),
]);
export type Manifest = t.TypeOf<typeof Manifest>;

/** An image index (image-index.md); its entries are decoded one by one with `Descriptor`, so that one bad entry costs only itself. */
export const Index = t.intersection([
  t.type({ schemaVersion: t.literal(2), manifests: t.UnknownArray }),
  t.partial({ mediaType: optional(t.string), annotations: optional(stringMap) }),
]);
export type Index = t.TypeOf<typeof Index>;

const healthcheck = t.partial({
  Test: optional(strings),
  Interval: optional(t.number),
  Timeout: optional(t.number),
  StartPeriod: optional(t.number),
  StartInterval: optional(t.number),
  Retries: optional(t.number),
});

/** A health check; its times are nanoseconds. */
export type Healthcheck = t.TypeOf<typeof healthcheck>;

/** What an image says about its containers (config.md, with Docker's additions). */
export const ContainerDefaults = t.partial({
  User: optional(t.string),
  ExposedPorts: optional(emptyObjects),
  Env: optional(strings),
  Entrypoint: optional(strings),
  Cmd: optional(strings),
  Volumes: optional(emptyObjects),
  WorkingDir: optional(t.string),
  Labels: optional(stringMap),
  StopSignal: optional(t.string),
  Healthcheck: optional(healthcheck),
  OnBuild: optional(strings),
  Shell: optional(strings),
});
export type ContainerDefaults = t.TypeOf<typeof ContainerDefaults>;

const history = t.partial({
  created: optional(t.string),
  created_by: optional(t.string),
  author: optional(t.string),
  comment: optional(t.string),
  empty_layer: optional(t.boolean),
});

/** An image configuration (config.md). */
export const ImageConfig = t.intersection([
  t.type({
    architecture: t.string,
    os: t.string,
    rootfs: t.type({ type: t.literal('layers'), diff_ids: optional(t.array(digest)) }),
  }),
  t.partial({
    variant: optional(t.string),
    created: optional(t.string),
    author: optional(t.string),
    config: optional(ContainerDefaults),
    history: optional(t.array(history)),
  }),
]);
export type ImageConfig = t.TypeOf<typeof ImageConfig>;

/** `manifest.json` of a docker-archive (`docker save`). */
export const DockerArchive = t.array(
  t.intersection([t.type({ Config: t.string, Layers: optional(strings) }), t.partial({ RepoTags: optional(strings) })]),
);
export type DockerArchive = t.TypeOf<typeof DockerArchive>;

/** A decoded value, or the reason that there is none. */
export type Decoded<A> = { readonly right: A } | { readonly left: string };

/** `value` decoded by `codec`, or where it first goes wrong, as `rootfs.diff_ids is missing or of the wrong kind`. */
export const decode = <A>(codec: t.Type<A, unknown, unknown>, value: unknown): Decoded<A> => {
  const result = codec.decode(value);
  if (result._tag === 'Right') return { right: result.right };
  const context = result.left[0]?.context ?? [];
  // Intersections and unions add steps that are bare numbers and no part of the document.
  const path = context.map((step) => step.key).filter((key) => !/^\d*$/.test(key));
  return { left: `${path.length === 0 ? 'the document' : path.join('.')} is missing or of the wrong kind` };
};

/** `text` as JSON decoded by `codec`, or what is wrong with it. */
export const decodeJson = <A>(codec: t.Type<A, unknown, unknown>, text: string): Decoded<A> => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { left: 'it is not JSON' };
  }
  return decode(codec, value);
};
