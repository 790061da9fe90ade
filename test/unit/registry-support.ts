/** A registry in this process that answers as a test tells it, and a client with short pauses. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Descriptor } from '../../src/core/oci-image.ts';
import type { Digest } from '../../src/core/digest.ts';
import { openRegistry } from '../../src/registry/client.ts';
import type { Registry } from '../../src/registry/client.ts';
import type { Credential } from '../../src/registry/credentials.ts';
import { defaultSettings } from '../../src/system/settings.ts';
import type { RegistrySettings } from '../../src/system/settings.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

export interface TestServer {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** `METHOD PATH AUTHORIZATION` of each request so far. */
  readonly seen: string[];
}

const listening = async (server: Server): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
};

/** Runs `use` with a plain HTTP server. */
export const withServer = async (handler: Handler, use: (server: TestServer) => Promise<void>): Promise<void> => {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.url !== '/v2/') seen.push(`${request.method} ${request.url} ${request.headers.authorization ?? '-'}`);
      handler(request, response, Buffer.concat(chunks));
    });
  });
  const host = await listening(server);
  try {
    await use({ host, seen });
  } finally {
    server.closeAllConnections();
    server.close();
  }
};

export interface ClientOptions {
  readonly env?: Record<string, string>;
  readonly registries?: Record<string, RegistrySettings>;
  readonly credentials?: Record<string, Credential>;
  readonly idle?: number;
  readonly connect?: number;
}

/** Runs `use` with a client of `domain`. */
export const withRegistry = async <A>(domain: string, { env = {}, registries = {}, credentials = {}, idle = 2000, connect = 2000 }: ClientOptions, use: (registry: Registry) => Promise<A>): Promise<A> => {
  const context = { settings: { ...defaultSettings, registries }, env, credentialOf: async (name: string) => credentials[name] };
  const registry = openRegistry(context, domain, { timeOuts: { connect, idle, upload: idle }, firstPause: 2 });
  try {
    return await use(registry);
  } finally {
    registry.close();
  }
};

export const digestOf = (bytes: Uint8Array | string): Digest => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

export const layerOf = (bytes: Uint8Array): Descriptor => ({ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: digestOf(bytes), size: bytes.length });

/** All bytes that a blob's stream yields. */
export const collect = async (stream: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
};

/** The message of what `promise` throws; fails where it does not. */
export const failureOf = async (promise: Promise<unknown>): Promise<string> => {
  const outcome = await promise.then(() => undefined, (error: Error) => error.message);
  if (outcome === undefined) throw new Error('it succeeded');
  return outcome;
};
