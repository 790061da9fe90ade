/** Which addresses a new network gets: what was asked for, checked against what others have, or the first range that nobody has. Pure. */
import { poolsOfFamily } from '../core/address-pools.ts';
import { fail } from '../core/errors.ts';
import { refuse, usage } from '../core/invalid.ts';
import { contains, encloses, formatAddress, formatCidr, networkOf, overlaps, parseAddress, parseCidr, sizeOf } from './cidr.ts';
import { egress } from './egress.ts';
import type { Address, Cidr, Family } from './cidr.ts';
import type { PoolSource } from '../core/address-pools.ts';
import type { Network, Pool } from './types.ts';

/** `--subnet`, `--ip-range`, `--gateway` and `--aux-address`, as typed. */
export interface PoolFlags {
  readonly subnet: readonly string[];
  readonly ipRange: readonly string[];
  readonly gateway: readonly string[];
  /** `NAME=ADDRESS`. */
  readonly auxAddress: readonly string[];
}

/** Docker's own (libnetwork, ipamutils). */
export const defaultPools: readonly PoolSource[] = [
  { base: '172.17.0.0/16', size: 16 },
  { base: '172.18.0.0/16', size: 16 },
  { base: '172.19.0.0/16', size: 16 },
  { base: '172.20.0.0/14', size: 16 },
  { base: '172.24.0.0/14', size: 16 },
  { base: '172.28.0.0/14', size: 16 },
  { base: '192.168.0.0/16', size: 20 },
];

const cidrOf = (text: string, flag: string): Cidr => parseCidr(text) ?? usage(`invalid ${flag} '${text}'`, 'write an address and a prefix, as in 10.5.0.0/24 or fd00:5::/64');

const addressOf = (text: string, flag: string): Address => parseAddress(text) ?? usage(`invalid ${flag} '${text}'`, 'write an IPv4 or an IPv6 address');

const subnetOf = (text: string): Cidr => {
  const subnet = networkOf(cidrOf(text, '--subnet'));
  const least = subnet.family === 4 ? 31 : 127;
  if (subnet.prefix < 1 || subnet.prefix > least) usage(`invalid --subnet '${text}'`, `the prefix must be from 1 to ${least}`);
  const [first = 0n] = [subnet.value >> (subnet.family === 4 ? 24n : 120n)];
  const special = subnet.family === 4 ? first === 0n || first === 127n || first >= 224n : first === 0n || first === 0xffn || (first === 0xfen && (subnet.value >> 112n) >= 0xfe80n);
  return special ? usage(`invalid --subnet '${text}': these addresses are for the loopback, one link or groups only`, 'choose a private range, as in 10.5.0.0/24 or fd00:5::/64') : subnet;
};

const pickOne = <A extends Cidr | Address>(texts: readonly string[], subnet: Cidr, read: (text: string) => A, fits: (value: A) => boolean, what: string): A | undefined => {
  const fitting = texts.filter((text) => fits(read(text)));
  if (fitting.length > 1) usage(`cannot configure multiple ${what}s (${fitting.join(', ')}) on the same subnet (${formatCidr(subnet)})`);
  return fitting[0] === undefined ? undefined : read(fitting[0]);
};

const auxiliaryOf = (flags: PoolFlags, subnet: Cidr): Readonly<Record<string, string>> =>
  Object.fromEntries(
    flags.auxAddress.flatMap((text): readonly (readonly [string, string])[] => {
      const [, name = '', value = ''] = /^([^=]+)=(.+)$/s.exec(text) ?? usage(`invalid --aux-address '${text}'`, 'write it as NAME=ADDRESS');
      const address = addressOf(value, '--aux-address');
      return contains(subnet, address) ? [[name, formatAddress(address)]] : [];
    }),
  );

const poolOf = (flags: PoolFlags, subnet: Cidr): Pool => {
  const range = pickOne(flags.ipRange, subnet, (text) => networkOf(cidrOf(text, '--ip-range')), (value) => encloses(subnet, value), 'range');
  const gateway = pickOne(flags.gateway, subnet, (text) => addressOf(text, '--gateway'), (value) => contains(subnet, value), 'gateway');
  return {
    family: subnet.family,
    subnet: formatCidr(subnet),
    ...(range === undefined ? {} : { range: formatCidr(range) }),
    ...(gateway === undefined ? {} : { gateway: formatAddress(gateway) }),
    auxiliary: auxiliaryOf(flags, subnet),
  };
};

/** Each range, gateway and auxiliary address has to be some subnet's. */
const checkPlaces = (flags: PoolFlags, subnets: readonly Cidr[]): void => {
  if (subnets.length === 0 && flags.ipRange.length + flags.gateway.length > 0) usage('every ip-range or gateway must have a corresponding subnet', 'give --subnet too');
  for (const text of flags.ipRange) if (!subnets.some((subnet) => encloses(subnet, cidrOf(text, '--ip-range')))) usage(`no matching subnet for range ${text}`);
  for (const text of flags.gateway) if (!subnets.some((subnet) => contains(subnet, addressOf(text, '--gateway')))) usage(`no matching subnet for gateway ${text}`);
  for (const text of flags.auxAddress) {
    const value = text.slice(text.indexOf('=') + 1);
    if (!subnets.some((subnet) => contains(subnet, addressOf(value, '--aux-address')))) usage(`no matching subnet for aux-address ${value}`);
  }
};

