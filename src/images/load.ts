/** `skiff load`: the images of an archive into the store. */
import * as TE from 'fp-ts/TaskEither';
import { toSkiffError } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';
import { findFile, notAnImage, readArchive } from './archive.ts';
import type { Archive } from './archive.ts';
import { dockerCandidates } from './docker-archive.ts';
import { tellOfImage } from './image-events.ts';
import type { LayerProgress } from './layers.ts';
import { ociCandidates } from './oci-archive.ts';
import { checkPlatform } from './platform.ts';
import type { Platform } from './platform.ts';
import { inputSubject } from './spool.ts';
import { storeImages } from './store.ts';
import type { Candidate, Stored } from './store.ts';
import { withSpool } from './temporary.ts';

export interface LoadOptions {
  /** Path of the archive, or `-` for standard input. */
  readonly input: string;
  /** Which image of several platforms to take; an archive that has none for it is refused. */
  readonly platform?: Platform;
  readonly progress?: LayerProgress;
}

/**
 * An OCI layout is preferred where an archive is both (Docker since 25): its digests can be verified.
 * Docker's oldest archives have neither, only `repositories`.
 */
const candidatesOf = async (paths: Paths, archive: Archive, platform: Platform | undefined): Promise<readonly Candidate[]> => {
  const index = findFile(archive, 'oci-layout') && findFile(archive, 'index.json');
  if (index !== undefined) return ociCandidates(archive, index, platform);
  const manifest = findFile(archive, 'manifest.json');
  if (manifest !== undefined) return dockerCandidates(paths, archive, manifest);
  if (archive.entries.size === 0) return notAnImage(archive.subject, 'is empty');
  return findFile(archive, 'repositories') === undefined
    ? notAnImage(archive.subject, 'has neither manifest.json nor index.json: it is something else, or cut short', 'a root file system is made an image by `skiff import`')
    : notAnImage(archive.subject, 'is of the form Docker wrote before 1.10', 'save it again with a newer Docker');
};

const load = async (paths: Paths, host: Host, options: LoadOptions): Promise<readonly Stored[]> =>
  withSpool(paths, async (directory) => {
    const archive = await readArchive(paths, options.input, directory);
    const candidates = await candidatesOf(paths, archive, options.platform);
    if (candidates.length === 0) notAnImage(archive.subject, 'holds no image');
    for (const candidate of candidates) checkPlatform(candidate.subject, options.platform, candidate.decodedConfig);
    const stored = await storeImages(paths, host, directory, candidates, options.progress);
    for (const { id } of stored) tellOfImage(paths, 'load', id);
    return stored;
  });

/**
 * Loads every image of a docker-archive or OCI archive, plain or compressed (gzip, zstd, bzip2, xz): all of them or none.
 * Idempotent. Errors: `Usage`, `NotFound`, `Refused` (no image archive, or none for the platform), `Hostile`, `Corrupt`, `System`.
 */
export const loadArchive = (paths: Paths, host: Host, options: LoadOptions): TE.TaskEither<SkiffError, readonly Stored[]> =>
  TE.tryCatch(() => load(paths, host, options), toSkiffError('load', inputSubject(options.input)));
