/** `--mount type=image` of `run` and `create`: the images that are named there. */
import { isRight } from 'fp-ts/Either';
import { parseMount } from '../core/mount-flag.ts';
import { providedImage } from './provided-image.ts';
import type { MountedImage } from '../core/mount-points.ts';
import type { Surroundings } from '../runtime/surroundings.ts';
import type { Context } from './context.ts';
import type { Wanted } from './provided-image.ts';

/** The words that `mounts` name images with, each once; what is no mount is reported by whoever makes the container. */
const wordsIn = (mounts: readonly string[]): readonly string[] => [
  ...new Set(
    mounts.map((text) => parseMount(text, '/')).flatMap((request) => (isRight(request) && request.right.kind === 'image' ? [request.right.source] : [])),
  ),
];

/** Images that are missing are pulled, but for `--pull never`; `--pull always` is about the container's own. Throws SkiffFailure. */
export const mountedImages = async (context: Context, surroundings: Surroundings, mounts: readonly string[], { pull, quiet }: Omit<Wanted, 'platform'>): Promise<readonly MountedImage[]> => {
  const found: MountedImage[] = [];
  for (const reference of wordsIn(mounts)) {
    const { id, layers } = await providedImage(context, surroundings, reference, { pull: pull === 'always' ? 'missing' : pull, quiet });
    found.push({ reference, id, layers });
  }
  return found;
};
