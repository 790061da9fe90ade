/** The user's settings, `config.yaml`: DESIGN.md sections 4 and 6. */
import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { explainErrno, fail } from '../core/errors.ts';
import { resolvePaths } from './paths.ts';
import type { HostIdentity, Paths } from './paths.ts';
import type { PoolSource } from '../core/address-pools.ts';
import type { SettingsDocument } from './settings-document.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** How to reach one registry. */
export interface RegistrySettings {
  /** Registries that have the same content, asked first and in this order: `http(s)://host[:port]`, without a path. */
  readonly mirrors: readonly string[];
  /** Whether plain HTTP and certificates of nobody known are accepted. */
  readonly insecure: boolean;
  /** Absolute path of a PEM file with certificates that are trusted besides the system's. */
  readonly ca?: string;
}

export interface Settings {
  /** Host of names without a host; `docker.io` is Docker's. */
  readonly defaultRegistry: string;
  /** Layers that are fetched at the same time, 1 to 16. */
  readonly parallelDownloads: number;
  /** Layers that are sent at the same time, 1 to 16. */
  readonly parallelUploads: number;
  /** Undefined where the file does not say. */
  readonly storageDriver?: 'auto' | 'overlay' | 'fuse-overlayfs';
  /** What tells this machine from others that share the home directory. */
  readonly hostId: HostIdentity;
  /** Where new networks get their ranges from, tried in this order; undefined where the file does not say. */
  readonly addressPools?: readonly PoolSource[];
  /** By `host[:port]` as in references. */
  readonly registries: Readonly<Record<string, RegistrySettings>>;
}

/** Largest file that is read, in bytes. */
const maximumSize = 1024 * 1024;

const registrySettings = (directory: string, { mirrors = [], insecure = false, ca }: NonNullable<SettingsDocument['registries']>[string]): RegistrySettings => ({
  mirrors: mirrors.map((mirror) => mirror.replace(/\/$/, '')),
  insecure,
  ...(ca === undefined ? {} : { ca: resolve(directory, ca) }),
});

/** Fills in what the file leaves out; paths in it are relative to `directory`. */
const complete = (document: SettingsDocument, directory: string): Settings => {
  const driver = document['storage-driver'];
  const pools = document['default-address-pools'];
  const registries = Object.entries(document.registries ?? {});
  return {
    defaultRegistry: document['default-registry'] ?? 'docker.io',
    parallelDownloads: document['parallel-downloads'] ?? 3,
    parallelUploads: document['parallel-uploads'] ?? 5,
    ...(driver === undefined ? {} : { storageDriver: driver }),
    ...(pools === undefined ? {} : { addressPools: pools }),
    hostId: document['host-id'] ?? 'machine-id',
    registries: Object.fromEntries(registries.map(([domain, registry]) => [domain, registrySettings(directory, registry)])),
  };
};

/** The settings of somebody who has written none. */
export const defaultSettings: Settings = complete({}, '/');

/**
 * Where the settings are: SKIFF_CONFIG, else `skiff/config.yaml` below XDG_CONFIG_HOME or ~/.config. Throws `Usage` when SKIFF_CONFIG
 * is relative; a relative XDG_CONFIG_HOME is ignored, as its specification wants.
 */
export const settingsPath = (env: Environment): string => {
  const named = env['SKIFF_CONFIG'] ?? '';
  if (named !== '') return isAbsolute(named) ? named : fail({ _tag: 'Usage', message: `SKIFF_CONFIG must be an absolute path, not ${named}` });
  const xdg = env['XDG_CONFIG_HOME'];
  const base = xdg !== undefined && isAbsolute(xdg) ? xdg : join(env['HOME'] || homedir(), '.config');
  return join(base, 'skiff/config.yaml');
};

const isNamed = (env: Environment): boolean => (env['SKIFF_CONFIG'] ?? '') !== '';

/** Throws the errno error `caught` as a failure that names the file. */
const cannotRead = (path: string, caught: unknown): never => {
  const { code } = caught as NodeJS.ErrnoException;
  if (code === undefined) throw caught;
  return fail({ _tag: 'System', operation: 'read the settings', subject: path, reason: explainErrno(code) });
};

/** Undefined where there is no file, which is an error only if SKIFF_CONFIG names it. */
const look = (path: string, env: Environment): BigIntStats | undefined => {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: isNamed(env) });
  } catch (error) {
    return cannotRead(path, error);
  }
};

interface Content {
  readonly text: string;
  readonly stat: BigIntStats;
}

/** The stat is from before the reading, so that a change in between makes another cache key. */
const readContent = (path: string): Content => {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd, { bigint: true });
    if (!stat.isFile()) fail({ _tag: 'Usage', message: `${path}: the settings must be a regular file` });
    if (stat.size > maximumSize) fail({ _tag: 'Usage', message: `${path}: the settings are larger than 1 MiB` });
    return { text: readFileSync(fd, 'utf8'), stat };
  } finally {
    closeSync(fd);
  }
};

const parse = async (path: string, paths: Paths): Promise<SettingsDocument> => {
  const { text, stat } = ((): Content => {
    try {
      return readContent(path);
    } catch (error) {
      return cannotRead(path, error);
    }
  })();
  const [{ parseSettings }, { cacheKey, rememberSettings }] = await Promise.all([import('./settings-yaml.ts'), import('./settings-cache.ts')]);
  const document = parseSettings(text);
  if (typeof document === 'string') return fail({ _tag: 'Usage', message: `${path}: ${document}` });
  rememberSettings(paths, cacheKey(path, stat), stat, document);
  return document;
};

/**
 * The settings in force. Costs one stat(2) where there is no file, and two small files where it has not changed since the last
 * command. Throws SkiffFailure with one line that names file, key and what is allowed.
 */
export const readSettings = async (env: Environment, paths: Paths): Promise<Settings> => {
  const path = settingsPath(env);
  const stat = look(path, env);
  if (stat === undefined) return defaultSettings;
  // Most people have no such file, and every command comes by here.
  const { cacheKey, recallSettings } = await import('./settings-cache.ts');
  const document = recallSettings(paths, cacheKey(path, stat)) ?? (await parse(path, paths));
  return complete(document, dirname(path));
};

/** The setting `host-id`, on which the other paths depend: of these only the cache's is needed, which does not. Throws as `readSettings`. */
export const readHostIdentity = async (env: Environment): Promise<HostIdentity> =>
  look(settingsPath(env), env) === undefined ? 'machine-id' : (await readSettings(env, resolvePaths(env, '/'))).hostId;
