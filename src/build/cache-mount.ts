/** `RUN --mount=type=cache`: a directory that stays from build to build, alone or shared, empty at first or with files of a stage. */
import { createHash, randomUUID } from 'node:crypto';
import { chmodSync, closeSync, constants, existsSync, mkdirSync, openSync, readdirSync, renameSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { mountsDirectory } from '../images/build-cache.ts';
import { checkOutcome, outcomeOf } from '../images/program.ts';
import { lockDescriptor, withLock } from '../system/files.ts';
import { helperPath, inUserNamespace } from '../system/helper.ts';
import { isAlive, ownIdentity } from '../system/process-identity.ts';
import { directoryTar } from './directory-tar.ts';
import type { RunMount } from './dockerfile/run-mounts.ts';
import type { Session } from './session.ts';
import type { Workspace } from './workspace.ts';

/** A cache's first files. */
export interface Beginning {
  /** Of what they are: other ones make another cache. */
  readonly digest: string;
  /** Copies them, owners and all, to a directory on the root directory's file system. */
  readonly copy: () => Promise<string>;
}

export interface HeldCache {
  readonly directory: string;
  /** Lets others have it. Idempotent. */
  readonly release: () => void;
}

/** A cache's home: its id means nothing but itself, so it is hashed. */
const homeOf = ({ workspace }: Session, id: string, beginning: Beginning | undefined): string =>
  join(mountsDirectory(workspace.surroundings.paths), createHash('sha256').update(beginning === undefined ? id : `${id}\0${beginning.digest}`).digest('hex'));

const runInNamespace = async ({ surroundings }: Workspace, command: readonly string[], input: Buffer | undefined, subject: string): Promise<void> => {
  const [program = '', ...words] = inUserNamespace(surroundings.paths, surroundings.host, command);
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = outcomeOf(child, true);
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  checkOutcome(await ended, 'make', subject);
};

const ownedDirectory = async ({ workspace }: Session, directory: string, { uid = 0, gid = 0, mode = 0o755 }: RunMount): Promise<void> => {
  const { paths, host } = workspace.surroundings;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (uid === 0 && gid === 0 && mode === 0o755) return chmodSync(directory, mode);
  // Whose it is and who may enter it is for root of the containers' ids to say: an archive with nothing but the directory says it.
  const single = host.idMap.mode === 'single' ? ['--single-uid'] : [];
  await runInNamespace(workspace, [helperPath(paths, 'skiff-tree'), 'apply', '--dir', directory, ...single], directoryTar(uid, gid, mode), directory);
};

/** The directory, if it is not there yet: with its first files at once, or not at all. */
const made = async (session: Session, directory: string, mount: RunMount, beginning: Beginning | undefined): Promise<void> => {
  mkdirSync(dirname(directory), { recursive: true, mode: 0o700 });
  if (beginning === undefined) return ownedDirectory(session, directory, mount);
  await withLock(session.workspace.surroundings.paths, join(dirname(directory), 'making'), 'exclusive', async () => {
    if (existsSync(directory)) return;
    const files = await beginning.copy();
    // Its own root may be somebody's else by now, and then only root of the containers' ids may give it another parent.
    await runInNamespace(session.workspace, ['/bin/mv', '-T', files, directory], undefined, directory);
  });
};

const locked = async (session: Session, home: string): Promise<() => void> => {
  const fd = openSync(join(home, 'lock'), constants.O_RDWR | constants.O_CREAT, 0o600);
  await lockDescriptor(session.workspace.surroundings.paths, fd, 'exclusive');
  let isHeld = true;
  return () => {
    if (isHeld) closeSync(fd);
    isHeld = false;
  };
};

const ownerForm = /^(\d+)-(\d+)-/u;

/** Free, or left by a build that was killed. */
const isFree = (name: string): boolean => {
  const [, pid, start = ''] = ownerForm.exec(name) ?? [];
  return name.startsWith('free-') || (pid !== undefined && !isAlive({ pid: Number(pid), start }));
};

const renamed = (from: string, to: string): boolean => {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
};

/** A directory that nobody else has: one that is free, else a new one. Whoever renames it to its own name has it. */
const claimed = async (session: Session, pool: string, mount: RunMount, beginning: Beginning | undefined): Promise<HeldCache> => {
  mkdirSync(pool, { recursive: true, mode: 0o700 });
  const { pid, start } = ownIdentity();
  const directory = join(pool, `${pid}-${start}-${randomUUID()}`);
  const found = readdirSync(pool).toSorted().some((name) => isFree(name) && renamed(join(pool, name), directory));
  if (!found) await made(session, directory, mount, beginning);
  return { directory, release: () => void renamed(directory, join(pool, `free-${randomUUID()}`)) };
};

/** The directory of the cache `id`, held as `mount.sharing` says; waits for others where it is `locked`. Throws SkiffFailure. */
export const holdCache = async (session: Session, id: string, mount: RunMount, beginning: Beginning | undefined): Promise<HeldCache> => {
  const home = homeOf(session, id, beginning);
  if (mount.sharing === 'private') return claimed(session, join(home, 'private'), mount, beginning);
  const directory = join(home, 'data');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const release = mount.sharing === 'locked' ? await locked(session, home) : () => undefined;
  await made(session, directory, mount, beginning).catch((error: unknown) => {
    release();
    throw error;
  });
  return { directory, release };
};
