/** `-v [SOURCE:]TARGET[:OPTIONS]` (moby volume/mounts/linux_parser.go, docker/cli opts). */
import { attempt, usage } from './invalid.ts';
import { cleanPath, parsePropagation, parseTarget } from './mounts.ts';
import { checkVolumeName } from './volume-name.ts';
import type { BindRequest, Propagation, VolumeMount } from './mounts.ts';
import type { Either } from 'fp-ts/Either';
import type { SkiffError } from './errors.ts';

const propagations: readonly string[] = ['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared'];
/** Docker Desktop's consistency words; without meaning on Linux, where every view is consistent. */
const consistencies: readonly string[] = ['consistent', 'cached', 'delegated', 'default'];

interface Options {
  readonly readOnly: boolean;
  readonly relabel: boolean;
  readonly propagation: Propagation | undefined;
  readonly noCopy: boolean;
  readonly chown: boolean;
}

/** The group of mutually exclusive words that `option` is of. */
const groupOf = (option: string): string | undefined => {
  if (option === 'ro' || option === 'rw') return 'mode';
  if (option === 'z' || option === 'Z') return 'label';
  if (option === 'nocopy') return 'copy';
  if (option === 'U') return 'owner';
  if (propagations.includes(option)) return 'propagation';
  return consistencies.includes(option) ? 'consistency' : undefined;
};

const hint = 'use ro, rw, nocopy, U, z, Z, rprivate, private, rslave or slave';

const parseOptions = (text: string, typed: string): Options => {
  const chosen = new Map<string, string>();
  for (const option of text === '' ? [] : text.split(',')) {
    const group = groupOf(option);
    if (group === undefined) return usage(`invalid volume '${typed}': unknown option '${option}'`, hint);
    if (chosen.has(group)) return usage(`invalid volume '${typed}': '${chosen.get(group)}' and '${option}' contradict each other`);
    chosen.set(group, option);
  }
  const propagation = chosen.get('propagation');
  return {
    readOnly: chosen.get('mode') === 'ro',
    relabel: chosen.has('label'),
    propagation: propagation === undefined ? undefined : parsePropagation(propagation, typed),
    noCopy: chosen.has('copy'),
    chown: chosen.has('owner'),
  };
};

/** A host path as typed made absolute: `.`, `..`, `./x` and `../x` against `cwd`; undefined for a volume's name. Bare relative paths are refused. */
const resolveSource = (source: string, cwd: string, typed: string): string | undefined => {
  if (source.startsWith('/')) return cleanPath(source);
  if (/^\.\.?(\/|$)/.test(source)) return cleanPath(`${cwd}/${source}`);
  if (source.startsWith('~')) return usage(`invalid volume '${typed}': the shell left '~' as it is`, 'write $HOME instead');
  if (source.includes('/')) {
    return usage(`invalid volume '${typed}': '${source}' is neither a path nor a volume name`, `write ./${source} for a path below this directory`);
  }
  checkVolumeName(source);
  return undefined;
};

interface Parts {
  readonly source: string;
  readonly target: string;
  readonly options: string;
}

/** `TARGET`, `SOURCE:TARGET` or `SOURCE:TARGET:OPTIONS`; as in Docker `TARGET:OPTIONS` is none of them. */
const split = (text: string): Parts => {
  const parts = text.split(':');
  const [first = '', second, options = ''] = parts;
  if (text.includes('\0')) return usage(`invalid volume '${text}': it contains a NUL`);
  if (parts.length === 1 && first !== '') return { source: '', target: first, options: '' };
  const isMode = second !== undefined && second !== '' && second.split(',').every((word) => groupOf(word) !== undefined);
  if (parts.length > 3 || first === '' || second === undefined || second === '' || (parts.length === 2 && isMode)) {
    return usage(`invalid volume '${text}'`, 'write -v /host/path:/container/path[:ro], -v NAME:/container/path or -v /container/path');
  }
  return { source: first, target: second, options };
};

const volumeOf = (text: string, { source, options: mode }: Parts, target: string, { propagation, ...options }: Options, driver: string): VolumeMount => {
  if (propagation !== undefined) return usage(`invalid volume '${text}': '${propagation}' is for host paths, not for volumes`);
  return { kind: 'volume', typed: text, name: source, target, ...options, subpath: '', driver, options: {}, labels: {}, mode };
};

/** One `-v` value; `cwd` is the caller's absolute working directory, `driver` that of `--volume-driver` for volumes that are not there yet. A missing host path is made, as by Docker. */
export const parseVolume = (text: string, cwd: string, driver = ''): Either<SkiffError, BindRequest | VolumeMount> =>
  attempt(() => {
    const parts = split(text);
    const path = parts.source === '' ? undefined : resolveSource(parts.source, cwd, text);
    const target = parseTarget(parts.target, text);
    const options = parseOptions(parts.options, text);
    if (path === undefined) return volumeOf(text, parts, target, options, driver);
    if (options.noCopy) return usage(`invalid volume '${text}': 'nocopy' is for named volumes, not for host paths`);
    const { noCopy: _, propagation = 'rprivate', ...rest } = options;
    return { kind: 'bind', typed: text, source: path, target, ...rest, propagation, recursive: 'enabled', createSource: true, mode: parts.options };
  });

export interface VolumesFrom {
  readonly container: string;
  readonly readOnly: boolean;
}

/** One `--volumes-from` value, `CONTAINER[:ro|rw|z|Z]`. */
export const parseVolumesFrom = (text: string): VolumesFrom => {
  const [container = '', mode = '', ...rest] = text.split(':');
  if (container === '') return usage(`invalid --volumes-from '${text}': it names no container`, 'write --volumes-from CONTAINER[:ro]');
  const words = mode === '' ? [] : mode.split(',');
  const wrong = words.find((word) => !['ro', 'rw', 'z', 'Z'].includes(word));
  if (rest.length > 0 || wrong !== undefined) return usage(`invalid mode: ${rest.length > 0 ? [mode, ...rest].join(':') : mode}`, 'write --volumes-from CONTAINER[:ro]');
  return { container, readOnly: words.includes('ro') };
};
