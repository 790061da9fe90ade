/** `skiff save`: stored images as one archive, byte for byte what is in the store, so that digests survive. */
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as TE from 'fp-ts/TaskEither';
import type { Pack } from 'tar-stream';
import { ImageConfig, Manifest } from '../core/oci-image.ts';
import type { Descriptor } from '../core/oci-image.ts';
import type { Digest } from '../core/digest.ts';
import { digestOfHex } from '../core/digest.ts';
import { fail, toSkiffError } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import type { Paths } from '../system/paths.ts';
import { tellOfImage } from './image-events.ts';
import { blobPath, readBlob, readIndex } from './layout.ts';
import { checkPlatform } from './platform.ts';
import type { Platform } from './platform.ts';
import { failUnlessRemoved } from './removed.ts';
import { withOutput } from './save-output.ts';
import type { Write } from './save-output.ts';
import { chooseImages } from './save-choice.ts';
import { blobName, documentsOf } from './save-documents.ts';
import type { SavedImage } from './save-documents.ts';

export interface SaveOptions {
  /** References, ids or beginnings of ids; a repository without a tag stands for all of its tags. */
  readonly images: readonly string[];
  /** Refuse images of other platforms. */
  readonly platform?: Platform;
}

const chunkSize = 1024 * 1024;

const corrupt = (path: string, reason: string): never => fail({ _tag: 'Corrupt', subject: path, reason, hint: 'load or pull the image again' });

const savedImages = (paths: Paths, { images, platform }: SaveOptions): readonly SavedImage[] =>
  chooseImages(readIndex(paths).entries, images).map((chosen) => {
    const manifest = readBlob(paths, chosen.entry.descriptor.digest, Manifest);
    checkPlatform(`image ${chosen.names[0]?.path ?? chosen.entry.id}`, platform, readBlob(paths, manifest.config.digest, ImageConfig));
    return { ...chosen, manifest };
  });

/** Every blob once, in the order of digests; throws for one that is missing or not as long as its image says. */
const blobsOf = (paths: Paths, images: readonly SavedImage[]): readonly Descriptor[] => {
  const blobs = new Map<Digest, Descriptor>();
  for (const { entry, manifest } of images) for (const blob of [entry.descriptor, manifest.config, ...manifest.layers]) blobs.set(blob.digest, blob);
  for (const { digest, size } of blobs.values()) {
    const path = blobPath(paths, digest);
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) corrupt(path, 'the file is missing');
    else if (found.size !== size) corrupt(path, `it has ${found.size} bytes, not ${size}`);
  }
  return [...blobs.values()].sort((a, b) => (a.digest < b.digest ? -1 : 1));
};

const packBlob = async (paths: Paths, pack: Pack, { digest, size }: Descriptor, mtime: Date): Promise<void> => {
  const hash = createHash('sha256');
  const path = blobPath(paths, digest);
  const hashed = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
    const actual = digestOfHex(hash.digest('hex'));
    if (actual !== digest) corrupt(path, `its content has the digest ${actual}`);
  };
  await pipeline(createReadStream(path, { highWaterMark: chunkSize }), hashed, pack.entry({ name: blobName(digest), size, mode: 0o644, mtime }));
};

/** Fills `pack`; the time of every entry is that of the newest image, so that the same images make the same archive. */
const packAll = async (paths: Paths, pack: Pack, images: readonly SavedImage[], blobs: readonly Descriptor[]): Promise<void> => {
  const mtime = new Date(Math.max(...images.map(({ entry }) => entry.created)));
  for (const name of ['blobs/', 'blobs/sha256/']) pack.entry({ name, type: 'directory', mode: 0o755, mtime });
  for (const blob of blobs) await packBlob(paths, pack, blob, mtime);
  for (const [name, text] of documentsOf(images)) pack.entry({ name, mode: 0o644, mtime }, text);
  pack.finalize();
};

const writeArchive = async (paths: Paths, options: SaveOptions, target: string | Write): Promise<void> => {
  const images = savedImages(paths, options);
  const blobs = blobsOf(paths, images);
  const { pack: makePack } = await import('tar-stream');
  await withOutput(target, async (write) => {
    const pack = makePack();
    // When one side fails the other hears of a destroyed stream; what was first is the one to report.
    const failures: unknown[] = [];
    const failed = (error: unknown): void => {
      failures.push(error);
      pack.destroy(error instanceof Error ? error : new Error(String(error)));
    };
    const emptying = async (): Promise<void> => {
      for await (const chunk of Readable.from(pack)) {
        try {
          write(chunk as Uint8Array);
        } catch (error) {
          return failed(error);
        }
      }
    };
    await Promise.all([packAll(paths, pack, images, blobs).catch(failed), emptying().catch(failed)]);
    if (failures.length > 0) throw failures[0];
  });
  for (const { entry } of images) tellOfImage(paths, 'save', entry.id);
};

const save = (paths: Paths, options: SaveOptions, target: string | Write): Promise<void> =>
  writeArchive(paths, options, target).catch((error: unknown) => failUnlessRemoved(paths, options.images, error));

/**
 * Saves images as an archive that is an OCI layout and a docker-archive in one. Each blob is verified while it is copied; memory does not depend
 * on its size. With a path the archive is there as a whole or not at all; through a function, one that fails has neither index nor end.
 * Errors: `Usage`, `NotFound`, `Refused` (platform), `Corrupt`, `System`; what `write` throws is passed on.
 */
export const saveImages = (paths: Paths, options: SaveOptions, target: string | Write): TE.TaskEither<SkiffError, void> =>
  TE.tryCatch(() => save(paths, options, target), toSkiffError('save', typeof target === 'string' ? target : 'the images'));
