/** `RUN --mount`, by BuildKit's rules and in its words (instructions/commands_runmount.go). Pure. */
import { splitRecord } from '../../core/csv.ts';
import { nearest } from '../../core/nearest.ts';
import { parseSize } from '../../core/sizes.ts';
import { wrong } from './location.ts';

export type MountKind = 'bind' | 'cache' | 'tmpfs' | 'secret' | 'ssh';

export interface RunMount {
  readonly kind: MountKind;
  readonly from?: string;
  readonly source?: string;
  /** May be relative to the working directory. */
  readonly target?: string;
  readonly readOnly: boolean;
  readonly id?: string;
  readonly sharing?: 'shared' | 'private' | 'locked';
  readonly required: boolean;
  /** In bytes. */
  readonly size?: number;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Of a secret: a variable instead of a file. */
  readonly env?: string;
}

const kinds = ['bind', 'cache', 'tmpfs', 'secret', 'ssh'] as const;
const sharings = ['shared', 'private', 'locked'] as const;

type Draft = { -readonly [K in keyof RunMount]?: RunMount[K] };
type Setter = (draft: Draft, value: string, key: string) => void;

const boolOf = (key: string, value: string): boolean => {
  if (/^(1|t|true)$/iu.test(value)) return true;
  return /^(0|f|false)$/iu.test(value) ? false : wrong(`invalid value for ${key}: ${value}`);
};

const among = <W extends string>(what: string, value: string, words: readonly W[]): W => {
  const near = nearest(value, words);
  return words.find((word) => word === value.toLowerCase()) ?? wrong(`unsupported ${what} ${JSON.stringify(value)}${near === undefined ? '' : ` (did you mean ${near}?)`}`);
};

const numberOf = (key: string, value: string, form: RegExp, base: number): number =>
  form.test(value) && Number.parseInt(value, base) < 2 ** 32 ? Number.parseInt(value, base) : wrong(`invalid value ${value} for ${key}`);

const only = (draft: Draft, key: string, allowed: readonly MountKind[]): void => {
  if (!allowed.includes(draft.kind ?? 'bind')) wrong(`unexpected key '${key}' for mount type '${draft.kind ?? 'bind'}'`);
};

const source: Setter = (draft, value) => void (draft.source = value);
const target: Setter = (draft, value) => void (draft.target = value);
const readOnly: Setter = (draft, value, key) => void (draft.readOnly = boolOf(key, value));
const writable: Setter = (draft, value, key) => void (draft.readOnly = !boolOf(key, value));

const setters: Readonly<Record<string, Setter>> = {
  type: (draft, value) => void (draft.kind = among('mount type', value, kinds)),
  from: (draft, value) => void (draft.from = value),
  source,
  src: source,
  target,
  dst: target,
  destination: target,
  readonly: readOnly,
  ro: readOnly,
  readwrite: writable,
  rw: writable,
  required: (draft, value, key) => {
    only(draft, key, ['secret', 'ssh']);
    draft.required = boolOf(key, value);
  },
  size: (draft, value, key) => {
    only(draft, key, ['tmpfs']);
    draft.size = parseSize(value) ?? wrong(`invalid value for ${key}: ${value}`);
  },
  id: (draft, value) => void (draft.id = value),
  sharing: (draft, value) => void (draft.sharing = among('sharing value', value, sharings)),
  mode: (draft, value, key) => void (draft.mode = numberOf(key, value, /^[0-7]+$/u, 8)),
  uid: (draft, value, key) => void (draft.uid = numberOf(key, value, /^\d+$/u, 10)),
  gid: (draft, value, key) => void (draft.gid = numberOf(key, value, /^\d+$/u, 10)),
  env: (draft, value, key) => {
    only(draft, key, ['secret']);
    draft.env = value;
  },
};

/** Keys that may stand without a value. */
const switches = new Set(['readonly', 'ro', 'readwrite', 'rw', 'required']);

const set = (draft: Draft, field: string, expand: (text: string) => string): void => {
  const sign = field.indexOf('=');
  const key = (sign < 0 ? field : field.slice(0, sign)).toLowerCase();
  const setter = Object.hasOwn(setters, key) ? setters[key] : undefined;
  if (sign < 0 && !switches.has(key)) return wrong(`invalid field '${field}' must be a key=value pair`);
  const near = nearest(key, Object.keys(setters));
  if (setter === undefined) return wrong(`unexpected key '${key}' in '${field}'${near === undefined ? '' : ` (did you mean ${near}?)`}`);
  setter(draft, sign < 0 ? 'true' : expand(field.slice(sign + 1)), key);
};

const checked = (draft: Draft): RunMount => {
  const kind = draft.kind ?? 'bind';
  const owned = kind === 'secret' || kind === 'ssh' || kind === 'cache';
  for (const key of ['mode', 'uid', 'gid'] as const) if (!owned && draft[key] !== undefined) wrong(`${key} not allowed for ${JSON.stringify(kind)} type mounts`);
  if (draft.sharing !== undefined && kind !== 'cache') wrong(`invalid cache sharing set for ${kind} mount`);
  if (kind === 'secret') {
    if (draft.from !== undefined) wrong('secret mount should not have a from');
    if (draft.source === undefined && draft.target === undefined && draft.id === undefined && draft.env === undefined) wrong('invalid secret mount. one of source, target required');
    if (draft.source !== undefined && draft.id !== undefined) wrong("both source and id can't be set");
  } else if (kind !== 'ssh' && (draft.target ?? '') === '') wrong(`${kind} mount needs a target`);
  return { ...draft, kind, readOnly: draft.readOnly ?? (kind !== 'cache' && kind !== 'tmpfs'), required: draft.required ?? false };
};

/** The mount that `text` says, its values expanded. Throws a `DockerfileError`. */
export const parseRunMount = (text: string, expand: (text: string) => string): RunMount => {
  const draft: Draft = {};
  for (const field of splitRecord(text) ?? wrong(`failed to parse csv mounts: ${text}`)) set(draft, field, expand);
  return checked(draft);
};

/** What can be said of mounts before variables are known: which stage one needs must not depend on them. */
export const checkMounts = (mounts: readonly string[]): void => {
  for (const text of mounts) {
    const fields = splitRecord(text) ?? wrong(`failed to parse csv mounts: ${text}`);
    const from = fields.find((field) => /^from=/iu.test(field));
    if (from !== undefined && /\$./u.test(from)) wrong("'from' doesn't support variable expansion, define alias stage instead");
    if (!fields.some((field) => field.includes('$'))) parseRunMount(text, (word) => word);
  }
};
