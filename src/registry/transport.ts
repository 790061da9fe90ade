/**
 * HTTP as the registry client needs it: proxies, certificates, redirects that keep credentials at home, time-outs, and bodies that are read no further than
 * allowed. One request here is one exchange, or several by way of redirects; it is not tried again.
 */
import { request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { SecureContext } from 'node:tls';
import { Readable } from 'node:stream';
import { SkiffFailure, fail, toSkiffError } from '../core/errors.ts';
import type { Settings } from '../system/settings.ts';
import { makeAgents } from './agents.ts';
import { isInsecure, settingsOf } from './hosts.ts';
import { proxyFor } from './proxy.ts';
import { isRedirect, isSameOrigin, locationFrom, maximumRedirects } from './redirect.ts';
import { secureContextFor } from './trust.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Longest silences, in milliseconds. */
export interface TimeOuts {
  /** Until a connection, by way of a proxy too, is there. */
  readonly connect: number;
  /** Without a byte in either direction. */
  readonly idle: number;
  /** Until the answer to something that was sent: a registry digests a large layer before it answers. */
  readonly upload: number;
}

export const defaultTimeOuts: TimeOuts = { connect: 10_000, idle: 60_000, upload: 300_000 };

export interface Outgoing {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream needs a Content-Length among the headers. */
  readonly body?: string | Readable;
}

export interface Answer {
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: IncomingMessage;
  /** Longest silence in the body, in milliseconds. */
  readonly idle: number;
}

export interface Transport {
  /** One exchange. Throws errno errors, which name the host of a proxy as `proxy`, and SkiffFailures for what must not be followed. The body of the answer has to be read or destroyed. */
  send(outgoing: Outgoing): Promise<Answer>;
  /** Cuts what is open. */
  close(): void;
}

/** The error code of a host that does not even take the connection: unlike ETIMEDOUT not worth another attempt. */
export const connectTimedOut = 'ERR_CONNECT_TIMED_OUT';

/** Silence that lasted too long. */
const timedOut = (code = 'ETIMEDOUT'): Error => Object.assign(new Error('no answer in time'), { code });

/** A CONNECT that the proxy did not carry out: its answer must not be taken for the registry's. */
const refusedByProxy = (host: string, status: number): SkiffFailure =>
  new SkiffFailure({ _tag: 'Refused', message: `cannot reach ${host}: the proxy refused the connection with status ${status}`, hint: status === 407 ? 'put user name and password into HTTPS_PROXY' : 'except the registry with NO_PROXY' });

const sendBody = (request: ClientRequest, body: Readable, reject: (reason: unknown) => void): void => {
  body.once('error', (caught) => {
    try {
      reject(new SkiffFailure(toSkiffError('read', 'what is to be sent')(caught)));
    } catch (bug) {
      reject(bug);
    }
    request.destroy();
  });
  body.pipe(request);
};

const exchange = (start: () => ClientRequest, { url, body: sent }: Outgoing, { connect, idle, upload }: TimeOuts): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const request = start();
    const giveUp = (error: Error): void => {
      // While a proxy is being asked the request has no socket yet, and would keep the error to itself.
      reject(error);
      request.destroy(error);
    };
    const connecting = setTimeout(() => giveUp(timedOut(connectTimedOut)), connect);
    const connected = (): void => clearTimeout(connecting);
    request.once('socket', (socket) => (socket.connecting ? socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', connected) : connected()));
    request.once('proxyConnect', ({ statusCode }: { readonly statusCode?: number }) => {
      if (statusCode !== undefined && statusCode !== 200) giveUp(refusedByProxy(url.host, statusCode));
    });
    request.setTimeout(sent instanceof Readable ? upload : idle, () => giveUp(timedOut()));
    // Stays for good: a request may fail after its answer has begun, and then the body's reader is told.
    request.on('error', reject);
    // Silence is not all: headers that come byte by byte are never silent.
    let answering: NodeJS.Timeout | undefined;
    const awaitAnswer = (): void => void (answering = setTimeout(() => giveUp(timedOut()), sent instanceof Readable ? upload : idle));
    request.once('finish', awaitAnswer);
    request.once('close', () => {
      connected();
      clearTimeout(answering);
      // A pipe does not end its source when its destination fails, and the source holds a file open.
      if (sent instanceof Readable) sent.destroy();
    });
    request.once('response', (body) => {
      request.setTimeout(0);
      request.off('finish', awaitAnswer);
      clearTimeout(answering);
      body.on('error', () => undefined);
      if (sent instanceof Readable && !request.writableEnded) {
        sent.destroy();
        body.once('close', () => request.destroy());
      }
      resolve({ url, status: body.statusCode ?? 0, headers: body.headers, body, idle });
    });
    if (sent instanceof Readable) sendBody(request, sent, reject);
    else request.end(sent);
  });

/** The request that a redirect asks for: without the credentials once it has left its host. */
const redirected = (outgoing: Outgoing, url: URL): Outgoing => {
  if (isSameOrigin(outgoing.url, url)) return { ...outgoing, url };
  const kept = Object.entries(outgoing.headers ?? {}).filter(([name]) => name.toLowerCase() !== 'authorization');
  return { ...outgoing, url, headers: Object.fromEntries(kept) };
};

/** A client for the hosts that `settings` and `env` (proxies, SSL_CERT_FILE) describe. Opens nothing yet. */
export const openTransport = (settings: Settings, env: Environment, timeOuts: TimeOuts = defaultTimeOuts): Transport => {
  const agents = makeAgents();
  const open = new Set<ClientRequest>();
  let closed = false;
  const contexts = new Map<string, SecureContext>();
  const contextOf = (url: URL): SecureContext => {
    const context = contexts.get(url.host) ?? secureContextFor(env, url.host, settingsOf(settings, url)?.ca);
    contexts.set(url.host, context);
    return context;
  };
  const sendOnce = async (outgoing: Outgoing): Promise<Answer> => {
    const { url, method } = outgoing;
    const proxy = proxyFor(env, url);
    const agent = await agents.of(url, proxy);
    const headers = { 'user-agent': 'skiff', 'accept-encoding': 'identity', ...outgoing.headers };
    const secure = url.protocol === 'http:' ? undefined : { secureContext: contextOf(url), rejectUnauthorized: !isInsecure(settings, url) };
    // Whoever was pausing before another attempt must not begin it.
    if (closed) fail({ _tag: 'System', operation: 'reach the registry', subject: url.host, reason: 'the transfer was given up' });
    const start = (): ClientRequest => {
      const request = secure === undefined ? httpRequest(url, { method, headers, agent }) : httpsRequest(url, { method, headers, agent, ...secure });
      open.add(request);
      return request.once('close', () => open.delete(request));
    };
    try {
      return await exchange(start, outgoing, timeOuts);
    } catch (caught) {
      if (proxy !== undefined && caught instanceof Error) Object.assign(caught, { proxy: proxy.host });
      throw caught;
    }
  };
  return {
    async send(outgoing) {
      const mayBePlain = isInsecure(settings, outgoing.url);
      let current = outgoing;
      for (let hops = 0; hops <= maximumRedirects; hops += 1) {
        const answer = await sendOnce(current);
        if (!isRedirect(answer.status) || (outgoing.method !== 'GET' && outgoing.method !== 'HEAD')) return answer;
        await discard(answer);
        current = redirected(current, locationFrom(current.url, answer.headers.location, mayBePlain));
      }
      return fail({ _tag: 'Hostile', subject: `the redirects of ${outgoing.url.host}`, reason: `there are more than ${maximumRedirects} in a row` });
    },
    close() {
      closed = true;
      // Not every runtime ends the connections in use with their pool.
      for (const request of open) request.destroy();
      agents.close();
    },
  };
};

/**
 * The bytes of a body as they arrive. Throws ETIMEDOUT after `answer.idle` milliseconds without any; time in which the caller does not ask for more
 * does not count. Ends the connection when the caller stops early.
 */
export async function* bytesOf(answer: Answer): AsyncGenerator<Uint8Array> {
  let waiting = true;
  const timer = setTimeout(() => {
    if (waiting) answer.body.destroy(timedOut());
    else timer.refresh();
  }, answer.idle);
  try {
    for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
      waiting = false;
      yield chunk;
      waiting = true;
      timer.refresh();
    }
  } finally {
    clearTimeout(timer);
  }
}

/** A whole small body may take this many times the longest silence: two minutes, which is 35 kB/s for the largest. */
const documentPatience = 2;

/** A whole body of at most `limit` bytes; undefined when there is more. Throws errno errors, ETIMEDOUT too where it comes in drops. */
export const readBytes = async (answer: Answer, limit: number): Promise<Buffer | undefined> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const late = setTimeout(() => answer.body.destroy(timedOut()), documentPatience * answer.idle);
  try {
    for await (const chunk of bytesOf(answer)) {
      size += chunk.length;
      if (size > limit) return undefined;
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, size);
  } finally {
    clearTimeout(late);
  }
};

/** As `readBytes`, as text; empty when there is more than `limit`. */
export const readText = async (answer: Answer, limit: number): Promise<string> => (await readBytes(answer, limit))?.toString('utf8') ?? '';

const smallRest = 64 * 1024;

/** Lets an answer go whose body nobody wants; one with a small body leaves its connection to the next request. Never throws. */
export const discard = async (answer: Answer): Promise<void> => {
  try {
    await readBytes(answer, smallRest);
  } catch {
    // The connection is gone, which is what was wanted of the body.
  }
};
