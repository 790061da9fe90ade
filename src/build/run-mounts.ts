/** `RUN --mount`, made into mounts of a container: what is bound is a copy, a directory of the builder's own, or a file that the runtime directory holds. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { basename, join, posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { checkOutcome, outcomeOf } from '../images/program.ts';
import { helperPath, inUserNamespace } from '../system/helper.ts';
import { contentDigest } from './cache-key.ts';
import { holdCache } from './cache-mount.ts';
import { wrong } from './dockerfile/location.ts';
import { digestFiles, gatherItems } from './files.ts';
import { select } from './select.ts';
import type { Beginning, HeldCache } from './cache-mount.ts';
import type { RunMount } from './dockerfile/run-mounts.ts';
import type { Selection } from './select.ts';
import type { Files, Session } from './session.ts';
import type { Agent } from './ssh-agent.ts';

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
  /** A variable that says where the mount is. */
  readonly place?: readonly [string, string];
}

type FilesOf = (from: string | undefined) => Promise<Files>;

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

/** A source that means itself, without wildcards. */
const literal = (source: string): string => source.replace(/[\\*?[\]]/gu, '\\$&');

const bindMount = async (session: Session, { source = '/', readOnly }: RunMount, target: string, files: Files): Promise<ReadyMount> => {
  const selection = select(await files.tree(), [source === '' ? '/' : literal(source)], { exclude: [], parents: false });
  const keepsOwners = files.place.kind === 'pile';
  const content = files.layers?.map(({ diffId }) => diffId) ?? contentDigest(selection.items, await digestFiles(session.workspace, files.place, selection.items, files.subject), keepsOwners);
  return { target, fact: ['bind', target, source, readOnly, content], make: async () => bound(await materialize(session, files, selection, keepsOwners ? undefined : '0:0'), target, readOnly) };
};

/** Files of a stage or image with which a cache begins, copied when there is none yet. */
const beginningOf = async (session: Session, { source = '/' }: RunMount, files: Files): Promise<Beginning> => {
  const selection = select(await files.tree(), [source === '' ? '/' : literal(source)], { exclude: [], parents: false });
  const keepsOwners = files.place.kind === 'pile';
  if (selection.kind === 'files') wrong(`a cache can only begin with a directory, and ${JSON.stringify(source)} is none`);
  const digest = contentDigest(selection.items, await digestFiles(session.workspace, files.place, selection.items, files.subject), keepsOwners);
  return { digest, copy: () => materialize(session, files, selection, keepsOwners ? undefined : '0:0') };
};

const cacheMount = async (session: Session, mount: RunMount, target: string, filesOf: FilesOf): Promise<ReadyMount> => {
  const beginning = mount.from === undefined ? undefined : await beginningOf(session, mount, await filesOf(mount.from));
  const id = mount.id ?? target;
  let held: HeldCache | undefined;
  const make = async (): Promise<string> => {
    held = await holdCache(session, id, mount, beginning);
    return bound(held.directory, target, mount.readOnly);
  };
  return { target, fact: ['cache', target, id, mount.readOnly, ...(beginning === undefined ? [] : [beginning.digest])], make, end: () => held?.release() };
};

const secretText = (session: Session, mount: RunMount, id: string): Buffer | undefined => {
  const secret = session.options.secrets.get(id);
  if (secret === undefined) return mount.required ? wrong(`secret ${id}: not found`) : undefined;
  if (secret.kind === 'file') return readFileSync(secret.path);
  const value = session.workspace.surroundings.env[secret.name];
  return value === undefined ? (mount.required ? wrong(`secret ${id}: the variable ${secret.name} is not set`) : undefined) : Buffer.from(value);
};

/** Secrets lie on the runtime directory's file system, which is memory where there is a login session, and go with the build. */
const newSecretPlace = ({ workspace }: Session): string => {
  const directory = join(workspace.secrets(), String(serial));
  serial += 1;
  return directory;
};

/** Whose a file is inside is for root of the containers' ids to say. */
const giveAway = async ({ workspace }: Session, path: string, uid: number, gid: number, subject: string): Promise<void> => {
  const { paths, host } = workspace.surroundings;
  const [program = '', ...words] = inUserNamespace(paths, host, ['/bin/chown', `${uid}:${gid}`, path]);
  checkOutcome(await outcomeOf(spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] }), false), 'give away', subject);
};

const secretFile = async (session: Session, text: Buffer, { uid = 0, gid = 0, mode = 0o400 }: RunMount): Promise<string> => {
  const directory = newSecretPlace(session);
  mkdirSync(directory, { mode: 0o700 });
  const path = join(directory, 'secret');
  writeFileSync(path, text, { mode: 0o600 });
  chmodSync(path, mode);
  if (uid !== 0 || gid !== 0) await giveAway(session, path, uid, gid, 'a secret');
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

/** The agent of `--ssh ID`; undefined where there is none, and none is required. Commands find the first one by SSH_AUTH_SOCK. */
const sshMount = (session: Session, mount: RunMount, directory: string, others: number): ReadyMount | undefined => {
  const { id = 'default', uid = 0, gid = 0, mode = 0o600 } = mount;
  const source = session.options.ssh.get(id);
  if (source === undefined) return mount.required ? wrong(`unset ssh forward key ${id}: build with --ssh ${id}`) : undefined;
  const target = posix.resolve(directory, mount.target ?? `/run/buildkit/ssh_agent.${others}`);
  let agent: Agent | undefined;
  const make = async (): Promise<string> => {
    const { serveAgent } = await import('./ssh-agent.ts');
    agent = await serveAgent(newSecretPlace(session), source);
    chmodSync(agent.path, mode);
    if (uid !== 0 || gid !== 0) await giveAway(session, agent.path, uid, gid, 'the socket of an agent');
    return bound(agent.path, target, false);
  };
  return { target, fact: ['ssh', id, target], make, end: () => agent?.end(), place: ['SSH_AUTH_SOCK', target] };
};

const tmpfsMount = ({ size }: RunMount, target: string): ReadyMount => ({
  target,
  fact: ['tmpfs', target, size ?? 0],
  make: async () => ['type=tmpfs', field('target', target), ...(size === undefined ? [] : [`tmpfs-size=${size}`])].join(','),
});

/** The mounts of a RUN in `directory`; `filesOf` finds what `from` means. Those of secrets that are not there, and need not be, are left out. */
export const readyMounts = async (session: Session, mounts: readonly RunMount[], directory: string, filesOf: FilesOf): Promise<readonly ReadyMount[]> => {
  const ready: ReadyMount[] = [];
  for (const mount of mounts) {
    const target = posix.resolve('/', directory, mount.target ?? '');
    if (mount.kind !== 'secret' && mount.kind !== 'ssh' && target === '/') wrong(`invalid mount target ${JSON.stringify(target)}`);
    if (mount.kind === 'bind') ready.push(await bindMount(session, mount, target, await filesOf(mount.from)));
    else if (mount.kind === 'cache') ready.push(await cacheMount(session, mount, target, filesOf));
    else if (mount.kind === 'tmpfs') ready.push(tmpfsMount(mount, target));
    else if (mount.kind === 'ssh') {
      const agent = sshMount(session, mount, directory, ready.filter(({ place }) => place !== undefined).length);
      if (agent !== undefined) ready.push(agent);
    } else {
      const secret = secretMount(session, mount, directory);
      if (secret !== undefined) ready.push(secret);
    }
  }
  return ready;
};
