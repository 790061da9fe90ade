/** `--mount type=bind|tmpfs,…` (docker/cli opts/mount.go): one CSV record of `key=value` and bare keys. */
import { splitRecord } from './csv.ts';
import { attempt, refuse, usage } from './invalid.ts';
import { cleanPath, parsePropagation, parseTarget } from './mounts.ts';
import { wordHint } from './nearest.ts';
import { parseSize } from './sizes.ts';
import type { BindRequest, MountRequest, TmpfsRequest } from './mounts.ts';
import type { Either } from 'fp-ts/Either';
import type { SkiffError } from './errors.ts';

const aliases: Readonly<Record<string, string>> = { src: 'source', dst: 'target', destination: 'target', ro: 'readonly' };
const commonKeys: readonly string[] = ['type', 'source', 'target', 'readonly', 'consistency'];
const bindKeys: readonly string[] = ['bind-propagation', 'bind-recursive', 'bind-nonrecursive', 'bind-create-src'];
const tmpfsKeys: readonly string[] = ['tmpfs-size', 'tmpfs-mode'];
/** Keys that may stand alone, meaning true. */
const switches: readonly string[] = ['readonly', 'bind-nonrecursive', 'bind-create-src'];
const knownKeys: readonly string[] = [...commonKeys, ...bindKeys, ...tmpfsKeys, ...Object.keys(aliases)];

type Fields = ReadonlyMap<string, string>;

const readFields = (text: string): Fields => {
  const fields = new Map<string, string>();
  for (const field of splitRecord(text) ?? usage(`invalid --mount '${text}': a quotation mark is out of place`)) {
    const at = field.indexOf('=');
    const typed = (at < 0 ? field : field.slice(0, at)).trim().toLowerCase();
    const key = aliases[typed] ?? typed;
    if (/^(volume|image)-/.test(key)) return noVolumes(text);
    if (!knownKeys.includes(key)) return usage(`invalid --mount '${text}': unknown key '${typed}'`, wordHint(typed, knownKeys));
    if (at < 0 && !switches.includes(key)) return usage(`invalid --mount '${text}': '${typed}' needs a value`, `write ${typed}=…`);
    fields.set(key, at < 0 ? 'true' : field.slice(at + 1));
  }
  return fields;
};

const noVolumes = (text: string): never =>
  refuse(`--mount '${text}': named volumes and image mounts are not here yet`, 'use type=bind,source=/host/path,target=/path or type=tmpfs,target=/path');

const readBoolean = (fields: Fields, key: string, text: string): boolean => {
  const value = fields.get(key) ?? 'false';
  if (/^(1|t|true)$/i.test(value)) return true;
  return /^(0|f|false)$/i.test(value) ? false : usage(`invalid --mount '${text}': ${key}=${value} is neither true nor false`);
};

const noKeysOf = (keys: readonly string[], fields: Fields, type: string, text: string): void => {
  const wrong = keys.find((key) => fields.has(key));
  if (wrong !== undefined) usage(`invalid --mount '${text}': '${wrong}' does not go with type=${type}`);
};

const bindSource = (fields: Fields, cwd: string, text: string): string => {
  const source = fields.get('source') ?? '';
  if (source.startsWith('/') && !source.includes('\0')) return cleanPath(source);
  if (/^\.\.?(\/|$)/.test(source)) return cleanPath(`${cwd}/${source}`);
  if (source === '') return usage(`invalid --mount '${text}': source is missing`, 'write source=/host/path');
  return usage(`invalid --mount '${text}': the source '${source}' is not a path`, `write source=./${source} for a path below this directory`);
};

const bindRecursion = (fields: Fields, readOnly: boolean, text: string): BindRequest['recursive'] => {
  const value = fields.get('bind-recursive') ?? (readBoolean(fields, 'bind-nonrecursive', text) ? 'disabled' : 'enabled');
  if (value !== 'enabled' && value !== 'disabled' && value !== 'writable' && value !== 'readonly') {
    return usage(`invalid --mount '${text}': bind-recursive=${value}`, 'use enabled, disabled, writable or readonly');
  }
  if (value === 'readonly' && !readOnly) return usage(`invalid --mount '${text}': bind-recursive=readonly needs readonly`);
  return value;
};

const bindMount = (fields: Fields, cwd: string, text: string): BindRequest => {
  noKeysOf(tmpfsKeys, fields, 'bind', text);
  const readOnly = readBoolean(fields, 'readonly', text);
  return {
    kind: 'bind',
    typed: text,
    source: bindSource(fields, cwd, text),
    target: parseTarget(fields.get('target') ?? '', text),
    readOnly,
    propagation: parsePropagation((fields.get('bind-propagation') ?? 'rprivate').toLowerCase(), text),
    recursive: bindRecursion(fields, readOnly, text),
    createSource: readBoolean(fields, 'bind-create-src', text),
    relabel: false,
  };
};

const tmpfsMount = (fields: Fields, text: string): TmpfsRequest => {
  noKeysOf([...bindKeys, 'source'], fields, 'tmpfs', text);
  const mode = fields.get('tmpfs-mode');
  const sizeText = fields.get('tmpfs-size');
  const size = sizeText === undefined ? 0 : parseSize(sizeText);
  if (size === undefined) return usage(`invalid --mount '${text}': tmpfs-size=${sizeText} is not a size`, 'write tmpfs-size=64m');
  if (mode !== undefined && !/^[0-7]{1,5}$/.test(mode)) return usage(`invalid --mount '${text}': tmpfs-mode=${mode} is not octal`, 'write tmpfs-mode=1777');
  const readOnly = readBoolean(fields, 'readonly', text) ? ['ro'] : [];
  const options = [...readOnly, ...(mode === undefined ? [] : [`mode=${mode}`]), ...(size === 0 ? [] : [`size=${size}`])];
  return { kind: 'tmpfs', typed: text, target: parseTarget(fields.get('target') ?? '', text), options };
};

/** One `--mount` value; `cwd` is the caller's absolute working directory. Without a type it is a volume, as in Docker, and refused. */
export const parseMount = (text: string, cwd: string): Either<SkiffError, MountRequest> =>
  attempt(() => {
    const fields = readFields(text);
    const type = (fields.get('type') ?? 'volume').toLowerCase();
    if (type === 'volume' || type === 'image') return noVolumes(text);
    if (type !== 'bind' && type !== 'tmpfs') return usage(`invalid --mount '${text}': unknown type '${type}'`, 'use type=bind or type=tmpfs');
    if (!fields.has('target')) return usage(`invalid --mount '${text}': target is missing`, 'write target=/path/in/container');
    return type === 'bind' ? bindMount(fields, cwd, text) : tmpfsMount(fields, text);
  });
