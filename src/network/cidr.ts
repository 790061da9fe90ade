/** Arithmetic with IPv4 and IPv6 addresses and ranges, both families alike, as big integers. Pure. */
import { isIPv4, isIPv6 } from '../core/ip.ts';

export type Family = 4 | 6;

export interface Address {
  readonly family: Family;
  readonly value: bigint;
}

/** A range of addresses. */
export interface Cidr extends Address {
  /** 0 to 32, or 0 to 128. */
  readonly prefix: number;
}

const bitsOf = (family: Family): number => (family === 4 ? 32 : 128);

const quad = (text: string): bigint => text.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);

const groupsOf = (text: string): readonly bigint[] =>
  text === '' ? [] : text.split(':').flatMap((group) => (group.includes('.') ? [quad(group) >> 16n, quad(group) & 0xffffn] : [BigInt(`0x${group}`)]));

/** The address in `text`; undefined where it is none. */
export const parseAddress = (text: string): Address | undefined => {
  if (isIPv4(text)) return { family: 4, value: quad(text) };
  if (!isIPv6(text)) return undefined;
  const [head = [], tail = []] = text.split('::').map(groupsOf);
  const gap = Array.from({ length: 8 - head.length - tail.length }, () => 0n);
  return { family: 6, value: [...head, ...gap, ...tail].reduce((sum, group) => (sum << 16n) | group, 0n) };
};

/** The longest run of two or more zero groups, the first of equals: RFC 5952 section 4.2. */
const longestGap = (groups: readonly string[]): readonly [start: number, length: number] => {
  let best: readonly [number, number] = [0, 1];
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (groups[start + length] === '0') length += 1;
    if (length > best[1]) best = [start, length];
    start += length;
  }
  return best;
};

/** The canonical text: a dotted quad, or RFC 5952. */
export const formatAddress = ({ family, value }: Address): string => {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join('.');
  const groups = Array.from({ length: 8 }, (_, at) => ((value >> BigInt(112 - 16 * at)) & 0xffffn).toString(16));
  const [start, length] = longestGap(groups);
  return length < 2 ? groups.join(':') : `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`;
};

/** `ADDRESS/PREFIX`; undefined where it is none. The address keeps the bits beyond the prefix: see `networkOf`. */
export const parseCidr = (text: string): Cidr | undefined => {
  const [, addressText = '', prefixText = ''] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const address = parseAddress(addressText);
  const prefix = Number(prefixText);
  return address === undefined || prefix > bitsOf(address.family) ? undefined : { ...address, prefix };
};

/** How many addresses the range has. */
export const sizeOf = ({ family, prefix }: Cidr): bigint => 1n << BigInt(bitsOf(family) - prefix);

/** The range by its first address. */
export const networkOf = (cidr: Cidr): Cidr => ({ ...cidr, value: (cidr.value / sizeOf(cidr)) * sizeOf(cidr) });

export const formatCidr = (cidr: Cidr): string => `${formatAddress(cidr)}/${cidr.prefix}`;

/** The highest address of the range; with IPv4 nobody's (broadcast). */
export const lastOf = (cidr: Cidr): Address => ({ family: cidr.family, value: networkOf(cidr).value + sizeOf(cidr) - 1n });

/** Whether `address` is within `cidr`. */
export const contains = (cidr: Cidr, address: Address): boolean =>
  cidr.family === address.family && address.value >= networkOf(cidr).value && address.value <= lastOf(cidr).value;

/** Whether all of `inner` is within `outer`. */
export const encloses = (outer: Cidr, inner: Cidr): boolean => inner.prefix >= outer.prefix && contains(outer, inner);

/** Whether some address is in both. */
export const overlaps = (a: Cidr, b: Cidr): boolean => encloses(a, b) || encloses(b, a);
