/** What volume plugins say, taken apart; nothing in it is believed before it has passed here. Pure. */
import * as t from 'io-ts';
import { isLeft } from 'fp-ts/Either';
import { fail } from '../../core/errors.ts';
import { cleanPath } from '../../core/mounts.ts';
import { isVolumeName } from '../../core/volume-name.ts';
import type { PluginTls } from './place.ts';

/** Names of members as the protocol has them; Go reads and some plugins write them in any case. */
const members: readonly string[] = ['Err', 'Implements', 'Mountpoint', 'Volume', 'Volumes', 'Name', 'CreatedAt', 'Status', 'Capabilities', 'Scope', 'Addr', 'TLSConfig', 'InsecureSkipVerify', 'CAFile', 'CertFile', 'KeyFile'];
const byLowerCase = new Map(members.map((name) => [name.toLowerCase(), name]));

/** `Status` is the plugin's own and keeps its names. */
const withOurNames = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withOurNames);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => {
    const name = byLowerCase.get(key.toLowerCase()) ?? key;
    return [name, name === 'Status' ? member : withOurNames(member)];
  }));
};

const orNull = <C extends t.Mixed>(codec: C) => t.union([codec, t.null, t.undefined]);

const longest = 4096;
const word = t.refinement(t.string, (text) => text.length <= longest && !/[\0-\x1f\x7f]/.test(text), 'text');
/** A path that means what it says: absolute, without `.` and `..`. A slash at its end is forgiven. */
const path = t.refinement(word, (text) => text === '' || (text.startsWith('/') && cleanPath(text) === text.replace(/(?<=.)\/+$/, '')), 'absolute, clean path');

const volume = t.type({ Name: t.refinement(t.string, isVolumeName, 'volume name'), Mountpoint: orNull(path), CreatedAt: orNull(word), Status: orNull(t.record(t.string, t.unknown)) });

const answers = {
  activate: t.type({ Implements: t.array(word) }),
  done: t.type({}),
  mountpoint: t.type({ Mountpoint: orNull(path) }),
  get: t.type({ Volume: volume }),
  list: t.type({ Volumes: orNull(t.array(t.unknown)) }),
  capabilities: t.type({ Capabilities: t.type({ Scope: word }) }),
} as const;

export type AnswerKind = keyof typeof answers;
export type Answer<K extends AnswerKind> = t.TypeOf<(typeof answers)[K]>;
export type PluginVolume = t.TypeOf<typeof volume>;

const placeOf = (errors: t.Errors): string => {
  const keys = errors[0]?.context.map(({ key }) => key).filter((key) => key !== '' && !/^\d+$/.test(key)) ?? [];
  return keys.length === 0 ? 'it is not what was asked for' : `the value of ${keys.join('.')} does not fit`;
};

const parse = (text: string): unknown => {
  try {
    return withOurNames(JSON.parse(text));
  } catch {
    return undefined;
  }
};

/** What an answer says has gone wrong; undefined where it says nothing of the kind. */
export const errorIn = (text: string): string | undefined => {
  const value = parse(text);
  const words = typeof value === 'object' && value !== null && 'Err' in value ? value.Err : undefined;
  return typeof words === 'string' && words !== '' ? words.slice(0, longest) : undefined;
};

/** The answer to `call` (as in `VolumeDriver.Get`) of the plugin `name`. Throws Corrupt where it is none. */
export const decodeAnswer = <K extends AnswerKind>(kind: K, text: string, name: string, call: string): Answer<K> => {
  const value = parse(text);
  const decoded = answers[kind].decode(value);
  if (isLeft(decoded)) {
    return fail({ _tag: 'Corrupt', subject: `the answer of volume plugin ${name} to ${call}`, reason: value === undefined ? 'it is not JSON' : placeOf(decoded.left) });
  }
  return decoded.right as Answer<K>;
};

/** Those of a list that can be understood; the others are none of ours to show. */
export const volumesIn = ({ Volumes }: Answer<'list'>): readonly PluginVolume[] =>
  (Volumes ?? []).flatMap((value) => {
    const decoded = volume.decode(value);
    return isLeft(decoded) ? [] : [decoded.right];
  });

const specification = t.type({
  Addr: word,
  TLSConfig: orNull(t.type({ InsecureSkipVerify: orNull(t.boolean), CAFile: orNull(path), CertFile: orNull(path), KeyFile: orNull(path) })),
});

/** A file `NAME.json`. Throws Corrupt. */
export const decodeSpecification = (text: string, file: string): { readonly address: string; readonly tls?: PluginTls } => {
  const decoded = specification.decode(parse(text));
  if (isLeft(decoded)) return fail({ _tag: 'Corrupt', subject: file, reason: placeOf(decoded.left), hint: 'it needs at least {"Name": "NAME", "Addr": "unix:///PATH"}' });
  const { Addr, TLSConfig } = decoded.right;
  if (TLSConfig === undefined || TLSConfig === null) return { address: Addr };
  const { InsecureSkipVerify, CAFile, CertFile, KeyFile } = TLSConfig;
  const files = Object.entries({ ca: CAFile, cert: CertFile, key: KeyFile }).filter((entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1] !== '');
  return { address: Addr, tls: { insecureSkipVerify: InsecureSkipVerify === true, ...Object.fromEntries(files) } };
};
