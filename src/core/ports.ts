/** Ports that a container says it listens on: `--expose` and an image's `EXPOSE` (docker/cli opts.go; go-connections nat). */
import { attempt, usage } from './invalid.ts';
import type { Either } from 'fp-ts/Either';
import type { SkiffError } from './errors.ts';

export type Protocol = 'tcp' | 'udp' | 'sctp';

/** From 0 to 65535; `first` is not above `last`. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
  readonly protocol: Protocol;
}

const protocols: readonly string[] = ['tcp', 'udp', 'sctp'] satisfies readonly Protocol[];
const largest = 65535;

/** `PORT[-PORT][/PROTOCOL]`, the protocol in any case; undefined for anything else. */
export const readPortRange = (text: string): PortRange | undefined => {
  const [, from = '', to = from, typed = 'tcp'] = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/([A-Za-z]+))?$/.exec(text) ?? [];
  const protocol = typed.toLowerCase();
  const [first, last] = [Number(from), Number(to)];
  return from === '' || first > last || last > largest || !protocols.includes(protocol) ? undefined : { first, last, protocol: protocol as Protocol };
};

/** One `--expose`. */
export const parseExpose = (text: string): Either<SkiffError, PortRange> =>
  attempt(() => readPortRange(text) ?? usage(`invalid --expose '${text}'`, 'write a port or a range, with tcp, udp or sctp, as in 80, 53/udp or 8000-8010/tcp'));

/** `80/tcp`, as Docker names a port. */
const portName = (port: number, protocol: Protocol): string => `${port}/${protocol}`;

/** Every port of the ranges by its name, each once, in order of port and protocol. */
export const portNames = (ranges: readonly PortRange[]): readonly string[] => {
  const ports = new Map<string, readonly [number, Protocol]>();
  for (const { first, last, protocol } of ranges) for (let port = first; port <= last; port += 1) ports.set(portName(port, protocol), [port, protocol]);
  return [...ports].sort(([, [a, one]], [, [b, other]]) => a - b || (one < other ? -1 : 1)).map(([name]) => name);
};

/** What an image's `ExposedPorts` names; a name that is no port is left out, as by Docker when it runs one. */
export const imagePorts = (exposed: Readonly<Record<string, unknown>>): readonly PortRange[] => Object.keys(exposed).flatMap((name) => readPortRange(name) ?? []);
