/**
 * The layers of one image out of a registry: each is downloaded, unpacked while it arrives, verified, and then waits under the names of
 * `layer-files.ts` and `partial.ts` for the image to be whole. What is there already is not fetched; what another pull is fetching is waited for.
 */
import { createHash } from 'node:crypto';
import { closeSync, createReadStream, existsSync, openSync, readFileSync } from 'node:fs';
import { limiter } from '../core/limit.ts';
import type { Limiter } from '../core/limit.ts';
import type { Digest } from '../core/digest.ts';
import { digestOfHex } from '../core/digest.ts';
import { SkiffFailure, fail } from '../core/errors.ts';
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';
import type { Descriptor } from '../core/oci-image.ts';
import { freshLayer, freshPath, markFresh, namedLayer, removeTrees } from './layer-files.ts';
import type { Layer } from './layer-files.ts';
import { parallelUnpacking } from './layers.ts';
import { blobPath } from './layout.ts';
import { verifiedPath, withPartial } from './partial.ts';
import type { Partial } from './partial.ts';
import { makeTemporary } from './temporary.ts';
import type { TransferProgress, TransferState } from './transfer.ts';
import { unpackLayer } from './unpack.ts';
import type { LayerInput, LayerPromise } from './unpack.ts';

/** Bytes of a blob from `from` on; the digest is verified here. */
export type BlobReader = (descriptor: Descriptor, from: number) => AsyncIterable<Uint8Array>;

/** A layer that the manifest lists and the configuration promises. */
export interface WantedLayer extends LayerPromise {
  readonly diffId: Digest;
  readonly descriptor: Descriptor;
}

/** A layer that is whole, unpacked and verified. */
export interface FetchedLayer extends Layer {
  /** The blob's file, where it is not in the store yet. */
  readonly blob?: string;
  /** The unpacked tree, where it has no name yet. */
  readonly tree?: string;
}

interface Work {
  readonly paths: Paths;
  readonly host: Host;
  readonly read: BlobReader;
  readonly progress: TransferProgress;
  readonly downloads: Limiter;
  readonly unpacking: Limiter;
  failed: boolean;
}

/** Locks and files open at once; the others wait without either. */
const layersAtOnce = 16;

const chunkSize = 1024 * 1024;

/** Milliseconds. */
const showEvery = 100;

const blobOf = (paths: Paths, digest: Digest): { readonly blob?: string } | undefined => {
  if (existsSync(blobPath(paths, digest))) return {};
  const blob = verifiedPath(paths, digest);
  if (existsSync(blob)) return { blob };
  // Another pull may have moved it there between the two looks.
  return existsSync(blobPath(paths, digest)) ? {} : undefined;
};

const treeOf = (paths: Paths, { diffId, digest }: WantedLayer): (Layer & { readonly tree?: string }) | undefined => {
  const named = namedLayer(paths, diffId, digest);
  if (named !== undefined) return named;
  const fresh = freshLayer(paths, diffId, digest);
  // Neither: another pull may have given it its name between the two looks.
  return fresh === undefined ? namedLayer(paths, diffId, digest) : { ...fresh, tree: freshPath(paths, diffId) };
};

const ready = (paths: Paths, layer: WantedLayer): FetchedLayer | undefined => {
  const blob = blobOf(paths, layer.digest);
  const tree = treeOf(paths, layer);
  return blob && tree && { ...tree, ...blob };
};

/** Downloads into `partial` from where it ends. */
const download = (work: Work, { descriptor, digest, size, subject }: WantedLayer, partial: Partial): Promise<void> =>
  work.downloads(async () => {
    const tell = (state: TransferState): void => work.progress({ id: digest, state, done: partial.size(), total: size });
    if (partial.size() < size) {
      tell('Downloading');
      for await (const chunk of work.read(descriptor, partial.size())) {
        if (work.failed) throw new Error('another layer failed');
        partial.append(chunk);
        tell('Downloading');
      }
    }
    if (partial.size() !== size) fail({ _tag: 'Corrupt', subject, reason: `it has ${partial.size()} bytes, not ${size}` });
    tell('Download complete');
  });

/** The digest alone, for a blob whose layer is unpacked already. */
const verifyOnly = async ({ digest, subject }: WantedLayer, fd: number): Promise<void> => {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream('', { fd, autoClose: false, highWaterMark: chunkSize })) hash.update(chunk as Buffer);
  const actual = digestOfHex(hash.digest('hex'));
  if (actual !== digest) fail({ _tag: 'Corrupt', subject, reason: `its digest is ${actual}, not ${digest}` });
};

/** How far whoever shares the open file `fd` has read it, proc_pid_fdinfo(5). */
const positionOf = (fd: number): number => Number(/^pos:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1] ?? 0);

/** Tells how far the helper has got, while `body` runs and the download is not what is shown. */
const showingExtraction = async <A>(work: Work, { digest: id, size: total }: WantedLayer, fd: number, isShown: () => boolean, body: () => Promise<A>): Promise<A> => {
  const show = (): void => {
    if (isShown()) work.progress({ id, state: 'Extracting', done: Math.min(positionOf(fd), total), total });
  };
  const timer = setInterval(show, showEvery);
  try {
    const result = await body();
    show();
    return result;
  } finally {
    clearInterval(timer);
  }
};

