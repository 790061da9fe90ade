/**
 * The proof that a registry asks for: Basic, or Bearer tokens from a token server (distribution specification, "Token Authentication" and
 * "OAuth2 Token Authentication"). Tokens are kept until they run out, one per set of scopes; credentials are asked for when they are first needed.
 */
import * as t from 'io-ts';
import { decodeJson } from '../core/oci-image.ts';
import { fail, printable } from '../core/errors.ts';
import type { Challenge } from './challenge.ts';
import { parseChallenges } from './challenge.ts';
import type { Credential } from './credentials.ts';
import { connectionFailure, corrupt, statusFailure } from './failures.ts';
import type { Purpose } from './failures.ts';
import { isLoopback } from './hosts.ts';
import { readText } from './transport.ts';
import type { Answer, Outgoing, Transport } from './transport.ts';

export interface Authorizer {
  /** The Authorization header for `scopes` as far as is known without having been asked; undefined on the first request. */
  header(scopes: readonly string[], purpose: Purpose): Promise<string | undefined>;
  /** The header that answers `challenge`, WWW-Authenticate of a 401 of `asker` to the header `refused`; undefined where there is nothing else to answer with. */
  answer(challenge: string | undefined, asker: URL, refused: string | undefined, scopes: readonly string[], purpose: Purpose): Promise<string | undefined>;
}

const TokenReply = t.partial({
  token: t.union([t.string, t.null]),
  access_token: t.union([t.string, t.null]),
  expires_in: t.union([t.number, t.null]),
});

const maximumReply = 1024 * 1024;
/** What a token's life is when the server does not say, in seconds; no token lives shorter, as in Docker. */
const shortestLife = 60;
/** A token is renewed this long before its end, in seconds. */
const margin = 10;

