/** Connections that are kept and shared: one pool per scheme and proxy. */
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
const openAgent = async (protocol: string, proxy: URL | undefined): Promise<HttpAgent> => {
  const options = { keepAlive: true, maxFreeSockets: idleConnections };
  if (proxy === undefined) return protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options);
  if (protocol === 'http:') return new (await import('http-proxy-agent')).HttpProxyAgent(proxy, options);
  return new (await import('https-proxy-agent')).HttpsProxyAgent(proxy, options);
};

/** An empty set of pools. */
export const makeAgents = (): Agents => {
  const pools = new Map<string, Promise<HttpAgent>>();
  return {
    of(url, proxy) {
      const key = `${url.protocol} ${proxy?.href ?? ''}`;
      const pool = pools.get(key) ?? openAgent(url.protocol, proxy);
      pools.set(key, pool);
      return pool;
    },
    close() {
      for (const pool of pools.values()) void pool.then((agent) => agent.destroy());
      pools.clear();
    },
  };
};
