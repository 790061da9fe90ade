/** Reading from mirrors first and from the registry last. */
import { SkiffFailure } from '../core/errors.ts';
import type { Endpoint } from './endpoint.ts';
import { isConnectionFailure } from './failures.ts';
import { retrying } from './retry.ts';

/** Where a registry's content can be had, the registry itself last. Mirrors that failed are left out from then on. */
export interface Sources {
  readonly registry: Endpoint;
  /** Mirrors that have not failed yet, then the registry. */
  all(): readonly Endpoint[];
  /** A mirror that could not be used: it is not asked again. */
  giveUp(mirror: Endpoint): void;
  /** The pause before the second attempt, in milliseconds. */
  readonly firstPause: number;
}

/** The sources of `registry` with `mirrors`, in their order. */
export const makeSources = (registry: Endpoint, mirrors: readonly Endpoint[], firstPause: number): Sources => {
  const failed = new Set<Endpoint>();
  return {
    registry,
    all: () => [...mirrors.filter((mirror) => !failed.has(mirror)), registry],
    giveUp: (mirror) => void failed.add(mirror),
    firstPause,
  };
};

/**
 * The first answer of `read` that is not undefined: from a mirror in one attempt each, and from the registry, which is asked again after temporary
 * failures. Throws the registry's failure; those of mirrors are passed over.
 */
export const readFirst = async <A>(sources: Sources, read: (endpoint: Endpoint) => Promise<A | undefined>): Promise<A | undefined> => {
  for (const endpoint of sources.all()) {
    if (!endpoint.isMirror) return await retrying(sources.firstPause, () => read(endpoint));
    try {
      const found = await read(endpoint);
      if (found !== undefined) return found;
    } catch (caught) {
      if (!(caught instanceof SkiffFailure)) throw caught;
      if (isConnectionFailure(caught)) sources.giveUp(endpoint);
    }
  }
  return undefined;
};
