/** What the monitor says of its container in each event. Pure. */
import type { SkiffSpec } from './spec-types.ts';

/** The inside of a JSON string. */
const inside = (text: string): string => JSON.stringify(text).slice(1, -1);

/** The fields of the plan's record `events` behind the file: image, name, and the labels as members with a comma behind each. */
export const eventTexts = ({ image, rootfs, name, labels }: SkiffSpec): readonly [image: string, name: string, attributes: string] => {
  const attributes = Object.entries(labels).map(([key, value]) => `"${inside(key)}":"${inside(value)}",`);
  return [inside(image?.reference ?? (rootfs.kind === 'directory' ? rootfs.path : '')), inside(name), attributes.join('')];
};
