/** What is told of volumes in the file of events (moby daemon/events.go, volume/service/service.go). */
import { appendEvent } from '../system/events.ts';
import type { Paths } from '../system/paths.ts';
import type { Volume } from './types.ts';

/** A volume has been made, or is gone. */
export const tellVolume = (paths: Paths, action: 'create' | 'destroy', { name, driver }: Pick<Volume, 'name' | 'driver'>): void =>
  appendEvent(paths, { type: 'volume', action, id: name, attributes: { driver } });

/** Volumes that nobody used have been removed. */
export const tellVolumesPruned = (paths: Paths, bytes: number): void => appendEvent(paths, { type: 'volume', action: 'prune', id: '', attributes: { reclaimed: String(bytes) } });