interface Token {
  readonly value: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

const basic = ({ username, password }: Credential): string => `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;

/** Helpers hand out identity tokens as the password of a user `<token>`. */
const identityTokenOf = (credential: Credential | undefined): string | undefined =>
  credential?.identityToken ?? (credential?.username === '<token>' ? credential.password : undefined);

/** The token server that `challenge` names. Plain HTTP is for a registry that is itself reached so, on its own host or this machine. */
const realmOf = (challenge: Challenge, asker: URL): URL => {
  const text = challenge.parameters['realm'] ?? '';
  const refuse = (reason: string): never => fail({ _tag: 'Hostile', subject: `the token server of ${asker.host}`, reason });
  if (!URL.canParse(text)) return refuse('its address is not valid');
  const realm = new URL(text);
  if (realm.username !== '' || realm.password !== '') return refuse('its address has a user name');
  if (realm.protocol === 'https:') return realm;
  if (realm.protocol !== 'http:') return refuse(`its address begins with ${printable(realm.protocol)}`);
  const isNear = realm.hostname === asker.hostname || (isLoopback(realm.hostname) && isLoopback(asker.hostname));
  return asker.protocol === 'http:' && isNear ? realm : refuse(`${realm.host} is to be asked without encryption`);
};

/** A request for a token: the GET form with Basic, or the OAuth2 form for those who have an identity token. */
const tokenRequest = (challenge: Challenge, asker: URL, scopes: readonly string[], credential: Credential | undefined): Outgoing => {
  const url = realmOf(challenge, asker);
  const service = challenge.parameters['service'];
  const identity = identityTokenOf(credential);
  if (identity !== undefined) {
    const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'skiff', refresh_token: identity, ...(service === undefined ? {} : { service }) });
    if (scopes.length > 0) form.set('scope', scopes.join(' '));
    return { method: 'POST', url, headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: form.toString() };
  }
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  if (credential === undefined) return { method: 'GET', url };
  url.searchParams.set('account', credential.username);
  return { method: 'GET', url, headers: { authorization: basic(credential) } };
};

const tokenFrom = async (answer: Answer, asked: number): Promise<Token> => {
  const subject = `the token server ${answer.url.host}`;
  const reply = decodeJson(TokenReply, await readText(answer, maximumReply));
  if ('left' in reply) throw corrupt(subject, `in its answer, ${reply.left}`);
  const { token, access_token, expires_in } = reply.right;
  const value = token || access_token || '';
  // It becomes part of a header.
  if (!/^[\x21-\x7e]+$/.test(value)) throw corrupt(subject, 'its answer holds no token');
  return { value, until: asked + (Math.max(shortestLife, expires_in ?? 0) - margin) * 1000 };
};

/** Anonymous until asked otherwise. `credentialOf` is called once, at the first challenge. */
export const makeAuthorizer = (transport: Transport, credentialOf: () => Promise<Credential | undefined>): Authorizer => {
  const tokens = new Map<string, Promise<Token>>();
  let known: { readonly challenge: Challenge; readonly asker: URL } | undefined;
  let lookup: Promise<Credential | undefined> | undefined;
  const credential = (): Promise<Credential | undefined> => (lookup ??= credentialOf());

  const fetchToken = async (challenge: Challenge, asker: URL, scopes: readonly string[], purpose: Purpose): Promise<Token> => {
    const outgoing = tokenRequest(challenge, asker, scopes, await credential());
    try {
      const asked = Date.now();
      const answer = await transport.send(outgoing);
      if (answer.status === 200) return await tokenFrom(answer, asked);
      // 400 is what OAuth2 servers say to a refresh token that has ended.
      const isEnded = answer.status === 400 && outgoing.method === 'POST';
      throw await statusFailure(purpose, isEnded ? { ...answer, status: 401 } : answer);
    } catch (caught) {
      throw connectionFailure(outgoing.url.host, caught);
    }
  };

  const bearer = async (token: Promise<Token>): Promise<string> => `Bearer ${(await token).value}`;

  const renew = (key: string, fetched: Promise<Token>): Promise<Token> => {
    tokens.set(key, fetched);
    // A failure is for those who wait for it now; the next one asks again.
    fetched.catch(() => tokens.delete(key));
    return fetched;
  };

  /** Asked for at the same time, one token is fetched for all: between the look and the fetch nothing is waited for. */
  const tokenFor = async (challenge: Challenge, asker: URL, refused: string | undefined, scopes: readonly string[], purpose: Purpose): Promise<string> => {
    const key = scopes.join(' ');
    for (;;) {
      const kept = tokens.get(key);
      if (kept === undefined) return await bearer(renew(key, fetchToken(challenge, asker, scopes, purpose)));
      const { until } = await kept;
      const header = await bearer(kept);
      if (until > Date.now() && header !== refused) return header;
      if (tokens.get(key) === kept) tokens.delete(key);
    }
  };

  const respond = async ({ challenge, asker }: NonNullable<typeof known>, refused: string | undefined, scopes: readonly string[], purpose: Purpose): Promise<string | undefined> => {
    if (challenge.scheme === 'bearer') return await tokenFor(challenge, asker, refused, scopes, purpose);
    const found = await credential();
    const header = found === undefined ? undefined : basic(found);
    return header === refused ? undefined : header;
  };

  return {
    header: async (scopes, purpose) => (known === undefined ? undefined : await respond(known, undefined, scopes, purpose)),
    async answer(header, asker, refused, scopes, purpose) {
      const challenges = parseChallenges(header);
      const challenge = challenges.find(({ scheme }) => scheme === 'bearer') ?? challenges.find(({ scheme }) => scheme === 'basic');
      if (challenge === undefined) return undefined;
      known = { challenge, asker };
      return await respond(known, refused, scopes, purpose);
    },
  };
};

/** The scope of a token for `actions` on `repository` (distribution specification, "Token Scope Documentation"). */
export const repositoryScope = (repository: string, actions: 'pull' | 'pull,push'): string => `repository:${repository}:${actions}`;

/** The scope of a token that may list repositories. */
export const catalogScope = 'registry:catalog:*';
