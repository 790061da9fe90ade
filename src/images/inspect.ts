/** `skiff image inspect`: all that is known of a stored image, in the form of Docker's API. */
import * as t from 'io-ts';
import { ImageConfig, Manifest } from '../core/oci-image.ts';
import type { Digest } from '../core/digest.ts';
import { SkiffFailure, fail, toSkiffError } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import { familiarReference } from '../core/reference.ts';
import type { Paths } from '../system/paths.ts';
import { goMap, goStruct, inspectedConfig } from './inspect-config.ts';
import { isTagged, layerPath, readBlob, readIndex } from './layout.ts';
import type { Entry } from './layout.ts';
import { digestReferenceOf, referenceOf } from './names.ts';
import { findEntry } from './find.ts';
import { checkPlatform } from './platform.ts';
import type { Platform } from './platform.ts';
import { readingImage } from './removed.ts';

/** What Docker's older configurations have beside OCI's members. */
const DockerMembers = t.partial({ comment: t.string, docker_version: t.string, 'os.version': t.string });

/** Go's zero time: nobody noted when a name was given. */
const never = '0001-01-01T00:00:00Z';

const tagsOf = (entries: readonly Entry[]): readonly string[] =>
  entries.filter(isTagged).flatMap((entry) => {
    const reference = referenceOf(entry);
    return reference === undefined ? [] : [familiarReference(reference)];
  });

const digestsOf = (entries: readonly Entry[]): readonly string[] => [...new Set(entries.map(digestReferenceOf).filter((name) => name !== undefined))];

/** The unpacked layers as Docker's overlay driver tells of them: the topmost is the upper directory, the others in their order from above. */
const graphDriverOf = (paths: Paths, diffIds: readonly Digest[]): object => {
  const [top, ...below] = diffIds.map((diffId) => layerPath(paths, diffId)).reverse();
  const data = { ...(below.length === 0 ? {} : { LowerDir: below.join(':') }), ...(top === undefined ? {} : { UpperDir: top }) };
  return { Data: goMap(data), Name: 'overlay' };
};

const inspected = (paths: Paths, entry: Entry, entries: readonly Entry[], config: ImageConfig): object => {
  const same = entries.filter(({ id }) => id === entry.id);
  const decoded = DockerMembers.decode(config);
  const docker = decoded._tag === 'Right' ? decoded.right : {};
  const diffIds = config.rootfs.diff_ids ?? [];
  const { mediaType, digest, size } = entry.descriptor;
  return goStruct(
    {
      Id: entry.id,
      RepoTags: tagsOf(same),
      RepoDigests: digestsOf(same),
      Parent: '',
      Comment: docker.comment ?? config.history?.at(-1)?.comment ?? '',
      Created: config.created ?? '',
      DockerVersion: docker.docker_version ?? '',
      Author: config.author ?? '',
      Config: inspectedConfig(config.config ?? {}),
      Architecture: config.architecture,
      Variant: config.variant ?? '',
      Os: config.os,
      OsVersion: docker['os.version'] ?? '',
      Size: entry.size,
      GraphDriver: graphDriverOf(paths, diffIds),
      RootFS: goStruct({ Type: config.rootfs.type, Layers: diffIds.length === 0 ? null : diffIds }, ['Layers']),
      Metadata: { LastTagTime: never },
      Descriptor: { mediaType, digest, size },
    },
    ['Created', 'Variant', 'OsVersion'],
  );
};

const readInspected = (paths: Paths, word: string, platform: Platform | undefined): object => {
  const { entries } = readIndex(paths);
  const entry = findEntry(entries, word) ?? fail({ _tag: 'NotFound', kind: 'image', name: word, hint: '`skiff images` lists what is there' });
  const config = readBlob(paths, readBlob(paths, entry.descriptor.digest, Manifest).config.digest, ImageConfig);
  checkPlatform(`image ${word}`, platform, config);
  return inspected(paths, entry, entries, config);
};

/**
 * The image that `word` names: plain data for a Go template, with `Map` for Go's maps; members that Docker omits while they are empty are not enumerable.
 * @returns the data, or a `Usage`, `NotFound`, `Refused` (platform), `Corrupt` or `System` error.
 */
export const inspectImage = (paths: Paths, word: string, platform?: Platform): { readonly data: object } | SkiffError => {
  try {
    return { data: readingImage(paths, word, () => readInspected(paths, word, platform)) };
  } catch (error) {
    return error instanceof SkiffFailure ? error.error : toSkiffError('read', paths.images)(error);
  }
};
