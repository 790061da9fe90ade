/** Published ports as `inspect` has them in NetworkSettings.Ports, and as `port` shows them (docker/cli, container/port.go). Pure. */
import { fail } from './errors.ts';
import { usage } from './invalid.ts';
import { readPortRange } from './ports.ts';

export interface PortBinding {
  readonly HostIp: string;
  readonly HostPort: string;
}

/** By port and protocol of the container, `80/tcp`; null where a port is exposed and not published. */
export type PortMap = ReadonlyMap<string, readonly PortBinding[] | null>;

/** Go's net.JoinHostPort. */
export const joined = ({ HostIp, HostPort }: PortBinding): string => `${HostIp.includes(':') ? `[${HostIp}]` : HostIp}:${HostPort}`;

const runs = (text: string): readonly string[] => text.match(/\d+|\D+/g) ?? [];

/** Numbers in a text count by their value: `80/tcp` before `443/tcp` (fvbommel/sortorder, NaturalLess). */
const naturally = (a: string, b: string): number => {
  const [left, right] = [runs(a), runs(b)];
  for (let at = 0; at < Math.min(left.length, right.length); at += 1) {
    const [one = '', other = ''] = [left[at], right[at]];
    const difference = /^\d/.test(one) && /^\d/.test(other) ? Number(one) - Number(other) : one < other ? -1 : one > other ? 1 : 0;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
};

/** One line for each address at which a port of the container is reached: `80/tcp -> 0.0.0.0:8080`. */
export const allPorts = (ports: PortMap): readonly string[] =>
  [...ports].flatMap(([port, bindings]) => (bindings ?? []).map((binding) => `${port} -> ${joined(binding)}`)).sort(naturally);

/** `80` or `80/udp` as `inspect` spells it. Throws Usage. */
const parsePort = (text: string): string => {
  const range = readPortRange(text.replace(/\/$/, ''));
  if (range === undefined || range.first !== range.last) return usage(`invalid port '${text}'`, 'write PORT or PORT/PROTOCOL, as in 80/tcp');
  return `${range.first}/${range.protocol}`;
};

/** The addresses of one port, `text` as typed, of the container called `name`. Throws Usage, and NotFound's like in Docker's words where it is not published. */
export const portAddresses = (ports: PortMap, text: string, name: string): readonly string[] => {
  const port = parsePort(text);
  const bindings = ports.get(port) ?? [];
  return bindings.length > 0 ? bindings.map(joined).sort(naturally) : fail({ _tag: 'Refused', message: `no public port '${port}' published for ${name}` });
};

/** A port of a container that is open on an address of the host. */
export interface BoundPort {
  readonly protocol: string;
  readonly address: string;
  readonly hostPort: number;
  readonly port: number;
}

/** What the monitor has written down, a range each: `tcp 0.0.0.0 8000 8010 80`. A line of another form is passed over. */
export const readBound = (lines: readonly string[]): readonly BoundPort[] =>
  lines.flatMap((line) => {
    const [, protocol = '', address = '', ...numbers] = /^(tcp|udp) (\S+) (\d{1,5}) (\d{1,5}) (\d{1,5})$/.exec(line) ?? [];
    const [first = 0, last = -1, inner = 0] = numbers.map(Number);
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, offset) => ({ protocol, address, hostPort: first + offset, port: inner + offset }));
  });

/** All ports, `exposed` by their names: those that are open with their addresses, the others with null. In the order of a map of Go's, as JSON has it. */
export const portMapOf = (exposed: readonly string[], bound: readonly BoundPort[]): PortMap => {
  const map = new Map<string, PortBinding[]>();
  for (const { protocol, address, hostPort, port } of bound) {
    const name = `${port}/${protocol}`;
    map.set(name, [...(map.get(name) ?? []), { HostIp: address, HostPort: String(hostPort) }]);
  }
  return new Map([...new Set([...exposed, ...map.keys()])].sort().map((name) => [name, map.get(name) ?? null]));
};
