/** Docker's `config.json`: the three members about credentials, and rewriting one without touching the rest. */
import { closeSync, constants, fstatSync, mkdirSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { isLeft } from 'fp-ts/Either';
import * as t from 'io-ts';
import { SkiffFailure, fail, toSkiffError } from '../core/errors.ts';
import { writeFileAtomic } from '../system/files.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a registry is told; with an identity token, that instead of the password. */
export interface Credential {
  readonly username: string;
  readonly password: string;
  readonly identityToken?: string;
}

/** Largest file that is read, in bytes; Docker's own is a few hundred. */
const maximumSize = 4 * 1024 * 1024;

const AuthEntry = t.partial({ auth: t.string, username: t.string, password: t.string, identitytoken: t.string });

/** One registry's entry. Empty where a helper keeps the rest. */
export type AuthEntry = t.TypeOf<typeof AuthEntry>;

const optional = <C extends t.Mixed>(codec: C) => t.union([codec, t.null, t.undefined]);

const File = t.partial({
  auths: optional(t.record(t.string, AuthEntry)),
  credHelpers: optional(t.record(t.string, t.string)),
  credsStore: optional(t.string),
});

export interface CredentialsFile {
  /** By registry, in one of many spellings: see `isSameRegistry`. */
  readonly auths: Readonly<Record<string, AuthEntry>>;
  readonly credHelpers: Readonly<Record<string, string>>;
  readonly credsStore?: string;
}

const hub = 'docker.io';

/** Docker Hub's key since before registries had a version 2. */
const hubServer = 'https://index.docker.io/v1/';

/** What Docker calls the registry `domain` in this file and to helpers. */
export const serverNameOf = (domain: string): string => (domainOfServer(domain) === hub ? hubServer : domain);

const hubHosts = ['index.docker.io', 'registry-1.docker.io'];

/** `host[:port]` of a server as people write it, with or without scheme and path; Docker Hub is `docker.io` under all its names. */
export const domainOfServer = (server: string): string => {
  const host = server.replace(/^https?:\/\//i, '').replace(/\/.*$/s, '');
  return hubHosts.includes(host) ? hub : host;
};

/** Whether the key of an entry means `domain`. */
export const isSameRegistry = (key: string, domain: string): boolean => domainOfServer(key) === domainOfServer(domain);

/** `config.json` in DOCKER_CONFIG, else in ~/.docker. */
const pathOf = (env: Environment): string => join(env['DOCKER_CONFIG'] || join(env['HOME'] || homedir(), '.docker'), 'config.json');

/** Undefined where there is no such file. */
const readText = (path: string): string | undefined => {
  let fd = -1;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.size > maximumSize) return damaged(path, `it is ${stat.isFile() ? 'larger than 4 MiB' : 'no regular file'}`);
    return readFileSync(fd, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new SkiffFailure(toSkiffError('read the credentials', path)(error));
  } finally {
    if (fd !== -1) closeSync(fd);
  }
};

const damaged = (path: string, reason: string): never =>
  fail({ _tag: 'Corrupt', subject: path, reason, hint: 'repair it, or move it away and log in again' });

/** The file as it is. An empty one is what `touch` makes, and means nothing. */
const readRaw = (path: string): Record<string, unknown> => {
  const text = readText(path) ?? '';
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // The parser's message may quote what stands there, and a password stands there.
  }
  return damaged(path, 'it is not a JSON object');
};

const decode = (path: string, raw: Record<string, unknown>): CredentialsFile => {
  const decoded = File.decode(raw);
  if (isLeft(decoded)) {
    const keys = (decoded.left[0]?.context ?? []).map(({ key }) => key).filter((key) => key !== '' && !/^\d+$/.test(key));
    return damaged(path, `${keys.join('.')} is not what it should be`);
  }
  const { auths, credHelpers, credsStore } = decoded.right;
  return { auths: auths ?? {}, credHelpers: credHelpers ?? {}, ...(credsStore == null ? {} : { credsStore }) };
};

/** What the file says about credentials, nothing where it is missing; `path` is where it is or would be. Throws `Corrupt` or `System`. */
export const readCredentialsFile = (env: Environment): { readonly path: string; readonly content: CredentialsFile } => {
  const path = pathOf(env);
  return { path, content: decode(path, readRaw(path)) };
};

/** Where a symbolic link points to, so that the link stays one. */
const realPath = (path: string): string => {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
};

/** Replaces `auths`, and nothing else, atomically and with mode 0600; makes the directory. Throws `Corrupt` or `System`. */
export const writeCredentialsFile = (env: Environment, auths: CredentialsFile['auths']): void => {
  const path = pathOf(env);
  const raw = readRaw(path);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileAtomic(realPath(path), `${JSON.stringify({ ...raw, auths }, null, '\t')}\n`, { durable: true, mode: 0o600 });
  } catch (error) {
    throw new SkiffFailure(toSkiffError('write the credentials to', path)(error));
  }
};
