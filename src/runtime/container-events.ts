/** What commands tell of containers in the file of events. The monitor tells the rest: start, die, kill and so on (helpers/monitor-events.c). */
import { appendEvent } from '../system/events.ts';
import type { Paths } from '../system/paths.ts';
import { eventAttributes } from './event-texts.ts';
import type { SkiffSpec } from './spec-types.ts';

type Subject = Pick<SkiffSpec, 'id' | 'image' | 'rootfs' | 'name' | 'labels'>;

/** Tells that `action` has been done to the container of `spec`, by Docker's name for it; `more` are attributes of this event. Never fails. */
export const tell = (paths: Paths, spec: Subject, action: string, more: Readonly<Record<string, string>> = {}): void =>
  appendEvent(paths, { type: 'container', action, id: spec.id, attributes: eventAttributes(spec, more) });
