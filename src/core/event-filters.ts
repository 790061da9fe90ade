/** `--filter` of `events`, by the rules of Docker's engine (moby, daemon/events/filter.go). Pure. */
import { usage } from './invalid.ts';
import { familiarRepository, parseReference } from './reference.ts';
import type { EventMessage } from './event-line.ts';

export type EventFilter = (event: EventMessage) => boolean;

/** Those that name a thing by its id or its name, or by the beginning of one; Docker does not ask of which type the event is. */
const things = ['container', 'image', 'volume', 'network', 'daemon', 'plugin', 'node', 'service', 'secret', 'config'] as const;

const keys: readonly string[] = [...things, 'event', 'label', 'scope', 'type'];

/** These actions go on with a colon and a command or a word, so that the beginning is enough. */
const openActions: ReadonlySet<string> = new Set(['health_status', 'exec_create', 'exec_start']);

/** The repository of a reference, without its tag; what is none stays as it is. */
const withoutTag = (image: string): string => {
  const reference = parseReference(image);
  return '_tag' in reference ? image : familiarRepository(reference);
};

type Test = (event: EventMessage, values: readonly string[]) => boolean;

const startsWithAny = (text: string, values: readonly string[]): boolean => values.some((value) => text.startsWith(value));

const eventTest: Test = ({ action }, values) => (values.some((value) => openActions.has(value)) ? startsWithAny(action, values) : values.includes(action));

/** An image by its id or name in its own events, and by the name in those of its containers; with a tag or without. */
const imageTest: Test = ({ type, id, attributes }, values) => {
  const name = attributes.get(type === 'image' ? 'name' : 'image') ?? '';
  return [id, name, withoutTag(id), withoutTag(name)].some((text) => values.includes(text));
};

const labelTest: Test = ({ attributes }, values) =>
  values.every((value) => {
    const at = value.indexOf('=');
    const key = at < 0 ? value : value.slice(0, at);
    return attributes.has(key) && (at < 0 || attributes.get(key) === value.slice(at + 1));
  });

const thingTest: Test = ({ id, attributes }, values) => startsWithAny(id, values) || startsWithAny(attributes.get('name') ?? '', values);

const testOf = (key: string): Test => {
  switch (key) {
    case 'event':
      return eventTest;
    case 'image':
      return imageTest;
    case 'label':
      return labelTest;
    case 'scope':
      return ({ scope }, values) => values.includes(scope);
    case 'type':
      return ({ type }, values) => values.includes(type);
    default:
      return thingTest;
  }
};

const parse = (text: string): readonly [key: string, value: string] => {
  const at = text.indexOf('=');
  if (at < 0) return usage(`invalid argument "${text}" for "-f, --filter" flag: bad format of filter (expected name=value)`);
  const key = text.slice(0, at).trim().toLowerCase();
  if (!keys.includes(key)) return usage(`invalid filter '${key}'`, `the filters are ${[...keys].sort().join(', ')}`);
  return [key, text.slice(at + 1).trim()];
};

/** Whether an event passes `filters`, each `KEY=VALUE`: values of one key are alternatives (labels must all be there), different keys must all match. Throws Usage. */
export const eventFilter = (filters: readonly string[]): EventFilter => {
  const groups = new Map<string, string[]>();
  for (const [key, value] of filters.filter((text) => text !== '').map(parse)) groups.set(key, [...(groups.get(key) ?? []), value]);
  const tests = [...groups].map(([key, values]) => [testOf(key), values] as const);
  return (event) => tests.every(([test, values]) => test(event, values));
};
