/** `--mount type=bind|volume|tmpfs|image,…` (docker/cli opts/mount.go): one CSV record of `key=value` and bare keys. */
import { splitRecord } from './csv.ts';
import { attempt, usage } from './invalid.ts';
import { cleanPath, parsePropagation, parseTarget } from './mounts.ts';
import { wordHint } from './nearest.ts';
import { parseSize } from './sizes.ts';
import { checkVolumeName } from './volume-name.ts';
import type { BindRequest, ImageMount, MountRequest, TmpfsRequest, VolumeMount } from './mounts.ts';
import type { Either } from 'fp-ts/Either';
import type { SkiffError } from './errors.ts';

const aliases: Readonly<Record<string, string>> = { src: 'source', dst: 'target', destination: 'target', ro: 'readonly' };
const commonKeys: readonly string[] = ['type', 'source', 'target', 'readonly', 'consistency'];
const bindKeys: readonly string[] = ['bind-propagation', 'bind-recursive', 'bind-nonrecursive', 'bind-create-src'];
const tmpfsKeys: readonly string[] = ['tmpfs-size', 'tmpfs-mode'];
const volumeKeys: readonly string[] = ['volume-nocopy', 'volume-subpath', 'volume-driver', 'volume-opt', 'volume-label'];
const imageKeys: readonly string[] = ['image-subpath'];
/** Keys that may stand alone, meaning true. */
const switches: readonly string[] = ['readonly', 'bind-nonrecursive', 'bind-create-src', 'volume-nocopy'];
/** Keys that may occur more than once, with values of their own: `NAME=VALUE`. */
const lists: readonly string[] = ['volume-opt', 'volume-label'];
const knownKeys: readonly string[] = [...commonKeys, ...bindKeys, ...tmpfsKeys, ...volumeKeys, ...imageKeys, ...Object.keys(aliases)];

interface Fields {
  readonly one: ReadonlyMap<string, string>;
  readonly many: ReadonlyMap<string, readonly string[]>;
}

const readFields = (text: string): Fields => {
  const one = new Map<string, string>();
  const many = new Map<string, readonly string[]>();
  for (const field of splitRecord(text) ?? usage(`invalid --mount '${text}': a quotation mark is out of place`)) {
    const at = field.indexOf('=');
    const typed = (at < 0 ? field : field.slice(0, at)).trim().toLowerCase();
    const key = aliases[typed] ?? typed;
    if (!knownKeys.includes(key)) return usage(`invalid --mount '${text}': unknown key '${typed}'`, wordHint(typed, knownKeys));
    if (at < 0 && !switches.includes(key)) return usage(`invalid --mount '${text}': '${typed}' needs a value`, `write ${typed}=…`);
    const value = at < 0 ? 'true' : field.slice(at + 1);
    one.set(key, value);
    if (lists.includes(key)) many.set(key, [...(many.get(key) ?? []), value]);
  }
  return { one, many };
};

const readBoolean = ({ one }: Fields, key: string, text: string): boolean => {
  const value = one.get(key) ?? 'false';
  if (/^(1|t|true)$/i.test(value)) return true;
  return /^(0|f|false)$/i.test(value) ? false : usage(`invalid --mount '${text}': ${key}=${value} is neither true nor false`);
};

const ownKeys: readonly string[] = [...bindKeys, ...tmpfsKeys, ...volumeKeys, ...imageKeys];

/** Docker's sentence for options of another type (docker/cli opts/mount_utils.go). */
const noOthers = ({ one }: Fields, type: string, text: string): void => {
  const wrong = ownKeys.find((key) => one.has(key) && !key.startsWith(`${type}-`));
  if (wrong !== undefined) usage(`invalid --mount '${text}': cannot mix '${wrong.replace(/-.*/, '')}-*' options with mount type '${type}'`, `leave '${wrong}' out`);
};

const targetOf = ({ one }: Fields, text: string): string => parseTarget(one.get('target') ?? '', text);

const bindSource = ({ one }: Fields, cwd: string, text: string): string => {
  const source = one.get('source') ?? '';
  if (source.startsWith('/') && !source.includes('\0')) return cleanPath(source);
  if (/^\.\.?(\/|$)/.test(source)) return cleanPath(`${cwd}/${source}`);
  if (source === '') return usage(`invalid --mount '${text}': source is missing`, 'write source=/host/path');
  return usage(`invalid --mount '${text}': the source '${source}' is not a path`, `write source=./${source} for a path below this directory, or type=volume for a volume`);
};

const bindRecursion = (fields: Fields, readOnly: boolean, text: string): BindRequest['recursive'] => {
  const value = fields.one.get('bind-recursive') ?? (readBoolean(fields, 'bind-nonrecursive', text) ? 'disabled' : 'enabled');
  if (value !== 'enabled' && value !== 'disabled' && value !== 'writable' && value !== 'readonly') {
    return usage(`invalid --mount '${text}': bind-recursive=${value}`, 'use enabled, disabled, writable or readonly');
  }
  if (value === 'readonly' && !readOnly) return usage(`invalid --mount '${text}': bind-recursive=readonly needs readonly`);
  return value;
};