/** The pools that the flags ask for, IPv4 first, gateways only where one was given. Throws Usage in Docker's words. */
export const askedPools = (flags: PoolFlags): readonly Pool[] => {
  const subnets = flags.subnet.map(subnetOf);
  checkPlaces(flags, subnets);
  for (const family of [4, 6] as const) {
    const [first, second] = subnets.filter((subnet) => subnet.family === family);
    if (first === undefined || second === undefined) continue;
    if (overlaps(first, second)) usage('multiple overlapping subnet configuration is not supported');
    refuse(`--subnet ${formatCidr(second)}: a network has one IPv${family} subnet`, 'make another network, and connect containers to both');
  }
  return subnets.map((subnet) => poolOf(flags, subnet)).sort((a, b) => a.family - b.family);
};

/** The first address that the network can keep: of the range from which addresses are given where there is one, as in Docker. */
const firstGateway = ({ range, subnet, auxiliary, family }: Pool): string => {
  const whole = networkOf(cidrOf(subnet, '--subnet'));
  const start = networkOf(cidrOf(range ?? subnet, '--ip-range')).value;
  const kept = new Set(Object.values(auxiliary));
  for (let value = start === whole.value && sizeOf(whole) > 2n ? start + 1n : start; ; value += 1n) {
    const text = formatAddress({ family, value });
    if (!kept.has(text)) return text;
  }
};

/** The pool with a gateway of its own, where none was asked for. */
export const withGateway = (pool: Pool): Pool => (pool.gateway === undefined ? { ...pool, gateway: firstGateway(pool) } : pool);

const cidrsOf = ({ pools }: Network): readonly Cidr[] => pools.map(({ subnet }) => parseCidr(subnet)).filter((cidr) => cidr !== undefined);

/** Throws Conflict where a pool overlaps another network's, Refused where it overlaps the way out. */
export const checkOverlap = (pools: readonly Pool[], others: readonly Network[]): void => {
  for (const { subnet } of pools) {
    const own = cidrOf(subnet, '--subnet');
    const other = others.find((network) => !network.configOnly && cidrsOf(network).some((cidr) => overlaps(cidr, own)));
    if (other !== undefined) fail({ _tag: 'Conflict', message: `pool overlaps with other one on this address space: ${subnet} and network ${other.name}`, hint: 'choose another subnet, or none' });
    const way = egress.ranges.find((range) => overlaps(cidrOf(range, 'egress'), own));
    if (way !== undefined) refuse(`--subnet ${subnet}: ${way} is what networks reach the world by`, 'choose another subnet, or none');
  }
};

const subnetsOf = function* ({ base, size }: PoolSource): Generator<Cidr> {
  const whole = networkOf(cidrOf(base, 'pool'));
  const step = sizeOf({ ...whole, prefix: size });
  for (let value = whole.value; value < whole.value + sizeOf(whole); value += step) yield { family: whole.family, value, prefix: size };
};

/** The first of `sources` that neither a network nor a route of the host has. Throws Conflict where there is none. */
const firstFree = (family: Family, sources: readonly PoolSource[], others: readonly Network[], routes: readonly Cidr[]): Pool => {
  const taken = [...others.filter(({ configOnly }) => !configOnly).flatMap(cidrsOf), ...routes, ...egress.ranges.map((range) => cidrOf(range, 'egress'))];
  for (const source of sources) {
    for (const subnet of subnetsOf(source)) {
      if (!taken.some((cidr) => overlaps(cidr, subnet))) return { family, subnet: formatCidr(subnet), auxiliary: {} };
    }
  }
  return fail({ _tag: 'Conflict', message: `all predefined IPv${family} address pools have been fully subnetted`, hint: "choose a range with --subnet, or remove networks with 'skiff network prune'" });
};

/** The user's own range of unique local addresses (RFC 4193): `fd` and 40 bits that hardly anybody else has, as newer Docker takes. */
export const localPool = (seed: string): PoolSource => ({ base: `fd${seed.slice(0, 2)}:${seed.slice(2, 6)}:${seed.slice(6, 10)}::/48`, size: 64 });

export interface PoolChoice {
  readonly ipv4: boolean;
  readonly ipv6: boolean;
  readonly others: readonly Network[];
  /** What the host reaches otherwise than by its default route. */
  readonly routes: readonly Cidr[];
  /** Ten hex digits, the same for all networks of this user. */
  readonly seed: string;
  /** The setting `default-address-pools`; a family that it does not name has its usual ones. */
  readonly sources: readonly PoolSource[];
}

/** `asked` without the families that the network does not have, and with the first free range of a family that nobody asked a range for. */
export const completePools = (asked: readonly Pool[], { ipv4, ipv6, others, routes, seed, sources }: PoolChoice): readonly Pool[] => {
  const or = (own: readonly PoolSource[], usual: readonly PoolSource[]): readonly PoolSource[] => (own.length > 0 ? own : usual);
  const of = (family: Family, from: readonly PoolSource[]): Pool => asked.find((pool) => pool.family === family) ?? firstFree(family, from, others, routes);
  return [...(ipv4 ? [of(4, or(poolsOfFamily(sources, 4), defaultPools))] : []), ...(ipv6 ? [of(6, or(poolsOfFamily(sources, 6), [localPool(seed)]))] : [])];
};
