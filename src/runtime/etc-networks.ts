/** What a container's /etc says of its networks. Pure. */
import { nameservers, resolverFile } from './etc-files.ts';
import type { Endpoint } from '../network/types.ts';
import type { Forwarders } from './network-file.ts';
import type { SkiffSpec } from './spec-types.ts';

type Subject = Pick<SkiffSpec, 'network' | 'asked' | 'hostname' | 'domainname'>;

/** /etc/resolv.conf of a container with networks; `named`: in one of them containers know each other by name. */
export const resolverFileOf = ({ network, asked = {} }: Pick<Subject, 'network' | 'asked'>, hostFile: string, named: boolean): string =>
  resolverFile({ network, named, nameservers: asked.dns ?? [], search: asked.dnsSearch ?? [], options: asked.dnsOption ?? [], hostFile: () => hostFile });

const asksForDots = (option: string): boolean => /^ndots:[1-9]/.test(option);

/** Whom the container's name server asks: those of `--dns` from the container, or the host's from the host. */
export const forwardersOf = ({ asked = {} }: Pick<Subject, 'asked'>, hostFile: string): Forwarders => {
  const { dns = [], dnsOption = [] } = asked;
  return { servers: dns.length > 0 ? dns : nameservers(hostFile), from: dns.length > 0 ? 'container' : 'host', ndots: dnsOption.some(asksForDots) };
};

const linesOf = ({ hostname, domainname }: Subject, endpoints: readonly Endpoint[]): readonly string[] => {
  const names = domainname === undefined ? hostname : `${hostname}.${domainname} ${hostname}`;
  return endpoints.flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6].flatMap((place) => (place === undefined ? [] : [`${place.address}\t${names}`])));
};

/** /etc/hosts with the container's own lines as they are now, and everything else left as it stands. */
export const withAddresses = (text: string, subject: Subject, before: readonly Endpoint[], after: readonly Endpoint[]): string => {
  const [old, now] = [linesOf(subject, before), linesOf(subject, after)];
  const kept = text.split('\n').filter((line) => !old.includes(line) || now.includes(line));
  while (kept.at(-1) === '') kept.pop();
  return [...kept, ...now.filter((line) => !kept.includes(line)), ''].join('\n');
};
