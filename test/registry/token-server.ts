/** A token server as the distribution's token specification has it: signs what is asked for, and remembers who asked. */
import { createSign, randomUUID } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { scratch } from '../e2e/skiff.ts';
import { closeServer, listen } from './http.ts';

export interface TokenRequest {
  readonly method: string;
  readonly scopes: readonly string[];
  /** Name and password of Basic authentication, `name:password`. */
  readonly basic?: string;
  /** Of the OAuth form. */
  readonly refreshToken?: string;
  /** The whole body of a POST. */
  readonly body: string;
}

export interface TokenServer {
  /** What the registry is told: `RegistryOptions.token`. */
  readonly settings: { readonly realm: string; readonly service: string; readonly issuer: string; readonly certificate: string };
  readonly requests: readonly TokenRequest[];
  readonly stop: () => Promise<void>;
}

const service = 'registry of the tests';
const issuer = 'token server of the tests';
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** `repository:name:pull,push` as a claim; without a user only `pull` is granted. */
const claimOf = (scope: string, full: boolean): object => {
  const [type = '', ...rest] = scope.split(':');
  const actions = (rest.at(-1) ?? '').split(',');
  return { type, name: rest.slice(0, -1).join(':'), actions: actions.filter((action) => full || action === 'pull') };
};

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
};

export interface TokenOptions {
  readonly user: readonly [name: string, password: string];
  /** A token that stands for the user at the OAuth form. */
  readonly refreshToken?: string;
  /** Seconds that a token is good for; 300 without it. */
  readonly lifetime?: number;
  /** Whether who gives no name gets tokens to pull. */
  readonly anonymous?: boolean;
}

/** Starts it on a port of its own. */
export const startTokenServer = async ({ user, refreshToken, lifetime = 300, anonymous = false }: TokenOptions): Promise<TokenServer> => {
  const directory = scratch();
  const [keyPath, certificate] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=tokens', '-keyout', keyPath, '-out', certificate], { stdio: 'ignore' });
  const key = readFileSync(keyPath, 'utf8');
  const der = readFileSync(certificate, 'utf8').replace(/-----[^-]+-----|\s/g, '');
  const signed = (subject: string, scopes: readonly string[]): string => {
    const now = Math.floor(Date.now() / 1000);
    const access = scopes.map((scope) => claimOf(scope, subject !== ''));
    const claims = { iss: issuer, sub: subject, aud: service, exp: now + lifetime, nbf: now - 5, iat: now, jti: randomUUID(), access };
    const text = `${encode({ typ: 'JWT', alg: 'RS256', x5c: [der] })}.${encode(claims)}`;
    return `${text}.${createSign('RSA-SHA256').update(text).sign(key).toString('base64url')}`;
  };
  const requests: TokenRequest[] = [];
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://tokens');
    const body = await bodyOf(request);
    const form = request.method === 'POST' ? new URLSearchParams(body) : url.searchParams;
    const scopes = form.getAll('scope').flatMap((scope) => scope.split(' ')).filter((scope) => scope !== '');
    const [, credentials] = /^Basic (.*)$/.exec(request.headers.authorization ?? '') ?? [];
    const basic = credentials === undefined ? undefined : Buffer.from(credentials, 'base64').toString();
    const refresh = form.get('refresh_token') ?? undefined;
    requests.push({ method: request.method ?? '', scopes, body, ...(basic === undefined ? {} : { basic }), ...(refresh === undefined ? {} : { refreshToken: refresh }) });
    const known = basic === user.join(':') || (refresh !== undefined && refresh === refreshToken) || (form.get('username') === user[0] && form.get('password') === user[1]);
    const nobody = basic === undefined && request.method === 'GET' && anonymous;
    response.setHeader('content-type', 'application/json');
    if (!known && !nobody) return void response.writeHead(401).end('{"details":"incorrect username or password"}');
    const token = signed(known ? user[0] : '', scopes);
    response.end(JSON.stringify({ token, access_token: token, expires_in: lifetime, issued_at: new Date().toISOString() }));
  });
  const port = await listen(server);
  return {
    settings: { realm: `http://127.0.0.1:${port}/token`, service, issuer, certificate },
    requests,
    stop: () => closeServer(server),
  };
};
