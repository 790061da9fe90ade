/** The real registry: `docker-registry` (distribution 2.8) on a port of its own, with its storage in a scratch directory. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { scratch } from '../e2e/skiff.ts';
import type { Certificates } from './certificates.ts';
import { closeServer, listen } from './http.ts';

export interface RegistryOptions {
  /** Name and password for Basic authentication. */
  readonly user?: readonly [name: string, password: string];
  /** Bearer tokens by this server. */
  readonly token?: { readonly realm: string; readonly service: string; readonly issuer: string; readonly certificate: string };
  readonly tls?: Certificates;
}

export interface TestRegistry {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  readonly port: number;
  /** Where it stores; `docker/registry/v2/…` below it. */
  readonly storage: string;
  /** What it has written to its log. */
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

/** A port that nobody listens on now. */
export const freePort = async (): Promise<number> => {
  const server = createServer();
  const port = await listen(server);
  await closeServer(server);
  return port;
};

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => (socket.destroy(), resolve(true)));
    socket.on('error', () => resolve(false));
  });

const authOf = (directory: string, { user, token }: RegistryOptions): object => {
  if (user !== undefined) {
    const path = join(directory, 'htpasswd');
    writeFileSync(path, execFileSync('htpasswd', ['-Bbn', '-C', '4', ...user], { stdio: ['ignore', 'pipe', 'ignore'] }));
    return { auth: { htpasswd: { realm: 'test', path } } };
  }
  if (token === undefined) return {};
  return { auth: { token: { realm: token.realm, service: token.service, issuer: token.issuer, rootcertbundle: token.certificate } } };
};

/** Starts a registry and waits until it listens; throws with its log when it does not within 10 s. YAML is JSON's superset. */
export const startRegistry = async (options: RegistryOptions = {}): Promise<TestRegistry> => {
  const directory = scratch();
  const storage = join(directory, 'storage');
  mkdirSync(storage);
  const port = await freePort();
  const tls = options.tls === undefined ? {} : { tls: { certificate: options.tls.certificate, key: options.tls.key } };
  const config = {
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: storage }, delete: { enabled: true }, cache: { blobdescriptor: 'inmemory' } },
    http: { addr: `127.0.0.1:${port}`, secret: 'a test', ...tls },
    ...authOf(directory, options),
  };
  const configPath = join(directory, 'config.yml');
  writeFileSync(configPath, JSON.stringify(config));
  const child = spawn('docker-registry', ['serve', configPath], { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'] ?? '', OTEL_TRACES_EXPORTER: 'none' } });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => void (log += chunk.toString()));
  const ended = new Promise<void>((resolve) => void child.on('close', () => resolve()).on('error', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  for (const end = Date.now() + 10000; !(await answers(port)); ) {
    if (Date.now() > end || child.exitCode !== null) {
      await stop();
      throw new Error(`docker-registry does not start:\n${log}\n${readFileSync(configPath, 'utf8')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { address: `127.0.0.1:${port}`, port, storage, log: () => log, stop };
};
