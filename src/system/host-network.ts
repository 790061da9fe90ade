/** What of the host's network matters to networks of ours: read, never changed. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { release } from 'node:os';
import { readOptional } from './read-optional.ts';

/** A range that the host has a route to, other than its default route. */
export interface HostRoute {
  /** `ADDRESS/PREFIX`, the address in the notation of its family, perhaps not the shortest. */
  readonly cidr: string;
}

/** Hex digits of /proc/net/route are in the order of this machine's bytes: little-endian. */
const quad = (hex: string): string => [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.');

const bits = (hex: string): number => [...hex].reduce((sum, digit) => sum + [...Number.parseInt(digit, 16).toString(2)].filter((bit) => bit === '1').length, 0);

const ipv4Routes = (): readonly HostRoute[] =>
  readOptional('/proc/net/route').split('\n').slice(1).map((line) => line.split('\t')).flatMap(([, destination = '', , , , , , mask = '']) => (/^[0-9A-F]{8}$/.test(mask) && mask !== '00000000' ? [{ cidr: `${quad(destination)}/${bits(mask)}` }] : []));

const ipv6Routes = (): readonly HostRoute[] =>
  readOptional('/proc/net/ipv6_route').split('\n').map((line) => line.split(/ +/)).flatMap(([destination = '', prefix = '']) =>
    /^[0-9a-f]{32}$/.test(destination) && Number.parseInt(prefix, 16) > 0 ? [{ cidr: `${destination.match(/.{4}/g)?.join(':')}/${Number.parseInt(prefix, 16)}` }] : [],
  );

/** The host's routes of both families; none where they cannot be read. */
export const hostRoutes = (): readonly HostRoute[] => [...ipv4Routes(), ...ipv6Routes()];

/** Names of the host's network devices. */
export const hostDevices = (): readonly string[] => {
  try {
    return readdirSync('/sys/class/net');
  } catch {
    return [];
  }
};

const symbol = { macvlan: ' macvlan_link_register', ipvlan: ' ipvlan_link_register' } as const;

/** Whether the kernel has devices of this kind, built in or loaded, or a module that it loads when one is made. Reads some megabytes. */
export const hasDeviceKind = (kind: 'macvlan' | 'ipvlan'): boolean => {
  if (existsSync(`/sys/module/${kind}`) || readOptional('/proc/kallsyms').includes(symbol[kind])) return true;
  return readModules().some((line) => line.includes(`/${kind}.ko`));
};

const readModules = (): readonly string[] => {
  const directory = `/lib/modules/${release()}`;
  return ['modules.dep', 'modules.builtin'].flatMap((name) => {
    try {
      return readFileSync(`${directory}/${name}`, 'utf8').split('\n');
    } catch {
      return [];
    }
  });
};
