/** A way around io-ts for the index lines that Skiff writes itself: decoding two hundred costs more than all else that a listing does. Pure. */
import { isDigest } from '../core/digest.ts';
import type { Descriptor } from '../core/oci-image.ts';

type Members = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Members => typeof value === 'object' && value !== null && !Array.isArray(value);

const isText = (value: unknown): boolean => typeof value === 'string';

const isPlatform = (value: unknown): boolean => isObject(value) && isText(value['os']) && isText(value['architecture']) && Object.values(value).every(isText);

/**
 * `value` if it is a descriptor of the common form; undefined means that the codec has to say. Whatever this accepts the codec accepts as it is.
 */
export const knownDescriptor = (value: unknown): Descriptor | undefined => {
  if (!isObject(value)) return undefined;
  const { mediaType, digest, size, annotations, platform, artifactType } = value;
  const plain = typeof mediaType === 'string' && isDigest(digest) && typeof size === 'number' && size >= 0 && Number.isSafeInteger(size) && artifactType === undefined;
  if (!plain || !isObject(annotations)) return undefined;
  for (const key in annotations) if (typeof annotations[key] !== 'string') return undefined;
  return platform === undefined || isPlatform(platform) ? (value as unknown as Descriptor) : undefined;
};
