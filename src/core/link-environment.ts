/** The variables that `--link` gives to a container on the default network, as Docker's (moby daemon/links). Pure. */
import { readPortRange } from './ports.ts';

/** The container that is linked to. */
export interface LinkTarget {
  /** `/CONTAINER/ALIAS`: who links, and as what. */
  readonly link: string;
  readonly address: string;
  /** What it exposes, as `80/tcp`. */
  readonly ports: readonly string[];
  /** Its own, as it was configured. */
  readonly environment: readonly string[];
}

interface Port {
  readonly number: number;
  readonly protocol: string;
}

const portOf = (name: string): readonly Port[] => {
  const range = readPortRange(name);
  return range === undefined ? [] : [{ number: range.first, protocol: range.protocol }];
};

/** TCP first, then by protocol and number. */
const inOrder = (a: Port, b: Port): number => {
  const rank = ({ protocol }: Port): string => (protocol === 'tcp' ? '' : protocol);
  return rank(a) === rank(b) ? a.number - b.number : rank(a) < rank(b) ? -1 : 1;
};

/** Ports of one protocol that follow each other. */
const runsOf = (ports: readonly Port[]): readonly (readonly [first: Port, last: Port])[] => {
  const runs: [Port, Port][] = [];
  for (const port of ports) {
    const last = runs.at(-1);
    if (last !== undefined && last[1].protocol === port.protocol && last[1].number + 1 === port.number) last[1] = port;
    else runs.push([port, port]);
  }
  return runs;
};

/** Not worth telling: every container has its own. */
const ownNames: readonly string[] = ['HOME', 'PATH'];

/** `NAME=value` lines. */
export const linkEnvironment = ({ link, address, ports: names, environment }: LinkTarget): readonly string[] => {
  const alias = link.slice(link.lastIndexOf('/') + 1).toUpperCase().replaceAll('-', '_');
  const ports = names.flatMap(portOf).toSorted(inOrder);
  const prefix = ({ number, protocol }: Port): string => `${alias}_PORT_${number}_${protocol.toUpperCase()}`;
  const place = ({ number, protocol }: Port): string => `${protocol}://${address}:${number}`;
  return [
    ...ports.slice(0, 1).map((port) => `${alias}_PORT=${place(port)}`),
    ...ports.flatMap((port) => [`${prefix(port)}=${place(port)}`, `${prefix(port)}_ADDR=${address}`, `${prefix(port)}_PORT=${port.number}`, `${prefix(port)}_PROTO=${port.protocol}`]),
    ...runsOf(ports).flatMap(([first, last]) =>
      first === last ? [] : [`${prefix(first)}_START=${place(first)}`, `${prefix(first)}_PORT_START=${first.number}`, `${prefix(first)}_END=${place(last)}`, `${prefix(first)}_PORT_END=${last.number}`],
    ),
    `${alias}_NAME=${link}`,
    ...environment.flatMap((line) => {
      const at = line.indexOf('=');
      return at < 0 || ownNames.includes(line.slice(0, at)) ? [] : [`${alias}_ENV_${line}`];
    }),
  ];
};
