/**
 * Unpacked layers as files: `layers/<diff id>/fs`, immutable, with `layer.json` beside it. A layer that is whole and verified but perhaps
 * not yet on the disk is called `.fresh-<boot id>~<diff id>`: on this boot it is as good as any other, after a power cut it is not.
 */
import { existsSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as t from 'io-ts';
import { decodeJson } from '../core/oci-image.ts';
import type { Digest } from '../core/digest.ts';
import { digestHex } from '../core/digest.ts';
import { helperPath, inUserNamespace } from '../system/helper.ts';
import type { Host } from '../system/host.ts';
import { bootId } from '../system/kernel.ts';
import type { Paths } from '../system/paths.ts';
import { layerPath, readDocument } from './layout.ts';
import { checkOutcome, runProgram } from './program.ts';
import { abandonedIn } from './temporary.ts';

const LayerRecord = t.type({ size: t.number, entries: t.number, blobs: t.array(t.string) });
type LayerRecord = t.TypeOf<typeof LayerRecord>;

/** What is known of an unpacked layer. */
export interface Layer {
  readonly diffId: Digest;
  /** Bytes of the tar, uncompressed. */
  readonly size: number;
}

/** The text of `layer.json`: size of the tar in bytes, entries in it, digests of the blobs that have been seen to unpack to it. */
export const layerRecordOf = (record: LayerRecord): string => `${JSON.stringify(record)}\n`;

/** Where a layer waits for its name. */
export const freshPath = (paths: Paths, diffId: Digest): string => join(paths.layers, `.fresh-${bootId()}~${digestHex(diffId)}`);

const namedPath = (paths: Paths, diffId: Digest): string => dirname(layerPath(paths, diffId));

/** Readers take no lock, and a layer may get its name, or lose it, at any moment. */
const recordIn = (directory: string): LayerRecord | undefined => {
  try {
    const record = decodeJson(LayerRecord, readDocument(join(directory, 'layer.json')));
    return 'right' in record && existsSync(join(directory, 'fs')) ? record.right : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

const verifiedIn = (directory: string, diffId: Digest, blob: Digest): Layer | undefined => {
  const record = recordIn(directory);
  return record?.blobs.includes(blob) === true ? { diffId, size: record.size } : undefined;
};

/** The stored layer if it is whole and was made from this very blob, so that nothing is left to check. */
export const namedLayer = (paths: Paths, diffId: Digest, blob: Digest): Layer | undefined => verifiedIn(namedPath(paths, diffId), diffId, blob);

/** The same of a layer that waits for its name. */
export const freshLayer = (paths: Paths, diffId: Digest, blob: Digest): Layer | undefined => verifiedIn(freshPath(paths, diffId), diffId, blob);

const moveUnlessThere = (from: string, to: string): boolean => {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || (code === 'ENOENT' && existsSync(to))) return false;
    throw error;
  }
};

/** Gives the durable tree `temporary` its name, unless somebody else has been faster: the layer is the same then. */
export const nameLayer = (paths: Paths, diffId: Digest, temporary: string): boolean => moveUnlessThere(temporary, namedPath(paths, diffId));

/** Makes the whole and verified tree `temporary` known to this boot; false if it was known already. */
export const markFresh = (paths: Paths, diffId: Digest, temporary: string): boolean => moveUnlessThere(temporary, freshPath(paths, diffId));

const removal = (paths: Paths, host: Host, trees: readonly string[]): readonly string[] =>
  inUserNamespace(paths, host, [helperPath(paths, 'skiff-helper'), 'rm', ...trees]);

/** Removes trees that hold other uids' files: inside the user namespace, where they are ours. Throws a `System` failure. */
export const removeTrees = async (paths: Paths, host: Host, trees: readonly string[]): Promise<void> => {
  if (trees.length > 0) checkOutcome(await runProgram(removal(paths, host, trees), 'ignore'), 'remove', trees.join(' '));
};

/** Removes what dead processes left, as far as it goes: another writer may be at it, or a helper that outlived its parent still writing. */
export const sweepLayers = async (paths: Paths, host: Host): Promise<void> => {
  const trees = abandonedIn(paths, paths.layers);
  if (trees.length > 0) await runProgram(removal(paths, host, trees), 'ignore');
};

