/** Where Skiff keeps things: DESIGN.md section 4. Computed once per command from the environment. */
import { readFileSync, mkdirSync, lstatSync, statSync } from 'node:fs';
import { hostname, homedir } from 'node:os';
import { dirname, join, isAbsolute } from 'node:path';
import { explainErrno, fail } from '../core/errors.ts';
import { noteRuntimeDirectory, runtimeDirectory } from './runtime-directory.ts';

/** What tells the machines apart that share a home directory; nodes without a disk may all have one machine id. */
export type HostIdentity = 'machine-id' | 'hostname';

export interface Paths {
  readonly root: string;
  /** A valid OCI image layout. */
  readonly images: string;
  /** Unpacked layers, one directory per diff id. */
  readonly layers: string;
  /** State of this node; a home directory may be shared by many. */
  readonly host: string;
  readonly containers: string;
  readonly names: string;
  /** Sockets, the keeper's FIFO and markers of living containers; on a file system that a reboot empties. */
  readonly runtime: string;
  readonly cache: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The paths for this user on this node. Creates nothing.
 * `rootFlag` (--root) beats SKIFF_ROOT beats XDG_DATA_HOME beats ~/.local/share; relative values are refused,
 * because the monitor outlives the current directory. `identity` is the setting `host-id`.
 */
export const resolvePaths = (env: Environment, rootFlag?: string, identity: HostIdentity = 'machine-id'): Paths => {
  const home = env['HOME'] || homedir();
  const root = absolute(rootFlag, '--root') ?? absolute(env['SKIFF_ROOT'], 'SKIFF_ROOT') ?? join(xdg(env['XDG_DATA_HOME']) ?? join(home, '.local/share'), 'skiff');
  const host = join(root, 'hosts', identity === 'hostname' ? ownName() : hostId());
  return {
    root,
    images: join(root, 'images'),
    layers: join(root, 'layers'),
    host,
    containers: join(host, 'containers'),
    names: join(host, 'names'),
    runtime: runtimeDirectory(env, host),
    cache: join(xdg(env['XDG_CACHE_HOME']) ?? join(home, '.cache'), 'skiff'),
  };
};

/**
 * The same paths for a user with one id only: layers are unpacked with other owners then, and must not be taken for the others when
 * subordinate ids arrive, or where a home directory is shared by machines with and without them.
 */
export const forSingleUid = (paths: Paths): Paths => ({ ...paths, layers: join(paths.root, 'layers-single-uid') });

/** Relative XDG paths are to be ignored (XDG Base Directory Specification 0.8). */
const xdg = (value: string | undefined): string | undefined => (value !== undefined && isAbsolute(value) ? value : undefined);

const absolute = (value: string | undefined, name: string): string | undefined => {
  if (value === undefined || value === '') return undefined;
  if (!isAbsolute(value)) return fail({ _tag: 'Usage', message: `${name} must be an absolute path, not ${value}` });
  return value;
};

/** The host's name as the name of a directory; the kernel lets it be anything (sethostname(2)). */
const ownName = (): string => {
  const name = hostname();
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) return name;
  return fail({ _tag: 'Refused', message: `the name of this host, ${JSON.stringify(name)}, cannot tell it from others`, hint: 'have it set to letters, digits, dots and dashes' });
};

/** The machine id (machine-id(5)); the host name where there is none. */
const hostId = (): string => {
  try {
    const id = readFileSync('/etc/machine-id', 'latin1').trim();
    if (/^[0-9a-f]{32}$/.test(id)) return id;
  } catch {
    // A container or a minimal system has no machine id.
  }
  return ownName();
};

/**
 * Makes every directory of `paths` that is missing, mode 0700. Idempotent; costs one system call where all is there.
 * Refuses a runtime directory that somebody else owns or could enter: in /tmp the name may have been taken.
 */
export const ensureDirectories = (paths: Paths): void => {
  const uid = process.getuid?.() ?? 0;
  make(join(paths.runtime, 'c'), 'set XDG_RUNTIME_DIR to a directory of your own, or unset it');
  const stat = lstatSync(paths.runtime);
  if (!stat.isDirectory() || stat.uid !== uid || (stat.mode & 0o077) !== 0) {
    fail({ _tag: 'Refused', message: `${paths.runtime} must be a directory of your own with mode 0700`, hint: 'remove it or set XDG_RUNTIME_DIR' });
  }
  for (const directory of [paths.containers, paths.names, paths.layers, paths.images]) make(directory, 'point SKIFF_ROOT or --root at a directory that you can write');
  noteRuntimeDirectory(paths.host, paths.runtime);
};

/**
 * Makes a directory and what is missing above it. Idempotent. Throws errno errors. mkdirSync's own recursion never ends below /proc, in Node 20: there a directory
 * that exists has no place for another, which is ENOENT too.
 */
export const makeAll = (directory: string, mode = 0o700): void => {
  const isThere = (): boolean => statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true;
  if (isThere()) return;
  const parent = dirname(directory);
  if (parent !== directory) makeAll(parent, mode);
  try {
    mkdirSync(directory, { mode });
  } catch (error) {
    // Another command may have been first.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !isThere()) throw error;
  }
};

const make = (directory: string, hint: string): void => {
  try {
    makeAll(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    fail({ _tag: 'System', operation: 'make the directory', subject: directory, reason: explainErrno(code ?? 'unknown'), hint });
  }
};
