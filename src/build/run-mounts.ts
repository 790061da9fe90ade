/** `RUN --mount`, made into mounts of a container: what is bound is a copy, a directory of the builder's own, or a file that the runtime directory holds. */
import { createHash } from 'node:crypto';
import { chmodSync, closeSync, constants, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { basename, join, posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { refuse } from '../core/invalid.ts';
import { mountsDirectory } from '../images/build-cache.ts';
import { checkOutcome, outcomeOf } from '../images/program.ts';
import { lockDescriptor } from '../system/files.ts';
import { helperPath, inUserNamespace } from '../system/helper.ts';
import { contentDigest } from './cache-key.ts';
import { directoryTar } from './directory-tar.ts';
import { wrong } from './dockerfile/location.ts';
import { digestFiles, gatherItems } from './files.ts';
import { select } from './select.ts';
import type { RunMount } from './dockerfile/run-mounts.ts';
import type { Selection } from './select.ts';
import type { Files, Session } from './session.ts';

/** A mount that is ready to be made. */
export interface ReadyMount {
  readonly target: string;
  /** What of it the result depends on. */
  readonly fact: unknown;
  /** Makes what it needs and says it as `--mount` of a container. */
  readonly make: () => Promise<string>;
  /** Called when the step is over, if it was made. */
  readonly end?: () => void;
  /** A variable instead of a mount: its name and value. */
  readonly variable?: readonly [string, string];
}

/** One field of a `--mount`. */
const field = (name: string, value: string): string => (/[",\n]/u.test(value) ? `"${name}=${value.replaceAll('"', '""')}"` : `${name}=${value}`);

const bound = (source: string, target: string, readOnly: boolean): string => ['type=bind', field('source', source), field('target', target), ...(readOnly ? ['readonly'] : [])].join(',');

let serial = 0;

const newDirectory = ({ workspace }: Session): string => {
  const directory = join(workspace.directory, `mount-${serial}`);
  serial += 1;
  mkdirSync(directory, { mode: 0o755 });
  return directory;
};

/** Copies `selection` into a new directory, as root of the containers' ids. */
const materialize = async (session: Session, files: Files, selection: Selection, owner: string | undefined): Promise<string> => {
  const { workspace } = session;
  const { paths, host } = workspace.surroundings;
  const directory = newDirectory(session);
  const { child, ended } = await gatherItems(workspace, files.place, selection.items, owner === undefined ? {} : { owner }, files.subject);
  const single = host.idMap.mode === 'single' ? ['--single-uid'] : [];
  const [program = '', ...words] = inUserNamespace(paths, host, [helperPath(paths, 'skiff-tree'), 'place', '--archive', '--path', directory, ...single]);
  const target = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'] });
  const placed = outcomeOf(target, true);
  placed.catch(() => undefined);
  if (child.stdout !== null && target.stdin !== null) await pipeline(child.stdout, target.stdin).catch(() => undefined);
  checkOutcome(await placed, 'copy', files.subject);
  await ended;
  const [item] = selection.items;
  return selection.kind !== 'files' ? directory : join(directory, Buffer.from(item?.name ?? '', 'latin1').toString('utf8'));
};

const bindMount = async (session: Session, { source = '/', readOnly }: RunMount, target: string, files: Files): Promise<ReadyMount> => {
  const selection = select(await files.tree(), [source === '' ? '/' : source.replace(/[\\*?[\]]/gu, '\\$&')], { exclude: [], parents: false });
  const keepsOwners = files.place.kind === 'pile';
  const content = files.layers?.map(({ diffId }) => diffId) ?? contentDigest(selection.items, await digestFiles(session.workspace, files.place, selection.items, files.subject), keepsOwners);
  return { target, fact: ['bind', target, source, readOnly, content], make: async () => bound(await materialize(session, files, selection, keepsOwners ? undefined : '0:0'), target, readOnly) };
};

/** A cache's directory: its id means nothing but itself, so it is hashed. */
const cacheDirectory = ({ workspace }: Session, id: string): string =>
  join(mountsDirectory(workspace.surroundings.paths), createHash('sha256').update(id).digest('hex'));

const ownedDirectory = async ({ workspace }: Session, directory: string, { uid = 0, gid = 0, mode = 0o755 }: RunMount): Promise<void> => {
  const { paths, host } = workspace.surroundings;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (uid === 0 && gid === 0 && mode === 0o755) return chmodSync(directory, mode);
  // Whose it is and who may enter it is for root of the containers' ids to say: an archive with nothing but the directory says it.
  const single = host.idMap.mode === 'single' ? ['--single-uid'] : [];
  const [program = '', ...words] = inUserNamespace(paths, host, [helperPath(paths, 'skiff-tree'), 'apply', '--dir', directory, ...single]);
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = outcomeOf(child, true);
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(directoryTar(uid, gid, mode));
  checkOutcome(await ended, 'make', directory);
};

/** Only one RUN at a time has the cache, of this build or another; the others wait. */
const locked = async ({ workspace }: Session, directory: string): Promise<() => void> => {
  const fd = openSync(join(directory, 'lock'), constants.O_RDWR | constants.O_CREAT, 0o600);
  await lockDescriptor(workspace.surroundings.paths, fd, 'exclusive');
  return () => closeSync(fd);
};

const cacheMount = (session: Session, mount: RunMount, target: string): ReadyMount => {
  if (mount.from !== undefined) refuse('RUN --mount=type=cache cannot begin with the files of a stage yet', 'leave out from=, and copy what is needed in the RUN');
  if (mount.sharing === 'private') refuse('RUN --mount=type=cache: sharing=private is not possible yet', 'use sharing=locked, or another id for each build');
  const id = mount.id ?? target;
  let release = (): void => undefined;
  const make = async (): Promise<string> => {
    const directory = join(cacheDirectory(session, id), 'data');
    await ownedDirectory(session, directory, mount);
    if (mount.sharing === 'locked') release = await locked(session, cacheDirectory(session, id));
    return bound(directory, target, mount.readOnly);
  };
  return { target, fact: ['cache', target, id, mount.readOnly], make, end: () => release() };
};

const secretText = (session: Session, mount: RunMount, id: string): Buffer | undefined => {
  const secret = session.options.secrets.get(id);
  if (secret === undefined) return mount.required ? wrong(`secret ${id}: not found`) : undefined;
  if (secret.kind === 'file') return readFileSync(secret.path);
  const value = session.workspace.surroundings.env[secret.name];
  return value === undefined ? (mount.required ? wrong(`secret ${id}: the variable ${secret.name} is not set`) : undefined) : Buffer.from(value);
};

/** Secrets lie on the runtime directory's file system, which is memory where there is a login session, and go with the build. */
const secretFile = async ({ workspace }: Session, text: Buffer, { uid = 0, gid = 0, mode = 0o400 }: RunMount): Promise<string> => {
  const directory = join(workspace.secrets(), String(serial));
  serial += 1;
  mkdirSync(directory, { mode: 0o700 });
  const path = join(directory, 'secret');
  writeFileSync(path, text, { mode: 0o600 });
  chmodSync(path, mode);
  if (uid === 0 && gid === 0) return path;
  const { paths, host } = workspace.surroundings;
  // Whose it is inside is for root of the containers' ids to say.
  const [program = '', ...words] = inUserNamespace(paths, host, ['/bin/chown', `${uid}:${gid}`, path]);
  checkOutcome(await outcomeOf(spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] }), false), 'give away', 'a secret');
  return path;
};

const secretMount = (session: Session, mount: RunMount, directory: string): ReadyMount | undefined => {
  const id = mount.id ?? mount.source ?? basename(mount.target ?? mount.env ?? '');
  const text = secretText(session, mount, id);
  if (text === undefined) return undefined;
  if (mount.env !== undefined) return { target: '', fact: ['secret', id, mount.env], make: async () => '', variable: [mount.env, text.toString('utf8')] };
  const target = posix.resolve(directory, mount.target ?? `/run/secrets/${id}`);
  return { target, fact: ['secret', id, target], make: async () => bound(await secretFile(session, text, mount), target, true) };
};

const tmpfsMount = ({ size }: RunMount, target: string): ReadyMount => ({
  target,
  fact: ['tmpfs', target, size ?? 0],
  make: async () => ['type=tmpfs', field('target', target), ...(size === undefined ? [] : [`tmpfs-size=${size}`])].join(','),
});

/** The mounts of a RUN in `directory`; `filesOf` finds what `from` means. Those of secrets that are not there, and need not be, are left out. */
export const readyMounts = async (session: Session, mounts: readonly RunMount[], directory: string, filesOf: (from: string | undefined) => Promise<Files>): Promise<readonly ReadyMount[]> => {
  const ready: ReadyMount[] = [];
  for (const mount of mounts) {
    const target = posix.resolve('/', directory, mount.target ?? '');
    if (mount.kind !== 'secret' && mount.kind !== 'ssh' && target === '/') wrong(`invalid mount target ${JSON.stringify(target)}`);
    if (mount.kind === 'bind') ready.push(await bindMount(session, mount, target, await filesOf(mount.from)));
    else if (mount.kind === 'cache') ready.push(cacheMount(session, mount, target));
    else if (mount.kind === 'tmpfs') ready.push(tmpfsMount(mount, target));
    else if (mount.kind === 'ssh') refuse('RUN --mount=type=ssh is not possible yet', 'give the key as a secret: --mount=type=secret,id=key');
    else {
      const secret = secretMount(session, mount, directory);
      if (secret !== undefined) ready.push(secret);
    }
  }
  return ready;
};
