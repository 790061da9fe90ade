/** What of the store something needs: names with all that their manifests say, leases, containers. */
import { Descriptor, ImageConfig, Index, Manifest, decode } from '../core/oci-image.ts';
import type { Digest } from '../core/digest.ts';
import { isDigest } from '../core/digest.ts';
import { SkiffFailure } from '../core/errors.ts';
import type { Paths } from '../system/paths.ts';
import { readBlob } from './layout.ts';
import type { Entry } from './layout.ts';
import type { ImageUsers } from './users.ts';

/** What one image is made of. */
export interface Parts {
  readonly blobs: readonly Digest[];
  readonly layers: readonly Digest[];
  /** A sentence for each document that could not be read: there may be more parts. */
  readonly doubts: readonly { readonly about: 'blobs' | 'layers'; readonly sentence: string }[];
}

export interface Needs {
  readonly blobs: ReadonlySet<Digest>;
  readonly layers: ReadonlySet<Digest>;
  /** What living work relies on: blobs, diff ids and partial downloads. */
  readonly held: ReadonlySet<Digest>;
  /** Something needs blobs or layers that it cannot name: none of the kind may go. */
  readonly everyBlob: boolean;
  readonly everyLayer: boolean;
  /** Why, one sentence each. */
  readonly doubts: readonly string[];
}

/** The blob decoded, or what is wrong with it. */
const attempt = <A>(read: () => A): A | string => {
  try {
    return read();
  } catch (error) {
    if (error instanceof SkiffFailure) return error.message;
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return `${(error as NodeJS.ErrnoException).path ?? 'a blob'}: ${code}`;
  }
};

const diffIdsOf = (paths: Paths, digest: Digest): readonly Digest[] | string =>
  attempt(() => readBlob(paths, digest, ImageConfig).rootfs.diff_ids ?? []);

/** The parts of the image of `entry`. Reads two small files; a damaged one is a doubt, not a failure. */
export const partsOf = (paths: Paths, { id, descriptor }: Entry): Parts => {
  const manifest = attempt(() => readBlob(paths, descriptor.digest, Manifest));
  const diffIds = diffIdsOf(paths, id);
  const [config, layers] = typeof manifest === 'string' ? [[], []] : [[manifest.config.digest], manifest.layers.map(({ digest }) => digest)];
  return {
    blobs: [descriptor.digest, id, ...config, ...layers],
    layers: typeof diffIds === 'string' ? [] : diffIds,
    doubts: [
      ...(typeof manifest === 'string' ? [{ about: 'blobs', sentence: manifest } as const] : []),
      ...(typeof diffIds === 'string' ? [{ about: 'layers', sentence: diffIds } as const] : []),
    ],
  };
};

const nothing: Parts = { blobs: [], layers: [], doubts: [] };

const merge = (parts: readonly Parts[]): Parts => ({
  blobs: parts.flatMap(({ blobs }) => blobs),
  layers: parts.flatMap(({ layers }) => layers),
  doubts: parts.flatMap(({ doubts }) => doubts),
});

const unknownLine = (sentence: string): Parts => ({ ...nothing, doubts: [{ about: 'blobs', sentence }, { about: 'layers', sentence }] });

/** An index of indexes is legal; more of them than this nobody writes. */
const deepest = 4;

/** What another program's line of the index may need. Its image may have no configuration of ours, or be an index with images that are not here. */
const foreignParts = (paths: Paths, digest: Digest, depth: number): Parts => {
  const manifest = attempt(() => readBlob(paths, digest, Manifest));
  if (typeof manifest !== 'string') {
    const diffIds = diffIdsOf(paths, manifest.config.digest);
    // What is no image has no unpacked layers either.
    return { blobs: [digest, manifest.config.digest, ...manifest.layers.map((layer) => layer.digest)], layers: typeof diffIds === 'string' ? [] : diffIds, doubts: [] };
  }
  const index = attempt(() => readBlob(paths, digest, Index));
  if (typeof index === 'string') return depth === 0 ? unknownLine(`the index names ${digest}, which is neither manifest nor index`) : { ...nothing, blobs: [digest] };
  if (depth === deepest) return unknownLine(`the index ${digest} lies too deep in others`);
  const children = index.manifests.flatMap((line) => {
    const child = decode(Descriptor, line);
    return 'right' in child ? [foreignParts(paths, child.right.digest, depth + 1)] : [];
  });
  return merge([{ ...nothing, blobs: [digest] }, ...children]);
};

const partsOfLine = (paths: Paths, line: unknown): Parts => {
  const digest = (line as { digest?: unknown } | null)?.digest;
  return isDigest(digest) ? foreignParts(paths, digest, 0) : unknownLine('a line of the index does not decode');
};

/**
 * All that must stay. `foreign` are the index's lines that are not ours: what they name stays too, and where that cannot be known,
 * everything does. Reads two small files for each image.
 */
export const needsOf = (
  paths: Paths,
  { entries, foreign }: { readonly entries: readonly Entry[]; readonly foreign: readonly unknown[] },
  { users, doubts }: ImageUsers,
  held: ReadonlySet<Digest>,
): Needs => {
  const distinct = [...new Map(entries.map((entry) => [`${entry.id} ${entry.descriptor.digest}`, entry])).values()];
  const parts = merge([...distinct.map((entry) => partsOf(paths, entry)), ...foreign.map((line) => partsOfLine(paths, line))]);
  return {
    blobs: new Set([...parts.blobs, ...held]),
    layers: new Set([...parts.layers, ...held, ...users.flatMap(({ layers }) => layers)]),
    held,
    everyBlob: parts.doubts.some(({ about }) => about === 'blobs'),
    everyLayer: doubts.length > 0 || parts.doubts.some(({ about }) => about === 'layers'),
    doubts: [...new Set([...parts.doubts.map(({ sentence }) => sentence), ...doubts])],
  };
};
