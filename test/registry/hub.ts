/** Docker Hub as its clients see it: three hosts with TLS that only a proxy can find, tokens for everybody, a search, and a real registry behind. */
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { makeCertificates } from './certificates.ts';
import { startForwardProxy } from './forward-proxy.ts';
import type { ForwardProxy } from './forward-proxy.ts';
import { closeServer, listen } from './http.ts';
import { startRegistry } from './server.ts';
import { startTokenServer } from './token-server.ts';
import type { TokenServer } from './token-server.ts';

export interface Hub {
  /** For HTTPS_PROXY. */
  readonly proxy: ForwardProxy;
  /** PEM file of who has signed the certificate of all three. */
  readonly authority: string;
  readonly tokens: TokenServer;
  /** Host, path and query of what was asked, in order. */
  readonly asked: readonly string[];
  readonly stop: () => Promise<void>;
}

const hosts = { images: 'registry-1.docker.io', tokens: 'auth.docker.io', search: 'index.docker.io' } as const;

/** Sends a request on to `target`, `HOST:PORT`, as a server that ends TLS does. */
const passTo = (target: string, request: IncomingMessage, response: ServerResponse): void => {
  const [host, port] = target.split(':');
  const headers = { ...request.headers, 'x-forwarded-proto': 'https' };
  const onward = httpRequest({ host, port, method: request.method, path: request.url, headers, agent: false }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  request.pipe(onward);
};

/** Starts it; `user` may push, everybody may pull, and a search finds `found`, objects as Docker Hub has them. */
export const startHub = async (user: readonly [name: string, password: string], found: readonly object[]): Promise<Hub> => {
  const certificates = makeCertificates(...Object.values(hosts));
  const tokens = await startTokenServer({ user, anonymous: true });
  const registry = await startRegistry({ token: { ...tokens.settings, realm: `https://${hosts.tokens}/token` } });
  const asked: string[] = [];
  const server = createServer({ cert: readFileSync(certificates.certificate), key: readFileSync(certificates.key) }, (request, response) => {
    const host = request.headers.host ?? '';
    asked.push(`${host}${request.url}`);
    if (host === hosts.images) passTo(registry.address, request, response);
    else if (host === hosts.tokens) passTo(new URL(tokens.settings.realm).host, request, response);
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ num_results: found.length, results: found }));
  });
  const place = `127.0.0.1:${await listen(server)}`;
  const proxy = await startForwardProxy(Object.fromEntries(Object.values(hosts).map((host) => [`${host}:443`, place])));
  return {
    proxy,
    authority: certificates.authority,
    tokens,
    asked,
    stop: async () => {
      await proxy.stop();
      await closeServer(server);
      await registry.stop();
      await tokens.stop();
    },
  };
};
