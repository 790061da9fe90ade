/** An event as one line of JSON (moby, api/types/events), as it is written to the file of events. Pure. */

/** What happened to what. */
export interface EventMessage {
  /** `container`, `image`, … */
  readonly type: string;
  readonly action: string;
  /** Of the container; an image's id or name; empty where it was several things at once, as with `prune`. */
  readonly id: string;
  /** Hostile: labels of images are among them. Sorted by name. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly scope: string;
  /** Nanoseconds since 1970. More than a JavaScript number can tell apart. */
  readonly nanoseconds: bigint;
}

/** Whether the old members `status`, `id` and `from` are there; Docker gives them to containers and images only. */
export const hasOldMembers = ({ type }: EventMessage): boolean => type === 'container' || type === 'image';

/** Whole seconds since 1970. */
export const secondsOf = ({ nanoseconds }: EventMessage): bigint => nanoseconds / 1_000_000_000n;

/** The image of a container's event; empty for others. */
export const fromOf = ({ type, attributes }: EventMessage): string => (type === 'container' ? (attributes.get('image') ?? '') : '');

/** The message as one line of JSON, with Docker's members in Docker's order; those that are empty are left out where Docker does so. */
export const eventJson = (event: EventMessage): string => {
  const old = hasOldMembers(event);
  const from = fromOf(event);
  const text = JSON.stringify({
    ...(old ? { status: event.action } : {}),
    ...(old && event.id !== '' ? { id: event.id } : {}),
    ...(from === '' ? {} : { from }),
    Type: event.type,
    Action: event.action,
    Actor: { ID: event.id, Attributes: Object.fromEntries(event.attributes) },
    scope: event.scope,
    time: Number(secondsOf(event)),
  });
  // The last member has more digits than a number can hold.
  return `${text.slice(0, -1)},"timeNano":${event.nanoseconds}}`;
};

/** The line that goes into the file. Always with `status`, by which the beginning of a line is known. */
export const eventLine = (event: EventMessage): string => {
  const text = eventJson(event);
  return `${hasOldMembers(event) ? text : `{"status":${JSON.stringify(event.action)},${text.slice(1)}`}\n`;
};
