/** A volume plugin for tests: keeps its volumes as directories, counts mounts, writes down what it was asked, and misbehaves on demand. */
import { existsSync, mkdirSync, readdirSync, rmSync, unlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface Asked {
  readonly call: string;
  readonly body: Record<string, unknown>;
}

/** What it does instead of answering well: an answer of its own, or words for how it fails. */
export type Misbehaviour = 'silence' | 'hang-up' | 'half' | 'huge' | 'garbage' | 'not-found' | { readonly status?: number; readonly text: string };

export interface VolumePlugin {
  readonly asked: Asked[];
  /** By call, as in `VolumeDriver.Mount`. */
  readonly misbehave: Map<string, Misbehaviour>;
  /** How often each volume is mounted now, by the ids that asked for it. */
  readonly mounts: ReadonlyMap<string, ReadonlySet<string>>;
  /** 0 where it listens at a socket's path. */
  readonly port: number;
  /** Where the volume `name` is. */
  readonly place: (name: string) => string;
  readonly stop: () => Promise<void>;
}

type Handler = (body: Record<string, unknown>) => unknown;

const handlers = (store: string, mounts: Map<string, Set<string>>): Readonly<Record<string, Handler>> => {
  const place = (name: unknown): string => join(store, String(name));
  const known = (name: unknown): boolean => existsSync(place(name));
  const unknown = { Err: 'no such volume here' };
  const describe = (name: string): object => ({ Name: name, Mountpoint: place(name), CreatedAt: '2024-01-02T03:04:05Z', Status: { mounts: mounts.get(name)?.size ?? 0 } });
  return {
    'Plugin.Activate': () => ({ Implements: ['VolumeDriver'] }),
    'VolumeDriver.Create': ({ Name }) => (mkdirSync(place(Name), { recursive: true }), { Err: '' }),
    'VolumeDriver.Remove': ({ Name }) => (known(Name) ? (rmSync(place(Name), { recursive: true }), { Err: '' }) : unknown),
    'VolumeDriver.Mount': ({ Name, ID }) => {
      if (!known(Name)) return unknown;
      mounts.set(String(Name), (mounts.get(String(Name)) ?? new Set()).add(String(ID)));
      return { Mountpoint: place(Name), Err: '' };
    },
    'VolumeDriver.Unmount': ({ Name, ID }) => ({ Err: mounts.get(String(Name))?.delete(String(ID)) === true ? '' : 'that is not mounted' }),
    'VolumeDriver.Path': ({ Name }) => (known(Name) ? { Mountpoint: place(Name) } : unknown),
    'VolumeDriver.Get': ({ Name }) => (known(Name) ? { Volume: describe(String(Name)), Err: '' } : unknown),
    'VolumeDriver.List': () => ({ Volumes: readdirSync(store).map(describe), Err: '' }),
    'VolumeDriver.Capabilities': () => ({ Capabilities: { Scope: 'local' } }),
  };
};

const spoil = (how: Misbehaviour, response: ServerResponse): void => {
  if (how === 'silence') return;
  if (how === 'hang-up') response.destroy();
  else if (how === 'half') {
    response.writeHead(200, { 'Content-Length': 1000 });
    response.write('{"Err":"', () => response.destroy());
  } else if (how === 'huge') {
    response.writeHead(200);
    const more = (): void => {
      while (!response.destroyed && response.write('x'.repeat(65536)));
      if (!response.destroyed) response.once('drain', more);
    };
    more();
  } else if (how === 'not-found') response.writeHead(404).end('404 page not found\n');
  else if (how === 'garbage') response.end('<html>');
  else response.writeHead(how.status ?? 200).end(how.text);
};

const readBody = async (request: IncomingMessage): Promise<Record<string, unknown>> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
};

/** Starts one at the path of a socket, or at a port of 127.0.0.1; `store` is the directory of its volumes. What it keeps outlives it. */
export const startPlugin = async (at: string | number, store: string, mounts = new Map<string, Set<string>>()): Promise<VolumePlugin> => {
  const asked: Asked[] = [];
  const misbehave = new Map<string, Misbehaviour>();
  const sockets = new Set<Socket>();
  mkdirSync(store, { recursive: true });
  const calls = handlers(store, mounts);
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const call = (request.url ?? '').slice(1);
      const how = misbehave.get(call);
      asked.push({ call, body });
      const handler = calls[call];
      if (how !== undefined) spoil(how, response);
      else if (request.method !== 'POST' || handler === undefined) spoil('not-found', response);
      else response.end(JSON.stringify(handler(body)));
    });
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  if (typeof at === 'string') {
    mkdirSync(dirname(at), { recursive: true });
    if (existsSync(at)) unlinkSync(at);
  }
  await new Promise<void>((resolve) => (typeof at === 'string' ? server.listen(at, resolve) : server.listen(at, '127.0.0.1', resolve)));
  const address = server.address();
  return {
    asked,
    misbehave,
    port: typeof address === 'object' && address !== null ? address.port : 0,
    mounts,
    place: (name) => join(store, name),
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
