/** Which manifest of an index to take, and which layers can be unpacked. Pure. */
import type { Descriptor } from '../core/oci-image.ts';
import { fail } from '../core/errors.ts';
import { formatPlatform, platformFit, platformOf } from './platform.ts';
import type { Platform } from './platform.ts';

/** Build attestations and the like travel as manifests for no platform. */
export const isRunnable = (descriptor: Descriptor): boolean => descriptor.platform?.os !== 'unknown';

interface Choice {
  readonly descriptor: Descriptor;
  readonly fit: number;
}

const fitOf = (wanted: Platform, descriptor: Descriptor): number =>
  descriptor.platform ? platformFit(wanted, platformOf(descriptor.platform)) : 1;

const offerOf = ({ platform }: Descriptor): string => (platform ? formatPlatform(platformOf(platform)) : 'unknown');

/** The best match for `wanted` among `descriptors`, of which there is one at least; throws a `Refused` failure that lists what there is instead. */
export const choosePlatform = (subject: string, descriptors: readonly Descriptor[], wanted: Platform): Descriptor => {
  const choices = descriptors.map((descriptor): Choice => ({ descriptor, fit: fitOf(wanted, descriptor) }));
  const best = choices.reduce((a, b) => (b.fit > a.fit ? b : a));
  if (best.fit > 0) return best.descriptor;
  return fail({
    _tag: 'Refused',
    message: `${subject} has no image for ${formatPlatform(wanted)}; it has ${descriptors.map(offerOf).join(', ')}`,
    hint: 'choose one of them with --platform',
  });
};

/** Throws a `Refused` failure for a layer that cannot be unpacked, or that only its vendor may give away. */
export const checkLayerType = (subject: string, { mediaType }: Descriptor): void => {
  const type = mediaType.slice(0, 100);
  if (/foreign|nondistributable/.test(mediaType)) {
    fail({
      _tag: 'Refused',
      message: `${subject} has a foreign layer (${type}), which registries do not hand out`,
      hint: 'use an image that carries all of its layers; those with foreign layers are Windows images',
    });
  }
  if (!/tar/.test(mediaType) || /encrypted/.test(mediaType)) {
    fail({ _tag: 'Refused', message: `${subject} has a layer of the type ${type}, which cannot be unpacked here` });
  }
};
