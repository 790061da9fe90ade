/**
 * Names and passwords of registries, shared with Docker: `~/.docker/config.json` and the credential helpers that it names.
 * Behaviour as of Docker's CLI (cli/config/configfile, cli/config/credentials).
 */
import { fail } from '../core/errors.ts';
import { isSameRegistry, readCredentialsFile, serverNameOf, writeCredentialsFile } from './credentials-file.ts';
import type { AuthEntry, Credential, CredentialsFile, Environment } from './credentials-file.ts';
import { eraseFromHelper, getFromHelper, storeInHelper } from './credentials-helper.ts';

export { serverNameOf } from './credentials-file.ts';
export type { Credential } from './credentials-file.ts';

/** Where a credential is kept. */
export interface CredentialPlace {
  /** Path of Docker's configuration file, whether it is there or not. */
  readonly file: string;
  /** The helper that keeps it, `NAME` of `docker-credential-NAME`; undefined where it lies in the file, unencrypted. */
  readonly helper?: string;
}

/** The helper for `domain`: its own, else the one for all. An empty name means the file. */
const helperOf = ({ credHelpers, credsStore }: CredentialsFile, domain: string): string | undefined => {
  const own = Object.entries(credHelpers).find(([key]) => isSameRegistry(key, domain))?.[1];
  const helper = own ?? credsStore ?? '';
  return helper === '' ? undefined : helper;
};

/** The exact key first, as Docker does, then one of the same host. */
const entryOf = ({ auths }: CredentialsFile, domain: string): AuthEntry | undefined => {
  const exact = Object.hasOwn(auths, serverNameOf(domain)) ? auths[serverNameOf(domain)] : undefined;
  return exact ?? Object.entries(auths).find(([key]) => isSameRegistry(key, domain))?.[1];
};

/** `user:password` in base64; a password may have colons. Some writers pad with NUL. */
const decodeAuth = (file: string, domain: string, auth: string): Pick<Credential, 'username' | 'password'> => {
  const text = Buffer.from(auth, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) {
    fail({ _tag: 'Corrupt', subject: file, reason: `auths.${serverNameOf(domain)}.auth is not user:password in base64`, hint: `log in to ${domain} again` });
  }
  return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/^\0+|\0+$/g, '') };
};

const credentialOf = (file: string, domain: string, entry: AuthEntry): Credential | undefined => {
  const { auth, username = '', password = '', identitytoken: token } = entry;
  const named = auth === undefined || auth === '' ? { username, password } : decodeAuth(file, domain, auth);
  const identityToken = token === undefined || token === '' ? {} : { identityToken: token };
  return named.username === '' && !('identityToken' in identityToken) ? undefined : { ...named, ...identityToken };
};

/**
 * The credential for the registry `domain` (`docker.io`, `host[:port]`), from its helper or from the file; undefined where there is none.
 * Throws SkiffFailure: `Corrupt` for a damaged file, `System` for a helper that is missing, fails, or takes longer than 30 seconds.
 */
export const findCredential = async (env: Environment, domain: string): Promise<Credential | undefined> => {
  const { content, path } = readCredentialsFile(env);
  const helper = helperOf(content, domain);
  if (helper !== undefined) return await getFromHelper(env, helper, serverNameOf(domain));
  const entry = entryOf(content, domain);
  return entry === undefined ? undefined : credentialOf(path, domain, entry);
};

const encodeEntry = ({ username, password, identityToken }: Credential): AuthEntry => ({
  auth: Buffer.from(`${username}:${identityToken === undefined ? password : ''}`).toString('base64'),
  ...(identityToken === undefined ? {} : { identitytoken: identityToken }),
});

/** Every key that means `domain` goes, so that no older one is found instead of a new one. */
const without = (auths: CredentialsFile['auths'], domain: string): CredentialsFile['auths'] =>
  Object.fromEntries(Object.entries(auths).filter(([key]) => !isSameRegistry(key, domain)));

/**
 * Keeps `credential` for `domain` in its helper, or in the file where there is no helper. With a helper the file gets an empty entry, by which
 * Docker knows that somebody is logged in. The file is replaced atomically, mode 0600, and keeps everything else that is in it.
 * @returns where it is now. Throws as `findCredential`, and `System` when the file cannot be written.
 */
export const storeCredential = async (env: Environment, domain: string, credential: Credential): Promise<CredentialPlace> => {
  const { content, path } = readCredentialsFile(env);
  const helper = helperOf(content, domain);
  if (helper !== undefined) await storeInHelper(env, helper, serverNameOf(domain), credential);
  // A helper may have taken its time, and asked a person: others may have written since.
  const { content: now } = readCredentialsFile(env);
  const entry = helper === undefined ? encodeEntry(credential) : {};
  writeCredentialsFile(env, { ...without(now.auths, domain), [serverNameOf(domain)]: entry });
  return { file: path, ...(helper === undefined ? {} : { helper }) };
};

/**
 * Forgets the credential for `domain` in helper and file. Idempotent.
 * @returns whether the file knew of one. Throws as `storeCredential`.
 */
export const eraseCredential = async (env: Environment, domain: string): Promise<boolean> => {
  const { content } = readCredentialsFile(env);
  const helper = helperOf(content, domain);
  const known = entryOf(content, domain) !== undefined;
  if (helper !== undefined) await eraseFromHelper(env, helper, serverNameOf(domain));
  if (known) writeCredentialsFile(env, without(readCredentialsFile(env).content.auths, domain));
  return known;
};
