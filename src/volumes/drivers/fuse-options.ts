/** Options of the driver `fuse`: any FUSE program as a volume. What they may be, and the command line and the mount that come of them. Pure. */
import { refuse, usage } from '../../core/invalid.ts';
import { parseMountOptions } from '../../core/mount-options.ts';
import { withHostOwner } from './owners.ts';
import type { OwnerIds } from './owners.ts';

type Options = Readonly<Record<string, string>>;

const known: readonly string[] = ['program', 'device', 'o'];

/** What the mount says of itself, and so is not the user's to say; libfuse would hand it to the kernel. */
const ours: Readonly<Record<string, string>> = {
  fd: 'skiff opens /dev/fuse itself',
  rootmode: 'skiff knows what the mount point is',
  user_id: 'the file system belongs to you',
  group_id: 'the file system belongs to you',
  blkdev: 'only root can mount devices; a FUSE program opens the device itself',
  allow_root: 'containers have users besides root; everybody in them may look, as with allow_other',
  auto_unmount: 'skiff unmounts it after the last container, or when the program ends',
};

/** Escaped commas belong to a value (libfuse, fuse_opt.h). */
const words = (text: string): readonly string[] => text.match(/(?:\\.|[^,\\])+/gs)?.map((word) => word.trim()).filter((word) => word !== '') ?? [];

const keyOf = (word: string): string => word.split('=')[0] ?? word;

const checkText = (name: string, text: string): void => {
  // A NUL would end a word of the plan, a line end one of what is shown.
  if (/[\0-\x1f\x7f]/.test(text)) usage(`invalid option ${name}: it contains a control character`);
  if (text.startsWith('-')) usage(`invalid option ${name}=${text}: the program would take it for an option of its own`, name === 'o' ? undefined : 'put options in --opt o=…');
};

/** Throws Usage for what is malformed, Refused for what cannot be had; whether the program is there is seen elsewhere. */
export const checkFuseOptions = (options: Options): void => {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) usage(`invalid option: "${unknown}"`, 'the fuse driver has program, device and o');
  const { program = '', device, o = '' } = options;
  if (program === '') usage('missing required option: "program"', 'name a FUSE program, as in --opt program=sshfs --opt device=HOST:/PATH');
  for (const [name, text] of Object.entries(options)) checkText(name, text);
  if (program.includes('/') && !program.startsWith('/')) usage(`invalid option program=${program}: give its name, or its absolute path`);
  if (device === '') usage('invalid option device: it is empty', 'leave it out for a program that needs none');
  if (/^\.{1,2}(\/|$)/.test(device ?? '')) usage(`invalid option device=${device}: the path must be absolute`, `write device="$PWD/${device}"`);
  for (const word of words(o)) {
    const reason = Object.hasOwn(ours, keyOf(word)) ? ours[keyOf(word)] : undefined;
    if (reason !== undefined) refuse(`invalid option o=${word}: ${reason}`, 'leave it out');
  }
};

/** Words for mount(2) and for libfuse that say nothing to the program. */
const kernelWords: readonly string[] = ['default_permissions', 'allow_other'];
const kernelValues: readonly string[] = ['max_read'];

/** libfuse 3 takes the open /dev/fuse for a mount point since 3.3 (fuse_main(3)); the helpers give it this number. */
const handedMountPoint = '/dev/fd/3';

export interface FuseProgram {
  /** Absolute. */
  readonly path: string;
  /** It is linked with libfuse 3: then it needs no right to mount. */
  readonly takesFd: boolean;
}

/** The part of a type that says which FUSE file system it is: what follows `fuse.` in a list of mounts. */
const subtypeOf = (path: string): string => (path.split('/').at(-1) ?? '').replace(/[^A-Za-z0-9._-]/g, '_');

const valueOf = (list: readonly string[], key: string): string | undefined => list.findLast((word) => keyOf(word) === key && word.includes('='))?.slice(key.length + 1);

/**
 * What the holder mounts and runs, as words for `heldRecord`. `target` is where it is mounted, `environment` lines `NAME=value`. Nobody in a container gets devices or
 * set-user-id programs from it unless `o` says so (fusermount(1) has the same defaults). Throws Usage for an owner that no container has.
 */
export const fuseWords = (options: Options, program: FuseProgram, target: string, ids: OwnerIds, environment: readonly string[]): readonly string[] => {
  const { device, o = '' } = options;
  const list = words(o).map((word) => withHostOwner(word, ids));
  const { flags } = parseMountOptions(['nosuid', 'nodev', ...list]);
  const data = ['allow_other', ...list.filter((word) => (kernelWords.includes(word) && word !== 'allow_other') || kernelValues.includes(keyOf(word)))];
  const own = program.takesFd ? list.filter((word) => word !== 'allow_other') : [...new Set(['nosuid', 'nodev', ...list, 'allow_other'])];
  return [
    'fuse',
    String(flags),
    data.join(','),
    valueOf(list, 'fsname') ?? device ?? subtypeOf(program.path),
    `fuse.${subtypeOf(valueOf(list, 'subtype') ?? program.path)}`,
    program.takesFd ? 'fd' : 'self',
    String(environment.length),
    ...environment,
    program.path,
    '-f',
    ...(own.length === 0 ? [] : ['-o', own.join(',')]),
    ...(device === undefined ? [] : [device]),
    program.takesFd ? handedMountPoint : target,
  ];
};

/** What a FUSE program may need of the environment: to find its programs, the user's keys and tickets, and its language. */
const passed: readonly string[] = ['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'SSH_AUTH_SOCK', 'KRB5CCNAME', 'XDG_CONFIG_HOME', 'XDG_CACHE_HOME', 'XDG_RUNTIME_DIR'];

export const fuseEnvironment = (env: Readonly<Record<string, string | undefined>>): readonly string[] =>
  passed.flatMap((name) => {
    const value = env[name];
    return value === undefined || value.includes('\0') ? [] : [`${name}=${value}`];
  });
