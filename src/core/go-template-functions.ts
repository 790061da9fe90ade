import { fail } from './errors.ts';

/** Fails with one line about a template that parses but cannot be carried out. */
export const executionError = (message: string): never => fail({ _tag: 'Usage', message: `template: ${message}` });

/** Go's notion of an empty value: false, 0, "", nil, and anything without elements. */
export const isTrue = (value: unknown): boolean => {
  if (value === null || value === undefined) return false;
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Map) return value.size > 0;
  if (typeof value === 'object') return Object.keys(value).length > 0;
  return Boolean(value);
};

/** A value as Go's `%v` prints it: `[a b]`, `map[k:v]`, `{x y}`, `<nil>`. */
export const goString = (value: unknown): string => {
  if (value === undefined) return '<no value>';
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goString).join(' ')}]`;
  if (value instanceof Map) return `map[${sortedEntries(value).map(([key, item]) => `${key}:${goString(item)}`).join(' ')}]`;
  if (value instanceof Number) return value.toString();
  if (typeof value === 'object') return `{${Object.values(value).map(goString).join(' ')}}`;
  return typeof value === 'function' ? '<func>' : String(value);
};

/** A map's entries in the order in which Go's templates go through them. */
export const sortedEntries = (map: ReadonlyMap<unknown, unknown>): readonly (readonly [string, unknown])[] =>
  [...map].map(([key, item]) => [String(key), item] as const).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

/** A struct whose names in JSON are not those of its fields has a method of this name that makes its JSON. */
export const jsonText: unique symbol = Symbol('json');

const ownJson = (value: unknown): string | undefined => (typeof value === 'object' && value !== null ? (value as { readonly [jsonText]?: () => string })[jsonText]?.() : undefined);

/** A value as JSON on one line, maps as objects. */
export const toJson = (value: unknown): string =>
  ownJson(value) ?? (typeof value === 'bigint' ? String(value) : plainJson(value));

const plainJson = (value: unknown): string => JSON.stringify(value, (_, item: unknown) => (item instanceof Map ? Object.fromEntries(sortedEntries(item)) : item)) ?? 'null';

/** An element by position or key: `index .Ports "80/tcp" 0`. What a map does not hold is empty, a position outside of a list an error. */
const index = (value: unknown, ...keys: readonly unknown[]): unknown => keys.reduce(element, value);

const element = (value: unknown, key: unknown): unknown => {
  if (Array.isArray(value) || typeof value === 'string') {
    const at = Number(key);
    if (!Number.isInteger(at) || at < 0 || at >= value.length) return executionError(`index out of range: ${goString(key)}`);
    return typeof value === 'string' ? value.charCodeAt(at) : value[at];
  }
  if (value instanceof Map) return value.get(key) ?? '';
  if (value === null || value === undefined) return executionError('index of nil');
  if (typeof value !== 'object') return executionError(`cannot index ${goString(value)}`);
  return Object.hasOwn(value, String(key)) ? (value as Record<string, unknown>)[String(key)] : '';
};

const len = (value: unknown): number => {
  if (typeof value === 'string') return new TextEncoder().encode(value).length;
  if (Array.isArray(value)) return value.length;
  if (value instanceof Map) return value.size;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length;
  return executionError(`len of ${goString(value)}`);
};

const slice = (value: unknown, from: unknown = 0, to?: unknown): unknown => {
  if (typeof value !== 'string' && !Array.isArray(value)) return executionError(`cannot slice ${goString(value)}`);
  const end = to === undefined ? value.length : Number(to);
  if (!(Number(from) >= 0 && Number(from) <= end && end <= value.length)) return executionError(`index out of range: ${goString(from)}:${goString(to)}`);
  return value.slice(Number(from), end);
};

const text = (value: unknown, name: string): string => (typeof value === 'string' ? value : executionError(`${name} needs a string, not ${goString(value)}`));

const count = (value: unknown, name: string): number => {
  const number = Number(value);
  return Number.isInteger(number) && number >= 0 && number <= 10_000 ? number : executionError(`${name} needs a small number, not ${goString(value)}`);
};

const join = (value: unknown, separator: unknown): string =>
  Array.isArray(value) ? value.map(goString).join(text(separator, 'join')) : executionError(`join needs a list, not ${goString(value)}`);

const compare = (a: unknown, b: unknown): number => {
  if (typeof a !== typeof b || (typeof a !== 'string' && typeof a !== 'number')) return executionError(`cannot compare ${goString(a)} with ${goString(b)}`);
  return a === b ? 0 : a < (b as string | number) ? -1 : 1;
};

const print = (...values: readonly unknown[]): string =>
  values.map((value, at) => `${at > 0 && typeof value !== 'string' && typeof values[at - 1] !== 'string' ? ' ' : ''}${goString(value)}`).join('');

/** Go's Sprintf for the verbs that templates use: v s d q x t f c and %%, with flags, width and precision. */
const printf = (format: unknown, ...values: readonly unknown[]): string => {
  let used = 0;
  const result = text(format, 'printf').replace(/%([-+0 #]*)(\d*)(?:\.(\d+))?([a-zA-Z%])/g, (_, flags: string, width: string, precision: string | undefined, verb: string) => {
    if (verb === '%') return '%';
    if (used >= values.length) return `%!${verb}(MISSING)`;
    const shown = formatVerb(verb, values[used++], precision === undefined ? undefined : count(precision, 'printf'), flags);
    const wide = width === '' ? 0 : count(width, 'printf');
    if (flags.includes('-')) return shown.padEnd(wide);
    return flags.includes('0') && /^[+-]?\d/.test(shown) ? zeroPadded(shown, wide) : shown.padStart(wide);
  });
  return used < values.length ? `${result}%!(EXTRA ${values.slice(used).map(goString).join(', ')})` : result;
};

const zeroPadded = (number: string, width: number): string => {
  const sign = /^[+-]/.exec(number)?.[0] ?? '';
  return sign + number.slice(sign.length).padStart(width - sign.length, '0');
};

const formatVerb = (verb: string, value: unknown, precision: number | undefined, flags: string): string => {
  const plus = flags.includes('+') && typeof value === 'number' && value >= 0 ? '+' : '';
  switch (verb) {
    case 'v':
      return plus + goString(value);
    case 's':
      return [...goString(value)].slice(0, precision).join('');
    case 'd':
      if (typeof value === 'bigint') return String(value);
      return typeof value === 'number' ? plus + String(Math.trunc(value)) : `%!d(${goString(value)})`;
    case 'f':
      return typeof value === 'number' ? plus + value.toFixed(Math.min(precision ?? 6, 100)) : `%!f(${goString(value)})`;
    case 'x':
      return typeof value === 'number' ? Math.trunc(value).toString(16) : [...new TextEncoder().encode(goString(value))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    case 'c':
      return typeof value === 'number' && value >= 0 && value <= 0x10ffff ? String.fromCodePoint(value) : '\ufffd';
    case 'q':
      return JSON.stringify(goString(value));
    case 't':
      return typeof value === 'boolean' ? String(value) : `%!t(${goString(value)})`;
    default:
      return `%!${verb}(${goString(value)})`;
  }
};

type TemplateFunction = (...args: readonly unknown[]) => unknown;

/** Go's own functions and those that Docker adds. `and` and `or` are evaluated by the engine, which must not evaluate all their arguments. */
export const functions: ReadonlyMap<string, TemplateFunction> = new Map<string, TemplateFunction>([
  ['not', (value) => !isTrue(value)],
  ['eq', (value, ...others) => others.some((other) => value === other || (value ?? null) === (other ?? null))],
  ['ne', (a, b) => a !== b],
  ['lt', (a, b) => compare(a, b) < 0],
  ['le', (a, b) => compare(a, b) <= 0],
  ['gt', (a, b) => compare(a, b) > 0],
  ['ge', (a, b) => compare(a, b) >= 0],
  ['index', index],
  ['len', len],
  ['slice', slice],
  ['print', print],
  ['println', (...values) => `${values.map(goString).join(' ')}\n`],
  ['printf', printf],
  ['json', toJson],
  ['join', join],
  ['split', (value, separator) => text(value, 'split').split(text(separator, 'split'))],
  ['lower', (value) => text(value, 'lower').toLowerCase()],
  ['upper', (value) => text(value, 'upper').toUpperCase()],
  ['title', (value) => text(value, 'title').replace(/(^|[^\p{L}\p{N}_'])(\p{L})/gu, (_, before: string, letter: string) => before + letter.toUpperCase())],
  ['pad', (value, before, after) => (value === '' ? '' : ' '.repeat(count(before, 'pad')) + text(value, 'pad') + ' '.repeat(count(after, 'pad')))],
  ['truncate', (value, length) => [...text(value, 'truncate')].slice(0, count(length, 'truncate')).join('')],
]);

/** Least and most arguments of each function that minds. */
export const arities: ReadonlyMap<string, readonly [least: number, most: number]> = new Map([
  ['not', [1, 1]],
  ['eq', [2, Infinity]],
  ['ne', [2, 2]],
  ['lt', [2, 2]],
  ['le', [2, 2]],
  ['gt', [2, 2]],
  ['ge', [2, 2]],
  ['index', [1, Infinity]],
  ['len', [1, 1]],
  ['slice', [1, 3]],
  ['printf', [1, Infinity]],
  ['json', [1, 1]],
  ['join', [2, 2]],
  ['split', [2, 2]],
  ['lower', [1, 1]],
  ['upper', [1, 1]],
  ['title', [1, 1]],
  ['pad', [3, 3]],
  ['truncate', [2, 2]],
]);
