/** Connections that are kept and shared: one pool per scheme and proxy. */
import { setMaxListeners } from 'node:events';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

/** Connections to one host that wait for the next request. */
const idleConnections = 16;

export interface Agents {
  /** The pool for `url`, through `proxy` if there is one. */
  of(url: URL, proxy: URL | undefined): Promise<HttpAgent>;
  /** Closes all connections. */
  close(): void;
}

/** The packages for proxies are loaded only where there is one. */
const openAgent = async (protocol: string, proxy: URL | undefined, signal: AbortSignal): Promise<HttpAgent> => {
  const options = { keepAlive: true, maxFreeSockets: idleConnections };
  if (proxy === undefined) return protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options);
  // A pool does not know of connections on which the proxy has not answered yet: the signal ends those.
  if (protocol === 'http:') return new (await import('http-proxy-agent')).HttpProxyAgent(proxy, { ...options, signal });
  return new (await import('https-proxy-agent')).HttpsProxyAgent(proxy, { ...options, signal });
};

/** An empty set of pools. */
export const makeAgents = (): Agents => {
  const pools = new Map<string, Promise<HttpAgent>>();
  const ending = new AbortController();
  // Each connection listens, and Node warns of more than ten listeners.
  setMaxListeners(0, ending.signal);
  return {
    of(url, proxy) {
      const key = `${url.protocol} ${proxy?.href ?? ''}`;
      const pool = pools.get(key) ?? openAgent(url.protocol, proxy, ending.signal);
      pools.set(key, pool);
      return pool;
    },
    close() {
      ending.abort();
      for (const pool of pools.values()) void pool.then((agent) => agent.destroy());
      pools.clear();
    },
  };
};
