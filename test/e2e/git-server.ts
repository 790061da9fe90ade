/** Git over HTTPS as git's own CGI program serves it (git-http-backend(1)), and repositories to serve. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import { makeCertificates } from '../registry/certificates.ts';
import { closeServer, listen } from '../registry/http.ts';
import { scratch } from './skiff.ts';

export interface GitServer {
  /** `https://127.0.0.1:PORT`; repositories are below it, called NAME.git. */
  readonly address: string;
  /** For the environment of who is to believe the server. */
  readonly env: Readonly<Record<string, string>>;
  /** Requests so far: method and path. */
  readonly requests: readonly string[];
  /** What a path is redirected to. */
  readonly redirects: Map<string, string>;
  readonly repository: (name: string) => Repository;
  readonly stop: () => Promise<void>;
}

export interface Repository {
  readonly directory: string;
  /** Runs git in it. */
  readonly git: (...words: readonly string[]) => string;
  /** Commits these files and links (`-> TARGET`), and gives the commit. */
  readonly commit: (files: Readonly<Record<string, string>>) => string;
}

const identity = { GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@example', GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@example', GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };

const makeRepository = (directory: string): Repository => {
  const git = (...words: readonly string[]): string => execFileSync('git', words, { cwd: directory, env: { ...process.env, ...identity }, stdio: ['ignore', 'pipe', 'pipe'] }).toString().trim();
  mkdirSync(directory, { recursive: true });
  git('init', '-q', '-b', 'main');
  const commit = (files: Readonly<Record<string, string>>): string => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      if (text.startsWith('-> ')) symlinkSync(text.slice(3), join(directory, name));
      else writeFileSync(join(directory, name), text);
    }
    git('add', '-A');
    git('commit', '-q', '--allow-empty', '-m', 'a commit');
    return git('rev-parse', 'HEAD');
  };
  return { directory, git, commit };
};

/** One answer of the program: head, empty line, body. */
const serve = (root: string, request: IncomingMessage, answer: ServerResponse): void => {
  const { pathname, search } = new URL(request.url ?? '/', 'https://h');
  const { headers } = request;
  const env = {
    PATH: process.env['PATH'],
    ...identity,
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: pathname.replace(/^\/([^/]+)\.git\//u, '/$1/.git/'),
    QUERY_STRING: search.slice(1),
    REQUEST_METHOD: request.method,
    CONTENT_TYPE: headers['content-type'] ?? '',
    HTTP_CONTENT_ENCODING: headers['content-encoding'] ?? '',
    GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
    REMOTE_ADDR: '127.0.0.1',
  };
  const child = spawn('git', ['http-backend'], { env, stdio: ['pipe', 'pipe', 'ignore'] });
  const chunks: Buffer[] = [];
  child.stdin.on('error', () => undefined);
  request.pipe(child.stdin);
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.on('close', () => {
    const all = Buffer.concat(chunks);
    const end = all.indexOf('\r\n\r\n');
    const lines = all.toString('latin1', 0, Math.max(0, end)).split('\r\n').map((line) => line.split(': ', 2));
    answer.statusCode = Number(lines.find(([name]) => name === 'Status')?.[1]?.slice(0, 3) ?? (end < 0 ? 500 : 200));
    for (const [name = '', value = ''] of lines) if (name !== '' && name !== 'Status') answer.setHeader(name, value);
    answer.end(all.subarray(end + 4));
  });
};

/** Starts a server without any repository. */
export const startGitServer = async (): Promise<GitServer> => {
  const root = scratch();
  const { authority, certificate, key } = makeCertificates();
  const requests: string[] = [];
  const redirects = new Map<string, string>();
  const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (request, answer) => {
    requests.push(`${request.method} ${request.url}`);
    const target = redirects.get((request.url ?? '').replace(/\?.*$/u, ''));
    if (target === undefined) serve(root, request, answer);
    else answer.writeHead(302, { location: target }).end();
  });
  const port = await listen(server);
  return {
    address: `https://127.0.0.1:${port}`,
    env: { GIT_SSL_CAINFO: authority },
    requests,
    redirects,
    repository: (name) => makeRepository(join(root, name)),
    stop: () => closeServer(server),
  };
};
