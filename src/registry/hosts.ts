/** Which host a registry's name means, and how far its connection must be trusted. Pure. */
import type { RegistrySettings, Settings } from '../system/settings.ts';
import { isIPv4 } from '../core/ip.ts';

const dockerHub = 'docker.io';
const dockerHubApi = 'registry-1.docker.io';
/** The hosts that Docker Hub consists of: images, tokens, search. What settings say about docker.io holds for each. */
const dockerHubHosts: readonly string[] = [dockerHubApi, 'auth.docker.io', 'index.docker.io'];

/** The host that answers for `domain`: Docker Hub's API does not live under its name. */
export const apiHost = (domain: string): string => (domain === dockerHub ? dockerHubApi : domain);

/** Whether `hostname` (no port; IPv6 with or without brackets) is this machine: `localhost`, 127.0.0.0/8 or ::1. */
export const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '::1' || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'));

/** The names by which settings may call the host of `url`: URLs drop the port that is usual for their scheme. */
const namesOf = (url: URL): readonly string[] => {
  const withPort = url.port === '' ? [`${url.hostname}:${url.protocol === 'https:' ? 443 : 80}`] : [];
  return [url.host, ...withPort, ...(dockerHubHosts.includes(url.host) ? [dockerHub] : [])];
};

/** What the settings say about the host of `url`. */
export const settingsOf = (settings: Settings, url: URL): RegistrySettings | undefined =>
  namesOf(url).map((name) => (Object.hasOwn(settings.registries, name) ? settings.registries[name] : undefined)).find((found) => found !== undefined);

/**
 * Whether plain HTTP and unknown certificates are accepted from the host of `url`: because settings say so, or by Docker's rule for this
 * machine itself, unless a CA was named for it.
 */
export const isInsecure = (settings: Settings, url: URL): boolean => {
  const own = settingsOf(settings, url);
  return own?.insecure === true || (isLoopback(url.hostname) && own?.ca === undefined);
};
