/**
 * Unpacked layers: `layers/<diff id>/fs`, immutable, with `layer.json` beside it. All layers of an archive are unpacked under temporary
 * names, checked against the digests that their images promise, made durable together, and only then renamed into place.
 */
import { closeSync, existsSync, mkdirSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as t from 'io-ts';
import { decodeJson } from '../core/oci-image.ts';
import type { Digest } from '../core/digest.ts';
import { digestHex, isDigest } from '../core/digest.ts';
import { fail } from '../core/errors.ts';
import { syncDirectory } from '../system/files.ts';
import { helperPath, inUserNamespace } from '../system/helper.ts';
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';
import { makeDurable } from './durable.ts';
import { layerPath, readDocument } from './layout.ts';
import { checkOutcome, runProgram } from './program.ts';
import { abandonedIn, makeTemporary } from './temporary.ts';

/** A layer as it came: a tar file, plain or compressed. */
export interface LayerSource {
  /** Absolute path of the tar file. */
  readonly file: string;
  /** Digest and size in bytes of the file as it is. */
  readonly digest: Digest;
  readonly size: number;
  /** What the configuration promises; undefined where the configuration is still to be written (import). */
  readonly diffId?: Digest;
  /** The layer as the user knows it, for errors. */
  readonly subject: string;
}

const LayerRecord = t.type({ size: t.number, entries: t.number, blobs: t.array(t.string) });

/** What is known of an unpacked layer. */
export interface Layer {
  readonly diffId: Digest;
  /** Bytes of the tar, uncompressed. */
  readonly size: number;
}

interface Unpacked extends Layer {
  /** Not yet renamed into place; undefined where the layer was there already. */
  readonly temporary?: string;
}

/** Two at a time: one waits for the disk while the other inflates. */
const parallel = 2;

const gibibyte = 1024 ** 3;

/** A tar that unpacks to more than this is a bomb: real layers stay far below 100 times their compressed size. */
const bytesAllowed = (source: LayerSource): number => Math.max(16 * gibibyte, 100 * source.size);

const maximumEntries = 10_000_000;

const recordPath = (paths: Paths, diffId: Digest): string => join(dirname(layerPath(paths, diffId)), 'layer.json');

/** The size of a stored layer in bytes if it is stored whole and was made from this very blob, so that nothing is left to check. */
const reusable = (paths: Paths, source: LayerSource): Unpacked | undefined => {
  if (source.diffId === undefined || !existsSync(layerPath(paths, source.diffId))) return undefined;
  const record = existsSync(recordPath(paths, source.diffId)) ? decodeJson(LayerRecord, readDocument(recordPath(paths, source.diffId))) : { left: '' };
  if ('left' in record || !record.right.blobs.includes(source.digest)) return undefined;
  return { diffId: source.diffId, size: record.right.size };
};

/** The lines that `skiff-tree apply` prints, by their first word. */
const parseReport = (text: string): ReadonlyMap<string, readonly string[]> =>
  new Map(text.split('\n').map((line) => {
    const [key = '', ...values] = line.split(' ');
    return [key, values] as const;
  }));

const checkDigests = (source: LayerSource, blob: string | undefined, diffId: string | undefined): Digest => {
  if (!isDigest(diffId)) return fail({ _tag: 'System', operation: 'unpack', subject: source.subject, reason: 'skiff-tree reported no digest' });
  if (blob !== source.digest) fail({ _tag: 'Corrupt', subject: source.subject, reason: `its digest is ${String(blob)}, not ${source.digest}` });
  if (source.diffId !== undefined && source.diffId !== diffId) {
    fail({ _tag: 'Corrupt', subject: source.subject, reason: `it unpacks to ${diffId}, but the image promises ${source.diffId}` });
  }
  return diffId;
};

const applyTo = async (paths: Paths, host: Host, source: LayerSource, directory: string): Promise<string> => {
  const limits = ['--max-bytes', String(bytesAllowed(source)), '--max-entries', String(maximumEntries)];
  const single = host.idMap.mode === 'single' ? ['--single-uid'] : [];
  const command = [helperPath(paths, 'skiff-tree'), 'apply', '--dir', directory, ...limits, ...single];
  const fd = openSync(source.file, 'r');
  try {
    const outcome = await runProgram(inUserNamespace(paths, host, command), fd);
    checkOutcome(outcome, 'unpack', source.subject);
    return outcome.stdout;
  } finally {
    closeSync(fd);
  }
};

const unpackOne = async (paths: Paths, host: Host, source: LayerSource, temporary: string): Promise<Unpacked> => {
  const directory = join(temporary, 'fs');
  mkdirSync(directory, { mode: 0o755 });
  const report = parseReport(await applyTo(paths, host, source, directory));
  const [diffId, bytes] = report.get('diff') ?? [];
  const verified = checkDigests(source, report.get('blob')?.[0], diffId);
  const size = Number(bytes);
  const record: t.TypeOf<typeof LayerRecord> = { size, entries: Number(report.get('entries')?.[0] ?? 0), blobs: [source.digest] };
  writeFileSync(join(temporary, 'layer.json'), `${JSON.stringify(record)}\n`, { mode: 0o600 });
  return { diffId: verified, size, temporary };
};

/** Removes trees that hold other uids' files: inside the user namespace, where they are ours. */
const removeTrees = async (paths: Paths, host: Host, trees: readonly string[]): Promise<void> => {
  if (trees.length === 0) return;
  const command = inUserNamespace(paths, host, [helperPath(paths, 'skiff-helper'), 'rm', ...trees]);
  checkOutcome(await runProgram(command, 'ignore'), 'remove', trees.join(' '));
};

/** Removes what dead processes left, as far as it goes: another writer may be at it, or a helper that outlived its parent still writing. */
const sweep = async (paths: Paths, host: Host): Promise<void> => {
  const trees = abandonedIn(paths, paths.layers);
  if (trees.length > 0) await runProgram(inUserNamespace(paths, host, [helperPath(paths, 'skiff-helper'), 'rm', ...trees]), 'ignore');
};

/** Gives the temporary tree its name, unless somebody else has been faster: the layer is the same then. */
const moveIntoPlace = (paths: Paths, layer: Unpacked, temporary: string): void => {
  try {
    renameSync(temporary, join(paths.layers, digestHex(layer.diffId)));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return;
    throw error;
  }
};

/** Names the fresh layers once they and `files` are on the disk: a name must never be there before its content. */
const publish = async (paths: Paths, layers: readonly Unpacked[], files: readonly string[]): Promise<void> => {
  const fresh = layers.flatMap((layer) => (layer.temporary === undefined ? [] : [{ layer, temporary: layer.temporary }]));
  await makeDurable([...fresh.map(({ temporary }) => temporary), ...files]);
  for (const { layer, temporary } of fresh) moveIntoPlace(paths, layer, temporary);
  if (fresh.length > 0) syncDirectory(paths.layers);
};

/** Maps with at most `parallel` at work; waits for all that have begun before it throws, so that clean-up finds them still. */
const mapSome = async <A, B>(items: readonly A[], work: (item: A) => Promise<B>): Promise<readonly B[]> => {
  const results: B[] = [];
  let next = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (next < items.length && !failed) {
      const position = next;
      next += 1;
      try {
        results[position] = await work(items[position] as A);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: parallel }, worker));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return results;
};

