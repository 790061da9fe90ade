/** `openImage` for commands that run something: what is missing of the image, or all of the built-in one, is made first. */
import { readFileSync } from 'node:fs';
import type { TaskEither } from 'fp-ts/TaskEither';
import { toSkiffError } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import { formatReference, parseReference } from '../core/reference.ts';
import type { Host } from '../system/host.ts';
import { helperPath } from '../system/helper.ts';
import type { Paths } from '../system/paths.ts';
import { builtinLabel, helloName, programLabel } from './builtin-label.ts';
import { isImageError, missingLayer, openImage } from './open.ts';
import type { Image } from './open.ts';
import type { Platform } from './platform.ts';

const isHello = (word: string): boolean => {
  const reference = parseReference(word);
  return !('_tag' in reference) && formatReference(reference) === helloName;
};

/** Whether the stored `hello` is ours and the embedded program is another one by now. The program is 40 kB: hashing it costs 0.1 ms. */
const isOutdated = (paths: Paths, image: Image): boolean => {
  const label = image.config.Labels?.[builtinLabel];
  return label !== undefined && label !== programLabel(readFileSync(helperPath(paths, 'skiff-hello')));
};

/** Whether an image is there but for unpacked layers. */
const lacksLayers = (found: Image | SkiffError): boolean => isImageError(found) && found._tag === 'Corrupt' && found.reason === missingLayer;

const provide = async (paths: Paths, host: Host, word: string, platform: Platform | undefined): Promise<Image | SkiffError> => {
  const found = openImage(paths, word, platform);
  if (lacksLayers(found)) {
    const { restoreLayers } = await import('./restore.ts');
    await restoreLayers(paths, host, word);
  } else if (isHello(word) && (isImageError(found) ? found._tag === 'NotFound' : isOutdated(paths, found))) {
    const { storeHello } = await import('./hello.ts');
    await storeHello(paths, host);
  } else return found;
  return openImage(paths, word, platform);
};

/**
 * The image that `word` names, made first if it is the built-in one, completed if unpacked layers are missing. Costs what `openImage` costs where nothing has to be made.
 * Errors: those of `openImage`, and `System` where the built-in image cannot be made.
 */
export const provideImage =
  (paths: Paths, host: Host, word: string, platform?: Platform): TaskEither<SkiffError, Image> =>
  async () => {
    try {
      const result = await provide(paths, host, word, platform);
      return isImageError(result) ? { _tag: 'Left', left: result } : { _tag: 'Right', right: result };
    } catch (error) {
      return { _tag: 'Left', left: toSkiffError('open', `image ${word}`)(error) };
    }
  };