const bindMount = (fields: Fields, cwd: string, text: string): BindRequest => {
  const readOnly = readBoolean(fields, 'readonly', text);
  return {
    kind: 'bind',
    typed: text,
    source: bindSource(fields, cwd, text),
    target: targetOf(fields, text),
    readOnly,
    propagation: parsePropagation((fields.one.get('bind-propagation') ?? 'rprivate').toLowerCase(), text),
    recursive: bindRecursion(fields, readOnly, text),
    createSource: readBoolean(fields, 'bind-create-src', text),
    relabel: false,
    chown: false,
    mode: '',
  };
};

const tmpfsMount = (fields: Fields, text: string): TmpfsRequest => {
  if (fields.one.has('source')) usage(`invalid --mount '${text}': 'source' does not go with type=tmpfs`);
  const mode = fields.one.get('tmpfs-mode');
  const sizeText = fields.one.get('tmpfs-size');
  const size = sizeText === undefined ? 0 : parseSize(sizeText);
  if (size === undefined) return usage(`invalid --mount '${text}': tmpfs-size=${sizeText} is not a size`, 'write tmpfs-size=64m');
  if (mode !== undefined && !/^[0-7]{1,5}$/.test(mode)) return usage(`invalid --mount '${text}': tmpfs-mode=${mode} is not octal`, 'write tmpfs-mode=1777');
  const readOnly = readBoolean(fields, 'readonly', text) ? ['ro'] : [];
  const options = [...readOnly, ...(mode === undefined ? [] : [`mode=${mode}`]), ...(size === 0 ? [] : [`size=${size}`])];
  return { kind: 'tmpfs', typed: text, target: targetOf(fields, text), options };
};

/** `NAME=VALUE` each; a name alone has an empty value. */
const dictionary = (values: readonly string[] | undefined, key: string, text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    (values ?? []).map((value): readonly [string, string] => {
      const [name = '', rest = ''] = value.split(/=(.*)/s);
      return name === '' ? usage(`invalid --mount '${text}': ${key}=${value} has no name`, `write ${key}=NAME=VALUE`) : [name, rest];
    }),
  );

/** A path beneath the volume or image. What links say is found out when it is mounted. */
const subpathOf = ({ one }: Fields, kind: 'volume' | 'image', text: string): string => {
  const key = `${kind}-subpath`;
  const subpath = one.get(key) ?? '';
  if (subpath.includes('\0')) return usage(`invalid --mount '${text}': ${key} contains a NUL`);
  if (subpath.startsWith('/') || subpath.split('/').includes('..')) {
    return usage(`invalid --mount '${text}': ${key}=${subpath} is not a path beneath the ${kind}`, 'write it without / in front and without ..');
  }
  return subpath.split('/').filter((part) => part !== '' && part !== '.').join('/');
};

const volumeMount = (fields: Fields, text: string): VolumeMount => {
  const name = fields.one.get('source') ?? '';
  const subpath = subpathOf(fields, 'volume', text);
  if (name !== '') checkVolumeName(name);
  else if (subpath !== '') usage(`invalid --mount '${text}': volume-subpath needs a volume that has a name`, 'write source=NAME');
  return {
    kind: 'volume',
    typed: text,
    name,
    target: targetOf(fields, text),
    readOnly: readBoolean(fields, 'readonly', text),
    noCopy: readBoolean(fields, 'volume-nocopy', text),
    chown: false,
    relabel: false,
    subpath,
    driver: fields.one.get('volume-driver') ?? '',
    options: dictionary(fields.many.get('volume-opt'), 'volume-opt', text),
    labels: dictionary(fields.many.get('volume-label'), 'volume-label', text),
    mode: '',
  };
};

/** Docker lets `readonly=false` pass and mounts read-only all the same. */
const imageMount = (fields: Fields, text: string): ImageMount => {
  const source = fields.one.get('source') ?? '';
  if (source === '') usage(`invalid --mount '${text}': source is missing`, 'write source=IMAGE[:TAG]');
  const readOnly = readBoolean(fields, 'readonly', text);
  if (fields.one.has('readonly') && !readOnly) usage(`invalid --mount '${text}': an image can only be mounted read-only`, 'leave readonly out, or copy what you need into a volume');
  return { kind: 'image', typed: text, source, target: targetOf(fields, text), readOnly, subpath: subpathOf(fields, 'image', text) };
};

/** One `--mount` value; `cwd` is the caller's absolute working directory. Without a type it is a volume, as in Docker. */
export const parseMount = (text: string, cwd: string): Either<SkiffError, MountRequest> =>
  attempt(() => {
    const fields = readFields(text);
    const type = (fields.one.get('type') ?? 'volume').toLowerCase();
    if (type !== 'bind' && type !== 'tmpfs' && type !== 'volume' && type !== 'image') {
      return usage(`invalid --mount '${text}': unknown type '${type}'`, 'use type=bind, type=volume, type=tmpfs or type=image');
    }
    noOthers(fields, type, text);
    if (!fields.one.has('target')) return usage(`invalid --mount '${text}': target is missing`, 'write target=/path/in/container');
    if (type === 'volume') return volumeMount(fields, text);
    if (type === 'image') return imageMount(fields, text);
    return type === 'bind' ? bindMount(fields, cwd, text) : tmpfsMount(fields, text);
  });
