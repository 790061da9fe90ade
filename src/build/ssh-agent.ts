/**
 * Agents of `--ssh` for RUN: a socket of the build's own behind which an agent lists keys and signs, and does nothing else. Other requests are answered as an agent
 * answers what it cannot do (draft-miller-ssh-agent, section 5); commands in a container must neither add keys to nor take keys from the caller's agent.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { join } from 'node:path';
import { fail } from '../core/errors.ts';
import { refuse } from '../core/invalid.ts';
import { agentRequests } from './ssh-agent-requests.ts';

/** Where an agent is: a socket, or files with keys for one of the build's own. Paths are absolute. */
export type SshSource = { readonly kind: 'socket'; readonly path: string } | { readonly kind: 'keys'; readonly paths: readonly string[] };

export interface Agent {
  /** The socket to bind: the caller's, mode 0600. */
  readonly path: string;
  /** Ends the agent and all connections. Idempotent. */
  readonly end: () => void;
}

/** Longest queue of clients; each has one connection to the agent. */
const maximumClients = 64;

/** Adds the keys and says so; goes, and takes the agent along, when its input ends, as it does when the build is killed. */
const keeper = 'trap \'kill "$SSH_AGENT_PID"\' EXIT; for key; do SSH_ASKPASS=/bin/false SSH_ASKPASS_REQUIRE=never ssh-add -q - <"$key" || exit 3; done; echo ready; cat >/dev/null';

/** An agent with the keys of `paths`, at the socket `path`. Throws `Refused`, `System`. */
const startAgent = (path: string, paths: readonly string[]): Promise<ChildProcess> =>
  new Promise((resolve, reject) => {
    const child = spawn('ssh-agent', ['-a', path, '/bin/sh', '-c', keeper, 'sh', ...paths], { stdio: ['pipe', 'pipe', 'pipe'] });
    let words = '';
    let isReady = false;
    child.stdin?.on('error', () => undefined);
    child.stderr?.on('data', (chunk: Buffer) => (words = `${words}${chunk.toString()}`.slice(0, 4096)));
    child.stdout?.on('data', () => {
      isReady = true;
      resolve(child);
    });
    child.once('error', (error: NodeJS.ErrnoException) => reject(error.code === 'ENOENT' ? failure(() => refuse('--ssh with keys needs ssh-agent, which is not installed', 'ask an administrator to run: apt-get install openssh-client')) : error));
    child.once('close', () => {
      if (!isReady) reject(failure(() => fail({ _tag: 'System', operation: 'read', subject: `the key ${paths.join(', ')}`, reason: words.trim().split('\n').at(-1) || 'ssh-add refuses it', hint: 'keys with a passphrase can only be given by an agent' })));
    });
  });

const failure = (body: () => never): unknown => {
  try {
    return body();
  } catch (error) {
    return error;
  }
};

/** Carries what is allowed from `client` to the agent at `path`, and all answers back. */
const carry = (client: Socket, path: string): void => {
  const agent = connect(path);
  const close = (): void => void (client.destroy(), agent.destroy());
  const take = agentRequests();
  client.on('data', (bytes: Buffer) => {
    const taken = take(bytes);
    if (taken === undefined) return close();
    if (taken.forAgent.length > 0) agent.write(taken.forAgent);
    if (taken.refusals.length > 0) client.write(taken.refusals);
  });
  agent.on('data', (bytes: Buffer) => void client.write(bytes));
  for (const socket of [client, agent]) socket.on('error', close).on('close', close);
};

/** Makes `source` reachable by a socket in the new directory `directory`. Throws SkiffFailure. */
export const serveAgent = async (directory: string, source: SshSource): Promise<Agent> => {
  mkdirSync(directory, { mode: 0o700 });
  const own = source.kind === 'keys' ? await startAgent(join(directory, 'keys'), source.paths) : undefined;
  const target = source.kind === 'keys' ? join(directory, 'keys') : source.path;
  const path = join(directory, 'agent');
  const clients = new Set<Socket>();
  const server: Server = createServer((client) => {
    clients.add(client);
    client.on('close', () => clients.delete(client));
    carry(client, target);
  });
  server.maxConnections = maximumClients;
  const end = (): void => {
    server.close();
    for (const client of clients) client.destroy();
    own?.stdin?.end();
  };
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve)).catch((error: unknown) => {
    end();
    throw error;
  });
  chmodSync(path, 0o600);
  return { path, end };
};
