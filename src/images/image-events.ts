/** What commands tell of images in the file of events (moby, daemon/images, LogImageEvent). */
import { eventLabels } from '../core/event-labels.ts';
import { ImageConfig } from '../core/oci-image.ts';
import type { Digest } from '../core/digest.ts';
import { familiarReference, familiarRepository, parseReference } from '../core/reference.ts';
import type { Reference } from '../core/reference.ts';
import { appendEvent } from '../system/events.ts';
import type { Paths } from '../system/paths.ts';
import { readBlob } from './layout.ts';

type Labels = Readonly<Record<string, string>>;

/** An image's labels; none where it cannot be read, for an event never fails a command. */
export const labelsOf = (paths: Paths, id: Digest): Labels => {
  try {
    return readBlob(paths, id, ImageConfig).config?.Labels ?? {};
  } catch {
    return {};
  }
};

const tell = (paths: Paths, action: string, id: string, name: string, labels: Labels): void =>
  appendEvent(paths, { type: 'image', action, id, attributes: { ...eventLabels(labels), name } });

/** An image that came from a registry, or went to one: it goes by its name. */
export const tellTransfer = (paths: Paths, action: 'pull' | 'push', reference: Reference, id: Digest): void =>
  tell(paths, action, familiarReference(reference), familiarRepository(reference), labelsOf(paths, id));

/** `name`, a reference in full, is the image's now. */
export const tellTag = (paths: Paths, id: Digest, name: string): void => {
  const reference = parseReference(name);
  tell(paths, 'tag', id, '_tag' in reference ? name : familiarReference(reference), labelsOf(paths, id));
};

/** What happened to an image as a whole. */
export const tellOfImage = (paths: Paths, action: 'load' | 'import' | 'save', id: Digest): void => tell(paths, action, id, id, labelsOf(paths, id));

/** An image lost so many names, and then perhaps was deleted. `labels` as they were before. */
export const tellRemoval = (paths: Paths, id: Digest, names: number, deleted: boolean, labels: Labels): void => {
  for (let told = 0; told < names; told += 1) tell(paths, 'untag', id, id, labels);
  if (deleted) tell(paths, 'delete', id, id, {});
};

/** So many bytes are free now. */
export const tellPrune = (paths: Paths, type: 'image' | 'container', bytes: number): void =>
  appendEvent(paths, { type, action: 'prune', id: '', attributes: { reclaimed: String(bytes) } });
