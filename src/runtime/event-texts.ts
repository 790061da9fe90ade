/** What is told of a container in each of its events. Pure. */
import { eventLabels } from '../core/event-labels.ts';
import type { SkiffSpec } from './spec-types.ts';

/** What was the image called; with --rootfs the directory. */
const imageOf = ({ image, rootfs }: Pick<SkiffSpec, 'image' | 'rootfs'>): string => image?.reference ?? (rootfs.kind === 'directory' ? rootfs.path : '');

type Subject = Pick<SkiffSpec, 'image' | 'rootfs' | 'name' | 'labels'>;

/** Actor.Attributes, with `more` that the event itself brings; these win over labels of the same name. */
export const eventAttributes = (spec: Subject, more: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({
  ...eventLabels(spec.labels),
  ...more,
  image: imageOf(spec),
  name: spec.name,
});

/** The inside of a JSON string. */
const inside = (text: string): string => JSON.stringify(text).slice(1, -1);

/** The fields of the plan's records `events` and `exec-events` behind the file: image, name, and the labels as members with a comma behind each. */
export const eventTexts = (spec: Subject): readonly [image: string, name: string, attributes: string] => {
  const attributes = Object.entries(eventLabels(spec.labels)).map(([key, value]) => `"${inside(key)}":"${inside(value)}",`);
  return [inside(imageOf(spec)), inside(spec.name), attributes.join('')];
};