/** Called after each distinct layer is unpacked or found, with how many are done of how many there are. */
export type LayerProgress = (done: number, total: number) => void;

/** One source for each blob and promise: images of one archive share layers. */
const keyOf = (source: LayerSource): string => `${source.digest} ${String(source.diffId)}`;

/**
 * Unpacks and verifies every layer, then names all of them at once. Layers that are there from the same blob are not unpacked again; that two
 * processes unpack one layer at once is harmless.
 * @param files spooled files that must be on the disk when this returns, with the layers.
 * @returns the layers in the order of `sources`; throws `Hostile`, `Corrupt` or `System` failures and leaves no temporary tree.
 */
export const unpackLayers = async (
  paths: Paths,
  host: Host,
  sources: readonly LayerSource[],
  files: readonly string[],
  progress?: LayerProgress,
): Promise<readonly Layer[]> => {
  await sweep(paths, host);
  const temporaries: string[] = [];
  let done = 0;
  const distinct = [...new Map(sources.map((source) => [keyOf(source), source])).values()];
  const unpackAnew = (source: LayerSource): Promise<Unpacked> => {
    const temporary = makeTemporary(paths, paths.layers);
    temporaries.push(temporary);
    return unpackOne(paths, host, source, temporary);
  };
  const unpack = async (source: LayerSource): Promise<Unpacked> => {
    const layer = reusable(paths, source) ?? (await unpackAnew(source));
    done += 1;
    progress?.(done, distinct.length);
    return layer;
  };
  try {
    const unpacked = await mapSome(distinct, unpack);
    await publish(paths, unpacked, files);
    const byKey = new Map(distinct.map((source, position) => [keyOf(source), unpacked[position]]));
    return sources.flatMap((source) => {
      const layer = byKey.get(keyOf(source));
      return layer === undefined ? [] : [{ diffId: layer.diffId, size: layer.size }];
    });
  } finally {
    await removeTrees(paths, host, temporaries.filter((temporary) => existsSync(temporary)));
  }
};
