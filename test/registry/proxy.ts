/** A reverse proxy in front of a registry that records requests and does, for chosen ones, what `faults.ts` has. */
import { createServer, request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { closeServer, listen } from './http.ts';

/** A request as it came in, and what was answered. */
export interface Recorded {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Undefined until there is an answer. */
  status?: number;
}

/** Asks the registry behind; `headers` replace the request's own, undefined takes one away. The request's body is sent on. */
export type Upstream = (headers?: Readonly<Record<string, string | undefined>>) => Promise<IncomingMessage>;

/** Answers a request in the registry's place. */
export type Fault = (request: IncomingMessage, response: ServerResponse, upstream: Upstream) => Promise<void>;

export interface Rule {
  readonly path: RegExp;
  /** GET without it. */
  readonly method?: string;
  readonly fault: Fault;
  /** How many requests; all without it. */
  readonly times?: number;
  /** How many requests are let through before. */
  readonly after?: number;
}

export interface Proxy {
  readonly address: string;
  readonly requests: readonly Recorded[];
  /** Forgets what was recorded and takes these rules instead of the ones before; the first that matches counts. */
  readonly use: (...rules: readonly Rule[]) => void;
  readonly stop: () => Promise<void>;
}

/** The requests of this kind. */
export const requestsTo = (proxy: Pick<Proxy, 'requests'>, path: RegExp, method = 'GET'): readonly Recorded[] =>
  proxy.requests.filter((one) => one.method === method && path.test(one.url));

/** Sends an answer on as it is. */
export const passOn = async (answer: IncomingMessage, response: ServerResponse): Promise<void> => {
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  answer.pipe(response);
  await new Promise((resolve) => response.on('close', resolve));
};

const upstreamOf = (target: string, request: IncomingMessage): Upstream => (changes = {}) =>
  new Promise((resolve, reject) => {
    const [host, port] = target.split(':');
    const headers = Object.fromEntries(Object.entries({ ...request.headers, ...changes }).filter(([, value]) => value !== undefined));
    const asked = httpRequest({ host, port, method: request.method, path: request.url, headers, agent: false }, resolve);
    asked.on('error', reject);
    request.pipe(asked);
    request.on('close', () => (request.complete ? undefined : asked.destroy()));
  });

/** Chooses the rule for each request and counts. */
const chooser = (rules: readonly Rule[]): ((request: IncomingMessage) => Fault | undefined) => {
  const counts = rules.map(() => 0);
  return (request) => {
    for (const [position, rule] of rules.entries()) {
      if ((rule.method ?? 'GET') !== request.method || !rule.path.test(request.url ?? '')) continue;
      const count = counts[position] ?? 0;
      counts[position] = count + 1;
      const first = rule.after ?? 0;
      if (count >= first && count < first + (rule.times ?? Infinity)) return rule.fault;
    }
    return undefined;
  };
};

/** Starts a proxy in front of `target`, `HOST:PORT`. */
export const startProxy = async (target: string): Promise<Proxy> => {
  const requests: Recorded[] = [];
  let choose = chooser([]);
  const server = createServer(async (request, response) => {
    const recorded: Recorded = { method: request.method ?? '', url: request.url ?? '', headers: request.headers };
    requests.push(recorded);
    const upstream = upstreamOf(target, request);
    try {
      const fault = choose(request);
      if (fault === undefined) await passOn(await upstream(), response);
      else await fault(request, response, upstream);
    } catch {
      // The client has gone, or the registry: either way there is nobody to tell.
      response.destroy();
    }
    recorded.status = response.statusCode;
  });
  server.keepAliveTimeout = 1000;
  const port = await listen(server);
  return {
    address: `127.0.0.1:${port}`,
    requests,
    use: (...rules) => {
      requests.length = 0;
      choose = chooser(rules);
    },
    stop: () => closeServer(server),
  };
};
