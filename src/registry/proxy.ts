/**
 * Which proxy a URL goes through, by the rules of Go's golang.org/x/net/http/httpproxy, which Docker follows: HTTP_PROXY, HTTPS_PROXY and
 * NO_PROXY in either case, NO_PROXY with domains, `.domain`, `*.domain`, ports, addresses and CIDR; this machine is never proxied. Besides,
 * ALL_PROXY where there is no other. Pure.
 */
import { isIP, isIPv4, isIPv6 } from '../core/ip.ts';
import { fail } from '../core/errors.ts';
import { isLoopback } from './hosts.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const setting = (env: Environment, name: string): string => env[name] || env[name.toLowerCase()] || '';

/** The 4 or 16 bytes of an address that has been checked. */
const bytesOf = (address: string): readonly number[] => {
  if (isIPv4(address)) return address.split('.').map(Number);
  const [head = '', tail] = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...quad) => {
    const [a = 0, b = 0, c = 0, d = 0] = quad.slice(0, 4).map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  }).split('::');
  const groups = (text: string): readonly number[] => (text === '' ? [] : text.split(':').map((group) => parseInt(group, 16)));
  const first = groups(head);
  const last = tail === undefined ? [] : groups(tail);
  const zeros = new Array<number>(8 - first.length - last.length).fill(0);
  return [...first, ...zeros, ...last].flatMap((group) => [group >> 8, group & 255]);
};

const isWithin = (address: string, network: string, prefix: number): boolean => {
  const [a, b] = [bytesOf(address), bytesOf(network)];
  if (a.length !== b.length || prefix > a.length * 8) return false;
  return a.every((byte, i) => {
    const bits = Math.min(8, Math.max(0, prefix - i * 8));
    const mask = (0xff << (8 - bits)) & 0xff;
    return (byte & mask) === ((b[i] ?? 0) & mask);
  });
};

/** `entry` without its port, if it has one, and the port. */
const splitPort = (entry: string): readonly [host: string, port: string] => {
  const match = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(entry);
  return match ? [match[1] ?? '', match[2] ?? ''] : [entry, ''];
};

const matches = (entry: string, host: string, port: string): boolean => {
  if (entry === '*') return true;
  const cidr = /^([^/]+)\/(\d{1,3})$/.exec(entry);
  if (cidr) return isIP(host) && isIP(cidr[1] ?? '') && isWithin(host, cidr[1] ?? '', Number(cidr[2]));
  const [name, wantedPort] = splitPort(entry);
  if (wantedPort !== '' && wantedPort !== port) return false;
  const bare = name.replace(/^\[|\]$/g, '');
  if (isIP(bare)) return isIP(host) && isWithin(host, bare, isIPv6(bare) ? 128 : 32);
  const domain = bare.replace(/^\*\./, '.');
  if (domain === '' || domain === '.') return false;
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
};

const schemes = ['http:', 'https:'];

/**
 * The proxy for `url`, or undefined where it is reached directly.
 * Throws a `Refused` failure, which does not repeat the value since it may hold a password, for a proxy that is no HTTP proxy.
 */
export const proxyFor = (env: Environment, url: URL): URL | undefined => {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase().replace(/\.$/, '');
  if (isLoopback(host)) return undefined;
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const value = setting(env, name) || setting(env, 'ALL_PROXY');
  const exceptions = setting(env, 'NO_PROXY').toLowerCase().split(/[\s,]+/).filter((entry) => entry !== '');
  if (value === '' || exceptions.some((entry) => matches(entry, host, port))) return undefined;
  const withScheme = value.includes('://') ? value : `http://${value}`;
  const proxy = URL.canParse(withScheme) ? new URL(withScheme) : undefined;
  if (proxy !== undefined && schemes.includes(proxy.protocol)) return proxy;
  const source = setting(env, name) === '' ? 'ALL_PROXY' : name;
  return fail({ _tag: 'Refused', message: `${source} is not the address of an HTTP proxy`, hint: `write it as http://HOST:PORT, or except ${host} with NO_PROXY` });
};