/** Unpacks `input` into a tree of its own that is known to this boot once it is verified. */
const unpackFresh = async (work: Work, layer: WantedLayer, input: LayerInput): Promise<void> => {
  const { paths, host } = work;
  const temporary = makeTemporary(paths, paths.layers);
  try {
    await unpackLayer(paths, host, layer, input, temporary);
    if (!markFresh(paths, layer.diffId, temporary)) await removeTrees(paths, host, [temporary]);
  } catch (error) {
    // What made this fail may make that fail too, and is what has to be told; the next pull sweeps.
    await removeTrees(paths, host, [temporary]).catch(() => undefined);
    throw error;
  }
};

/** Unpacks while the blob arrives, or once it is there where the layer is unpacked already, only verifies it. */
const consume = (work: Work, layer: WantedLayer, partial: Partial, growing: Promise<void>): Promise<void> =>
  partial.open(async (fd) => {
    if (treeOf(work.paths, layer) === undefined) {
      const isWhole = (): boolean => partial.size() === layer.size;
      return await work.unpacking(() => showingExtraction(work, layer, fd, isWhole, () => unpackFresh(work, layer, { fd, growing })));
    }
    await growing;
    return await verifyOnly(layer, fd);
  });

const isWrongContent = (error: unknown): boolean => error instanceof SkiffFailure && (error.error._tag === 'Corrupt' || error.error._tag === 'Hostile');

/** One download with its unpacking. What an earlier pull left may be damaged, so wrong content is fetched once more from its start. */
const transfer = async (work: Work, layer: WantedLayer, partial: Partial): Promise<void> => {
  if (partial.size() > layer.size) partial.restart();
  const resumed = partial.size() > 0;
  try {
    const growing = download(work, layer, partial);
    const ends = await Promise.allSettled([consume(work, layer, partial, growing), growing]);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    partial.verified();
  } catch (error) {
    if (isWrongContent(error)) partial.restart();
    if (!isWrongContent(error) || !resumed) throw error;
    await transfer(work, layer, partial);
  }
};

const unpackStored = async (work: Work, layer: WantedLayer): Promise<void> => {
  const fd = openSync(blobOf(work.paths, layer.digest)?.blob ?? blobPath(work.paths, layer.digest), 'r');
  try {
    await work.unpacking(() => showingExtraction(work, layer, fd, () => true, () => unpackFresh(work, layer, { fd })));
  } finally {
    closeSync(fd);
  }
};

const fetchLayer = async (work: Work, layer: WantedLayer): Promise<FetchedLayer> => {
  const { paths, progress } = work;
  const { digest: id, size } = layer;
  const there = ready(paths, layer);
  if (there !== undefined) {
    progress({ id, state: 'Already exists' });
    return there;
  }
  progress({ id, state: 'Pulling fs layer' });
  if (size > Number.MAX_SAFE_INTEGER) fail({ _tag: 'Hostile', subject: layer.subject, reason: 'its size is no number of bytes' });
  const waiting = (): void => progress({ id, state: 'Waiting' });
  const fetched = await withPartial(paths, id, waiting, () => ready(paths, layer), async (partial): Promise<FetchedLayer> => {
    if (blobOf(paths, id) === undefined) await transfer(work, layer, partial);
    if (treeOf(paths, layer) === undefined) await unpackStored(work, layer);
    return ready(paths, layer) ?? fail({ _tag: 'System', operation: 'keep', subject: layer.subject, reason: 'somebody removed it meanwhile' });
  });
  progress({ id, state: 'Pull complete' });
  return fetched;
};

/**
 * Fetches `layers` (each blob once), at most `parallelDownloads` at a time; resumes what was interrupted.
 * @param abort called when one has failed, to end the requests of the others. @returns the layers in their order; throws the first failure once all
 * have come to rest. What is whole stays for the next pull; the caller takes it away where the image turned out to be bad.
 */
export const fetchLayers = async (
  paths: Paths,
  host: Host,
  layers: readonly WantedLayer[],
  options: { readonly read: BlobReader; readonly parallelDownloads: number; readonly progress: TransferProgress; readonly abort: () => void },
): Promise<readonly FetchedLayer[]> => {
  const { read, progress } = options;
  const work: Work = { paths, host, read, progress, downloads: limiter(options.parallelDownloads), unpacking: limiter(parallelUnpacking), failed: false };
  const atOnce = limiter(layersAtOnce);
  let cause: { readonly reason: unknown } | undefined;
  const distinct = new Map(layers.map((layer) => [`${layer.digest} ${layer.diffId}`, layer]));
  const fetching = new Map([...distinct].map(([key, layer]) => [key, atOnce(async () => {
    if (work.failed) return undefined;
    try {
      return await fetchLayer(work, layer);
    } catch (reason) {
      cause ??= { reason };
      if (!work.failed) options.abort();
      work.failed = true;
      return undefined;
    }
  })]));
  const fetched = await Promise.all(layers.map((layer) => fetching.get(`${layer.digest} ${layer.diffId}`)));
  if (cause !== undefined) throw cause.reason;
  return fetched.filter((layer) => layer !== undefined);
};
