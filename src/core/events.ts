/** Docker's event messages (moby, api/types/events), one a line in the file of events: what a line says, and what is shown of it. Pure. */
import * as t from 'io-ts';
import { isLeft } from 'fp-ts/Either';
import { printable } from './errors.ts';
import { eventJson, fromOf, hasOldMembers, secondsOf } from './event-line.ts';
import { jsonText } from './go-template-functions.ts';
import type { EventMessage } from './event-line.ts';

const lineCodec = t.intersection([
  t.type({ Type: t.string, Action: t.string, Actor: t.type({ ID: t.string, Attributes: t.record(t.string, t.string) }) }),
  t.partial({ scope: t.string }),
]);

/** The time stands last in a line of ours, behind everything that others may choose. */
const timeForm = /,"timeNano":(\d{1,19})\}$/;

/** The message in a line without its newline; undefined where the line is damaged. */
export const decodeEvent = (line: string): EventMessage | undefined => {
  const digits = timeForm.exec(line)?.[1];
  if (digits === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const decoded = lineCodec.decode(value);
  if (isLeft(decoded)) return undefined;
  const { Type: type, Action: action, Actor: actor, scope = 'local' } = decoded.right;
  return { type, action, id: actor.ID, attributes: sorted(Object.entries(actor.Attributes)), scope, nanoseconds: BigInt(digits) };
};

const sorted = (entries: readonly (readonly [string, string])[]): ReadonlyMap<string, string> =>
  new Map([...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));

/** How each line of ours begins. Inside of a JSON string its quotes have backslashes in front. */
const beginning = '{"status":"';

/**
 * The message that a damaged line ends with: a full disk may have cut off a line, and the next writer's then follows without a newline between.
 */
export const salvageEvent = (line: string): EventMessage | undefined => {
  const at = line.lastIndexOf(beginning);
  return at <= 0 ? undefined : decodeEvent(line.slice(at));
};

/** The message as Go templates see it: the names of moby's struct. */
export const eventView = (event: EventMessage): object => ({
  Status: hasOldMembers(event) ? event.action : '',
  ID: hasOldMembers(event) ? event.id : '',
  From: fromOf(event),
  Type: event.type,
  Action: event.action,
  Actor: { ID: event.id, Attributes: event.attributes },
  Scope: event.scope,
  Time: Number(secondsOf(event)),
  TimeNano: event.nanoseconds,
  [jsonText]: () => eventJson(event),
});

/** What a template is tried on before there is an event: Go's zero value of the struct. */
export const emptyEventView = (): object => eventView({ type: '', action: '', id: '', attributes: new Map(), scope: '', nanoseconds: 0n });

const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0');

/** Go's `2006-01-02T15:04:05.000000000Z07:00` in the local zone. */
const localTime = (nanoseconds: bigint): string => {
  const date = new Date(Number(nanoseconds / 1_000_000n));
  const offset = -date.getTimezoneOffset();
  const zone = offset === 0 ? 'Z' : `${offset < 0 ? '-' : '+'}${pad(Math.trunc(Math.abs(offset) / 60))}:${pad(Math.abs(offset) % 60)}`;
  const day = `${pad(date.getFullYear(), 4)}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  const fraction = String(nanoseconds % 1_000_000_000n).padStart(9, '0');
  return `${day}T${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}.${fraction}${zone}`;
};

/** The line without `--format`: time, type, action, id, and the attributes by name. Control characters are shown as `\xNN`. */
export const eventText = (event: EventMessage): string => {
  const attributes = [...event.attributes].map(([name, value]) => `${name}=${value}`).join(', ');
  return printable(`${localTime(event.nanoseconds)} ${event.type} ${event.action} ${event.id}${attributes === '' ? '' : ` (${attributes})`}`);
};
