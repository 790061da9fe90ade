/** What the filters of `skiff ps` and a few of its fields have to look up; loaded only for these. */
import { isImageError, openImage } from '../images/open.ts';
import { listNetworks } from '../network/store.ts';
import type { Paths } from '../system/paths.ts';
import type { Lookups } from './list-filters.ts';

const imageOf =
  (paths: Paths, qualify: (word: string) => string): Lookups['imageOf'] =>
  (word) => {
    const image = openImage(paths, qualify(word));
    return isImageError(image) ? undefined : image;
  };

/** Reads the store when asked; `qualify` puts the default registry in front of a name. */
export const lookupsIn = (paths: Paths, qualify: (word: string) => string): Lookups => ({
  imageOf: imageOf(paths, qualify),
  networkNamesOf: (start) => (/^[0-9a-f]{1,64}$/.test(start) ? listNetworks(paths).networks.filter(({ id }) => id.startsWith(start)).map(({ name }) => name) : []),
});
