/** What is told of networks in the file of events (moby daemon/events.go). */
import { appendEvent } from '../system/events.ts';
import type { Network } from './types.ts';
import type { Paths } from '../system/paths.ts';

/** A network has been made, or is gone. */
export const tellNetwork = (paths: Paths, action: 'create' | 'destroy', { id, name, driver }: Network): void =>
  appendEvent(paths, { type: 'network', action, id, attributes: { name, type: driver } });

/** Networks that nobody used have been removed. */
export const tellNetworksPruned = (paths: Paths): void => appendEvent(paths, { type: 'network', action: 'prune', id: '', attributes: { reclaimed: '0' } });
