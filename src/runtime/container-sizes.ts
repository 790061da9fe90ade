/** How large containers are: `ps --size`, `inspect --size`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileSizes } from '../images/file-sizes.ts';
import { usageOf } from '../images/disk-usage.ts';
import { readIndex } from '../images/layout.ts';
import type { Container } from './records.ts';
import type { Surroundings } from './surroundings.ts';

/** Bytes. */
export interface ContainerSize {
  /** What was written into the container's own layer. */
  readonly written: number;
  /** The same with its image; only what was written where there is no image to count. */
  readonly whole: number;
}

/** The size of an image as `skiff images` has it; of one that has lost its last name, what its layers take on the disk. */
const imageSizer = ({ paths, host }: Surroundings): ((container: Container) => Promise<number>) => {
  const known = new Map<string, number>(existsSync(paths.images) ? readIndex(paths).entries.map(({ id, size }) => [id, size]) : []);
  return async ({ spec: { image, rootfs } }) => {
    if (image === undefined || rootfs.kind !== 'image') return 0;
    const size = known.get(image.id) ?? (await usageOf({ paths, host }, rootfs.layers));
    known.set(image.id, size);
    return size;
  };
};

/** The sizes of containers by their ids; takes as long as a look at every file that they have written. Throws Missing (find, du), Corrupt (index). */
export const containerSizes = async (surroundings: Surroundings, containers: readonly Container[]): Promise<ReadonlyMap<string, ContainerSize>> => {
  const upper = ({ directory }: Container): string => join(directory, 'upper');
  const written = await fileSizes(surroundings, containers.map(upper));
  const sizeOfImage = imageSizer(surroundings);
  const sizes = new Map<string, ContainerSize>();
  for (const container of containers) {
    const own = written.get(upper(container)) ?? 0;
    sizes.set(container.id, { written: own, whole: own + (await sizeOfImage(container)) });
  }
  return sizes;
};
