/** The pure half: typed options to the argument list of fuse-overlayfs. */
import * as E from 'fp-ts/Either';
import { introduced } from './capabilities.ts';
import type { Capabilities, Feature } from './capabilities.ts';
import type { FuseOverlayError } from './errors.ts';

/** `length` ids from `host` on disk on appear from `mapped` on. */
export interface IdMapping {
  readonly host: number;
  readonly mapped: number;
  readonly length: number;
}

/** How fuse-overlayfs behaves, apart from which directories it joins. */
export interface Behaviour {
  readonly uidMapping?: readonly IdMapping[];
  readonly gidMapping?: readonly IdMapping[];
  readonly squashToRoot?: boolean;
  readonly squashToUid?: number;
  readonly squashToGid?: number;
  /** Directories report one link: cheaper on network file systems. */
  readonly staticNlink?: boolean;
  readonly noacl?: boolean;
  /** fsync(2) does nothing. */
  readonly volatile?: boolean;
  /** Owner and mode live in an xattr: 1 `security.`, 2 `user.`; fuse-overlayfs' own default is 0, the real ones. */
  readonly xattrPermissions?: 0 | 1 | 2;
  /**
   * Lets the kernel hold finished writes back. Default FALSE, unlike fuse-overlayfs' own: with it, a killed fuse-overlayfs loses
   * everything that was written to files still open.
   */
  readonly writeback?: boolean;
}

export interface OverlayOptions extends Behaviour {
  /** Absolute paths, topmost first; `/proc/self/fd/N` of inherited fds is allowed. */
  readonly lowers: readonly string[];
  /** Both or neither; without them the mount is read-only. The two are on one file system. */
  readonly upper?: string;
  readonly work?: string;
  readonly target: string;
  /** Stays in the foreground instead of becoming a daemon once mounted; default false. */
  readonly foreground?: boolean;
}

/** execve(2): MAX_ARG_STRLEN, the longest single argument on Linux with 4 KiB pages. */
const argumentLimit = 131_072;

type Option = readonly [text: string, needs?: Feature];
type Result<A> = E.Either<FuseOverlayError, A>;

const invalid = (option: string, value: string, reason: string): Result<never> => E.left({ _tag: 'InvalidOption', option, value, reason });

/** libfuse splits options at commas and takes a backslash before any character away (fuse_opt.c). */
const escape = (value: string): string => value.replace(/[\\,]/g, '\\$&');

/**
 * The options of `behaviour` as the text after `-o`, without directories. Left for a value that is not one, and for what the
 * installed version would silently ignore.
 */
export const behaviourOptions = (behaviour: Behaviour, capabilities: Capabilities): Result<string> => {
  const bad = firstInvalid(behaviour);
  if (bad !== undefined) return E.left(bad);
  const options = optionsOf(behaviour);
  for (const [text, needs] of options) {
    if (needs !== undefined && !capabilities.features.has(needs)) {
      return E.left({ _tag: 'Unsupported', option: text, version: capabilities.version, since: introduced[needs] });
    }
  }
  return E.right(options.map(([text]) => text).join(','));
};

const optionsOf = (behaviour: Behaviour): readonly Option[] => {
  const when = (condition: boolean, ...option: Option): readonly Option[] => (condition ? [option] : []);
  const mapping = (name: string, ranges: readonly IdMapping[] | undefined): readonly Option[] =>
    when(ranges !== undefined && ranges.length > 0, `${name}=${(ranges ?? []).map((r) => `${r.host}:${r.mapped}:${r.length}`).join(':')}`);
  return [
    [`writeback=${behaviour.writeback === true ? 1 : 0}`],
    ...mapping('uidmapping', behaviour.uidMapping),
    ...mapping('gidmapping', behaviour.gidMapping),
    ...when(behaviour.squashToRoot === true, 'squash_to_root', 'squashToRoot'),
    ...when(behaviour.squashToUid !== undefined, `squash_to_uid=${behaviour.squashToUid}`, 'squashToId'),
    ...when(behaviour.squashToGid !== undefined, `squash_to_gid=${behaviour.squashToGid}`, 'squashToId'),
    ...when(behaviour.staticNlink === true, 'static_nlink', 'staticNlink'),
    ...when(behaviour.noacl === true, 'noacl', 'noacl'),
    ...when(behaviour.volatile === true, 'volatile', 'volatile'),
    ...when((behaviour.xattrPermissions ?? 0) !== 0, `xattr_permissions=${behaviour.xattrPermissions}`, 'xattrPermissions'),
  ];
};

