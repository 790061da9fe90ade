/** Where else on a registry a layer is likely to be: a mount from there saves an upload (distribution specification, cross repository mount). */
import type { Digest } from '../core/digest.ts';
import { SkiffFailure } from '../core/errors.ts';
import { Manifest } from '../core/oci-image.ts';
import type { Reference } from '../core/reference.ts';
import type { Paths } from '../system/paths.ts';
import { readBlob, readIndex } from './layout.ts';
import type { Entry } from './layout.ts';
import { referenceOf } from './names.ts';

/** Repositories, as paths below their registry, that may have the layer `digest`: the likeliest first, few of them. */
export type MountSources = (digest: Digest) => readonly string[];

/** Every repository asked costs a request, and a name in the store does not say that it was ever pushed. */
const mostAsked = 3;

const layersOf = (paths: Paths, entry: Entry): readonly Digest[] => {
  try {
    return readBlob(paths, entry.descriptor.digest, Manifest).layers.map(({ digest }) => digest);
  } catch (error) {
    // Another image that is damaged is no reason not to push this one.
    if (error instanceof SkiffFailure) return [];
    throw error;
  }
};

/** The other repositories of the store on the same registry, by the layers of their images. Reads the manifests when first asked. */
export const elsewhereOn = (paths: Paths, { domain, path }: Reference): MountSources => {
  let known: ReadonlyMap<Digest, readonly string[]> | undefined;
  const collect = (): ReadonlyMap<Digest, readonly string[]> => {
    const found = new Map<Digest, Set<string>>();
    // What came from the registry is there for sure.
    const entries = [...readIndex(paths).entries].sort((a, b) => Number(b.remoteDigest !== undefined) - Number(a.remoteDigest !== undefined));
    for (const entry of entries) {
      const other = referenceOf(entry);
      if (other === undefined || other.domain !== domain || other.path === path) continue;
      for (const digest of layersOf(paths, entry)) found.set(digest, (found.get(digest) ?? new Set()).add(other.path));
    }
    return new Map([...found].map(([digest, names]) => [digest, [...names].slice(0, mostAsked)]));
  };
  return (digest) => (known ??= collect()).get(digest) ?? [];
};
