/** Published ports as they are typed: `-p` (go-connections nat, ParsePortSpec; docker/cli opts.go, convertToStandardNotation). Pure. */
import { refuse, usage } from './invalid.ts';
import { isIP } from './ip.ts';
import { wordHint } from './nearest.ts';
import { readPortRange } from './ports.ts';
import type { PortRange } from './ports.ts';

/** From 0 to 65535; `first` is not above `last`. */
export interface PortSpan {
  readonly first: number;
  readonly last: number;
}

/** One `-p`. */
export interface Publication {
  readonly protocol: 'tcp' | 'udp';
  /** The host's, as typed, without brackets; absent: all of both families. */
  readonly address?: string;
  /** Of the host: as long as `container`, or any range for a single port, which gets the first free one of it. Absent, or 0: any free port for each. */
  readonly host?: PortSpan;
  readonly container: PortSpan;
}

const largest = 65535;
const forms = 'write PORT, HOST-PORT:PORT, ADDRESS:HOST-PORT:PORT or ADDRESS::PORT, with /tcp or /udp, as in 127.0.0.1:8080:80 or 8000-8010:80-90/udp';

const readSpan = (text: string): PortSpan | undefined => {
  const [, from = '', to = from] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const [first, last] = [Number(from), Number(to)];
  return from === '' || first > last || last > largest ? undefined : { first, last };
};

const longKeys: readonly string[] = ['published', 'target', 'protocol', 'mode'];

/** `published=8080,target=80,protocol=tcp,mode=host` in the short form. A mode is for swarms; both mean the same on one machine. */
const shortForm = (text: string): string => {
  const fields = new Map([['protocol', 'tcp']]);
  for (const field of text.split(',')) {
    const [key = '', value] = field.split(/=(.*)/s);
    if (value === undefined || key === '') return usage(`invalid publish opts format (should be name=value but got '${field}')`, 'write published=PORT,target=PORT');
    if (!longKeys.includes(key)) return usage(`invalid --publish '${text}': unknown key '${key}'`, wordHint(key, longKeys));
    fields.set(key, value);
  }
  const mode = fields.get('mode') ?? 'host';
  if (mode !== 'host' && mode !== 'ingress') return usage(`invalid --publish '${text}': unknown mode '${mode}'`, 'use host or ingress, which are the same here');
  return `${fields.get('published') ?? ''}:${fields.get('target') ?? ''}/${fields.get('protocol')}`;
};

const splitParts = (text: string): readonly [address: string, host: string, container: string] => {
  const parts = text.split(':');
  return [parts.slice(0, -2).join(':'), parts.at(-2) ?? '', parts.at(-1) ?? ''];
};

const readAddress = (text: string): string => {
  const address = /^\[(.*)\]$/.exec(text)?.[1] ?? text;
  return isIP(address) ? address : usage(`invalid IP address: ${text}`, 'give an address of this machine, IPv6 in brackets, as in [::1]:8080:80');
};

const readProtocol = (typed: string): Publication['protocol'] => {
  const protocol = typed.toLowerCase();
  if (protocol === 'tcp' || protocol === 'udp') return protocol;
  if (protocol !== 'sctp') return usage(`invalid proto: ${typed}`, 'use tcp or udp');
  return refuse('sctp ports cannot be published: without root nothing can carry SCTP between the host and a network of yours', 'use --network host, where the host has the ports itself');
};

const readHost = (typed: string, container: PortSpan, typedContainer: string): PortSpan => {
  const host = readSpan(typed) ?? usage(`invalid hostPort: ${typed}`, forms);
  if (host.first === 0 && host.last > 0) return usage(`invalid hostPort: ${typed}`, 'ports begin with 1; 0 alone means any free port');
  if (host.last - host.first !== container.last - container.first && container.first !== container.last) {
    return usage(`invalid ranges specified for container and host Ports: ${typedContainer} and ${typed}`, 'make both as long, or give a single port of the container');
  }
  return host;
};

/** One `-p`. Throws Usage in Docker's words, Refused for sctp. */
export const parsePublish = (text: string): Publication => {
  const plain = text.includes('=') ? shortForm(text) : text;
  const [typedAddress, typedHost, rest] = splitParts(plain);
  const [typedContainer = '', typedProtocol = ''] = rest.split(/\/(.*)/s);
  if (typedContainer === '') return usage(`no port specified: ${plain}<empty>`, forms);
  const protocol = readProtocol(typedProtocol || 'tcp');
  const address = typedAddress === '' ? undefined : readAddress(typedAddress);
  const container = readSpan(typedContainer) ?? usage(`invalid containerPort: ${typedContainer}`, forms);
  if (container.first === 0) return usage(`invalid containerPort: ${typedContainer}`, 'ports begin with 1');
  return {
    protocol,
    ...(address === undefined ? {} : { address }),
    ...(typedHost === '' ? {} : { host: readHost(typedHost, container, typedContainer) }),
    container,
  };
};

/** The ports of the container that are published, which count as exposed, too. */
export const publishedRanges = (publications: readonly Publication[]): readonly PortRange[] => publications.map(({ protocol, container }) => ({ ...container, protocol }));

/** A port of a container, and where on the host it is wanted. */
export interface WantedPort {
  readonly protocol: 'tcp' | 'udp';
  readonly address?: string;
  readonly port: number;
  /** The first free one of these; absent: of all that nobody has chosen. */
  readonly host?: PortSpan;
}

/** Each port of a publication by itself. */
export const wantedPorts = ({ protocol, address, host, container }: Publication): readonly WantedPort[] =>
  Array.from({ length: container.last - container.first + 1 }, (_, offset) => {
    const chosen = host === undefined || host.first === 0 ? undefined : container.first === container.last ? host : { first: host.first + offset, last: host.first + offset };
    return { protocol, ...(address === undefined ? {} : { address }), port: container.first + offset, ...(chosen === undefined ? {} : { host: chosen }) };
  });

/** All of them, and with `publishAll` those of `exposed` (names as `80/tcp`) that are not among them, but for sctp. */
export const allWanted = (publications: readonly Publication[], exposed: readonly string[], publishAll: boolean): readonly WantedPort[] => {
  const chosen = publications.flatMap(wantedPorts);
  const names = new Set(chosen.map(({ port, protocol }) => `${port}/${protocol}`));
  const others = publishAll ? exposed.filter((name) => !names.has(name)) : [];
  return [
    ...chosen,
    ...others.flatMap((name): readonly WantedPort[] => {
      const { first = 0, protocol } = readPortRange(name) ?? {};
      return first > 0 && (protocol === 'tcp' || protocol === 'udp') ? [{ protocol, port: first }] : [];
    }),
  ];
};

/** `HostPort` of one of these as `inspect` shows what was asked for: a port, a range, `0` or nothing. */
const askedHostPort = ({ host, container }: Publication, port: number): string => {
  if (host === undefined) return '';
  if (container.first === container.last) return host.first === host.last ? `${host.first}` : `${host.first}-${host.last}`;
  return `${host.first === 0 ? port - container.first : host.first + port - container.first}`;
};

/** HostConfig.PortBindings of `inspect`: by `80/tcp`, what was asked for. */
export const askedBindings = (publications: readonly Publication[]): Readonly<Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[]>> => {
  const bindings: Record<string, { readonly HostIp: string; readonly HostPort: string }[]> = {};
  for (const publication of publications) {
    for (const { protocol, port } of wantedPorts(publication)) (bindings[`${port}/${protocol}`] ??= []).push({ HostIp: publication.address ?? '', HostPort: askedHostPort(publication, port) });
  }
  return bindings;
};