const isId = (id: number): boolean => Number.isInteger(id) && id >= 0 && id < 2 ** 31;

const firstInvalid = (behaviour: Behaviour): FuseOverlayError | undefined => {
  const { squashToUid, squashToGid } = behaviour;
  const ids = [squashToUid, squashToGid].filter((id) => id !== undefined);
  const badId = ids.find((id) => !isId(id));
  if (badId !== undefined) return { _tag: 'InvalidOption', option: 'squash id', value: `${badId}`, reason: 'this is not a user or group id' };
  const ranges = [...(behaviour.uidMapping ?? []), ...(behaviour.gidMapping ?? [])];
  const badRange = ranges.find((r) => !isId(r.host) || !isId(r.mapped) || !isId(r.length) || r.length === 0);
  if (badRange === undefined) return undefined;
  return { _tag: 'InvalidOption', option: 'id mapping', value: `${badRange.host}:${badRange.mapped}:${badRange.length}`, reason: 'this is not a range of ids' };
};

/** The arguments after the program's name: `[-f] -o … target`. */
export const fuseOverlayfsArguments = (options: OverlayOptions, capabilities: Capabilities): Result<readonly string[]> => {
  const problem = directoryProblem(options);
  if (problem !== undefined) return problem;
  if (options.upper === undefined && !capabilities.features.has('readOnly')) {
    return E.left({ _tag: 'Unsupported', option: 'a mount without upper directory', version: capabilities.version, since: introduced.readOnly });
  }
  const behaviour = behaviourOptions(options, capabilities);
  if (E.isLeft(behaviour)) return behaviour;
  const text = [
    `lowerdir=${options.lowers.map(escape).join(':')}`,
    ...(options.upper === undefined ? [] : [`upperdir=${escape(options.upper)}`]),
    ...(options.work === undefined ? [] : [`workdir=${escape(options.work)}`]),
    behaviour.right,
  ].join(',');
  if (Buffer.byteLength(text) >= argumentLimit) {
    return invalid('lower directories', `${options.lowers.length}`, `their names are longer than ${argumentLimit} bytes together; use /proc/self/fd/N`);
  }
  return E.right([...(options.foreground === true ? ['-f'] : []), '-o', text, options.target]);
};

const directoryProblem = ({ lowers, upper, work, target }: OverlayOptions): Result<never> | undefined => {
  if (lowers.length === 0) return invalid('lower directories', '(none)', 'there must be at least one');
  if ((upper === undefined) !== (work === undefined)) return invalid('upper and work directory', upper ?? work ?? '', 'one needs the other');
  for (const path of [...lowers, upper, work, target]) {
    if (path !== undefined && (!path.startsWith('/') || path.includes('\0'))) return invalid('directory', path, 'the path must be absolute');
  }
  const split = [...lowers, ...(upper === undefined ? [] : [upper])].find((path) => path.includes(':'));
  if (split !== undefined) return invalid('directory', split, 'fuse-overlayfs cannot take a colon here; for a lower directory use /proc/self/fd/N');
  const plugin = [...lowers, ...(upper === undefined ? [] : [upper])].find((path) => path.startsWith('//'));
  return plugin === undefined ? undefined : invalid('directory', plugin, 'fuse-overlayfs takes // for the name of a plugin');
};
