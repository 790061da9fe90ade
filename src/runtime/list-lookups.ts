/** What the filters of `skiff ps` and a few of its fields have to look up; loaded only for these. */
import { isImageError, openImage } from '../images/open.ts';
import { readOci } from './inspect.ts';
import { inspectedMounts } from './inspect-mounts.ts';
import type { Paths } from '../system/paths.ts';
import type { Lookups, Mounted } from './list-filters.ts';
import type { Container } from './records.ts';

const imageOf =
  (paths: Paths, qualify: (word: string) => string): Lookups['imageOf'] =>
  (word) => {
    const image = openImage(paths, qualify(word));
    return isImageError(image) ? undefined : image;
  };

/** A container whose config.json is damaged or gone has none that could be named. */
const mountsOf = (container: Container): readonly Mounted[] => {
  try {
    return inspectedMounts(readOci(container), container.spec.asked ?? {}).map(({ Source: source, Destination: target }) => ({ source, target }));
  } catch {
    return [];
  }
};

/** Reads the store and config.json when asked; `qualify` puts the default registry in front of a name. */
export const lookupsIn = (paths: Paths, qualify: (word: string) => string): Lookups => ({ imageOf: imageOf(paths, qualify), mountsOf });
