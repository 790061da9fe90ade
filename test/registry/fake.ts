/** A registry that says exactly what a test wants it to, true or not. */
import { createServer } from 'node:http';
import { closeServer, listen } from './http.ts';

export interface Page {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** What is below `/v2/REPOSITORY/`: `manifests/latest`, `blobs/sha256:…`, `tags/list`. */
export type Pages = Readonly<Record<string, Page>>;

export interface FakeRegistry {
  readonly address: string;
  /** Paths and queries, as they were asked for. */
  readonly asked: readonly string[];
  /** Forgets what was asked, and has these pages from now on. */
  readonly serve: (pages: Pages) => void;
  readonly stop: () => Promise<void>;
}

/** Starts it with nothing to give. `/v2/` itself is always there. */
export const startFake = async (): Promise<FakeRegistry> => {
  let pages: Pages = {};
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const url = request.url ?? '';
    asked.push(url);
    const [path = ''] = url.split('?');
    const key = /^\/v2\/.*?\/((?:manifests|blobs|tags)\/.*)$/.exec(path)?.[1] ?? path;
    const page = path === '/v2/' && pages[path] === undefined ? {} : pages[key];
    response.on('error', () => undefined);
    if (page === undefined) return void response.writeHead(404, { 'content-type': 'application/json' }).end('{"errors":[{"code":"NOT_FOUND"}]}');
    response.writeHead(page.status ?? 200, page.headers ?? {});
    response.end(request.method === 'HEAD' ? undefined : (page.body ?? ''));
  });
  const port = await listen(server);
  return {
    address: `127.0.0.1:${port}`,
    asked,
    serve: (next) => {
      asked.length = 0;
      pages = next;
    },
    stop: () => closeServer(server),
  };
};
