/** `-v SOURCE:TARGET[:OPTIONS]` (moby volume/mounts/linux_parser.go, docker/cli opts). */
import { attempt, refuse, usage } from './invalid.ts';
import { cleanPath, parsePropagation, parseTarget } from './mounts.ts';
import type { BindRequest, Propagation } from './mounts.ts';
import type { Either } from 'fp-ts/Either';
import type { SkiffError } from './errors.ts';

const propagations: readonly string[] = ['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared'];
/** Docker Desktop's consistency words; without meaning on Linux, where every view is consistent. */
const consistencies: readonly string[] = ['consistent', 'cached', 'delegated', 'default'];

interface Options {
  readonly readOnly: boolean;
  readonly relabel: boolean;
  readonly propagation: Propagation;
}

/** The group of mutually exclusive words that `option` is of. */
const groupOf = (option: string): string | undefined => {
  if (option === 'ro' || option === 'rw') return 'mode';
  if (option === 'z' || option === 'Z') return 'label';
  if (propagations.includes(option)) return 'propagation';
  return consistencies.includes(option) ? 'consistency' : undefined;
};

const parseOptions = (text: string, typed: string): Options => {
  const chosen = new Map<string, string>();
  for (const option of text === '' ? [] : text.split(',')) {
    if (option === 'nocopy') return usage(`invalid volume '${typed}': 'nocopy' is for named volumes, not for host paths`);
    const group = groupOf(option);
    if (group === undefined) return usage(`invalid volume '${typed}': unknown option '${option}'`, 'use ro, rw, z, Z, rprivate, private, rslave or slave');
    if (chosen.has(group)) return usage(`invalid volume '${typed}': '${chosen.get(group)}' and '${option}' contradict each other`);
    chosen.set(group, option);
  }
  return {
    readOnly: chosen.get('mode') === 'ro',
    relabel: chosen.has('label'),
    propagation: parsePropagation(chosen.get('propagation') ?? 'rprivate', typed),
  };
};

/** A source as typed made absolute: `.`, `..`, `./x` and `../x` against `cwd`. Names and bare relative paths are refused. */
const resolveSource = (source: string, cwd: string, typed: string): string => {
  if (source.startsWith('/')) return cleanPath(source);
  if (/^\.\.?(\/|$)/.test(source)) return cleanPath(`${cwd}/${source}`);
  if (source.startsWith('~')) return usage(`invalid volume '${typed}': the shell left '~' as it is`, 'write $HOME instead');
  if (source.includes('/')) {
    return usage(`invalid volume '${typed}': '${source}' is neither a path nor a volume name`, `write ./${source} for a path below this directory`);
  }
  return refuse(`volume '${source}': named volumes are not here yet`, `use a host path, such as ./${source}`);
};

/** One `-v` value; `cwd` is the caller's absolute working directory. Named and anonymous volumes are refused. */
export const parseVolume = (text: string, cwd: string): Either<SkiffError, BindRequest> =>
  attempt(() => {
    const [source = '', target, options = '', ...rest] = text.split(':');
    if (text.includes('\0')) return usage(`invalid volume '${text}': it contains a NUL`);
    if (rest.length > 0 || source === '' || target === '') return usage(`invalid volume '${text}'`, 'write -v /host/path:/container/path[:ro]');
    if (target === undefined) return refuse(`volume '${text}': anonymous volumes are not here yet`, 'use -v /host/path:/container/path or --tmpfs');
    return {
      kind: 'bind',
      typed: text,
      source: resolveSource(source, cwd, text),
      target: parseTarget(target, text),
      ...parseOptions(options, text),
      recursive: 'enabled',
      createSource: false,
    };
  });
