/** `skiff manifest inspect`: what a name points at in its registry, without pulling it. */
import * as TE from 'fp-ts/TaskEither';
import { Descriptor, ImageConfig, Index, Manifest, decode, decodeJson, isIndexType, mediaTypes } from '../core/oci-image.ts';
import type { Decoded, PlatformRecord } from '../core/oci-image.ts';
import { fail, toSkiffError } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import { formatReference } from '../core/reference.ts';
import type { Reference } from '../core/reference.ts';
import { openRegistry } from '../registry/client.ts';
import type { Registry, RegistryContext, RemoteDocument } from '../registry/client.ts';

/** Manifests of one index that are fetched; the largest in use have some dozens. */
const maximumManifests = 256;

const required = <A>(subject: string, decoded: Decoded<A>): A =>
  'right' in decoded ? decoded.right : fail({ _tag: 'Corrupt', subject, reason: decoded.left });

/** Whatever JSON the document is: its registry says that it is a manifest, and a person wants to see it. */
const parsed = (subject: string, { text }: RemoteDocument): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return fail({ _tag: 'Corrupt', subject, reason: 'it is not JSON' });
  }
};

/** Docker's form of one manifest, for `--verbose`. */
const described = (name: string, document: RemoteDocument, platform: PlatformRecord | undefined): object => {
  const { mediaType, digest, size, text } = document;
  const member = mediaType === mediaTypes.dockerManifest ? 'SchemaV2Manifest' : 'OCIManifest';
  return {
    Ref: name,
    Descriptor: { mediaType, digest, size, ...(platform === undefined ? {} : { platform }) },
    Raw: Buffer.from(text).toString('base64'),
    [member]: parsed(name, document),
  };
};

const describedIndex = async (registry: Registry, reference: Reference, name: string, document: RemoteDocument): Promise<readonly object[]> => {
  const descriptors = required(name, decodeJson(Index, document.text)).manifests.map((value) => required(name, decode(Descriptor, value)));
  if (descriptors.length > maximumManifests) fail({ _tag: 'Hostile', subject: name, reason: `it has ${descriptors.length} manifests, more than ${maximumManifests}` });
  const all: object[] = [];
  for (const { digest, platform } of descriptors) {
    const manifest = await registry.manifest(reference.path, digest);
    all.push(described(formatReference({ ...reference, digest }), manifest, platform ?? undefined));
  }
  return all;
};

/** The platform is in the configuration, except for artifacts, which have none. */
const describedManifest = async (registry: Registry, reference: Reference, name: string, document: RemoteDocument): Promise<object> => {
  const { config } = required(name, decodeJson(Manifest, document.text));
  if (config.mediaType !== mediaTypes.ociConfig && config.mediaType !== mediaTypes.dockerConfig) return described(name, document, undefined);
  const { architecture, os, variant } = required(config.digest, decodeJson(ImageConfig, (await registry.document(reference.path, config)).text));
  return described(name, document, { architecture, os, ...(variant ? { variant } : {}) });
};

const inspect = async (registry: Registry, reference: Reference, verbose: boolean): Promise<unknown> => {
  const name = formatReference(reference);
  const document = await registry.manifest(reference.path, reference.digest ?? reference.tag ?? 'latest');
  if (!verbose) return parsed(name, document);
  return isIndexType(document.mediaType) ? describedIndex(registry, reference, name, document) : describedManifest(registry, reference, name, document);
};

/**
 * The document that `reference` names in its registry, as JSON data; `verbose` gives Docker's description of it, or of each manifest of an index.
 * Errors: those of the registry client, `Corrupt` and `Hostile`.
 */
export const inspectManifest = (context: RegistryContext, reference: Reference, verbose: boolean): TE.TaskEither<SkiffError, unknown> =>
  TE.tryCatch(async () => {
    const registry = openRegistry(context, reference.domain);
    try {
      return await inspect(registry, reference, verbose);
    } finally {
      registry.close();
    }
  }, toSkiffError('inspect', formatReference(reference)));
