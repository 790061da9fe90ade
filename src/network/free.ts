/** Which addresses of a pool may be given away. Pure. */
import { contains, formatAddress, lastOf, networkOf, parseAddress, parseCidr, sizeOf } from './cidr.ts';
import { fail } from '../core/errors.ts';
import { usage } from '../core/invalid.ts';
import type { Cidr } from './cidr.ts';
import type { Pool } from './types.ts';

const cidrOf = (text: string): Cidr => parseCidr(text) ?? fail({ _tag: 'Corrupt', subject: 'the record of a network', reason: `${text} is no range of addresses` });

const valueOf = (text: string): bigint => parseAddress(text)?.value ?? -1n;

/** Addresses that are nobody's to have: the network's own and, with IPv4, the broadcast address, but for ranges too small to have these (RFC 3021). */
const ends = (subnet: Cidr): readonly bigint[] => {
  if (sizeOf(subnet) <= 2n) return [];
  const first = networkOf(subnet).value;
  return subnet.family === 4 ? [first, lastOf(subnet).value] : [first];
};

/** The gateway and what else the network keeps for itself. */
const keptBack = ({ gateway, auxiliary, subnet }: Pool): ReadonlySet<bigint> =>
  new Set([...[...(gateway === undefined ? [] : [gateway]), ...Object.values(auxiliary)].map(valueOf), ...ends(cidrOf(subnet))]);

/** The lowest address of `pool` that is not in `taken` (canonical texts); undefined where there is none. Takes time by the number of those taken. */
export const lowestFree = (pool: Pool, taken: ReadonlySet<string>): string | undefined => {
  const range = cidrOf(pool.range ?? pool.subnet);
  const kept = keptBack(pool);
  const { value: last } = lastOf(range);
  for (let value = networkOf(range).value; value <= last; value += 1n) {
    if (kept.has(value)) continue;
    const text = formatAddress({ family: range.family, value });
    if (!taken.has(text)) return text;
  }
  return undefined;
};

/** `--ip` and `--ip6` in canonical form. Throws Usage for an address that the pool does not have, Conflict for one that is the network's own. */
export const chosenAddress = (pool: Pool, text: string, network: string): string => {
  const address = parseAddress(text);
  if (address?.family !== pool.family) return usage(`invalid IPv${pool.family} address: ${text}`);
  if (!contains(cidrOf(pool.subnet), address)) {
    return usage(`invalid address ${text}: it does not belong to any of this network's subnets`, `choose one of ${pool.subnet}, the subnet of network ${network}`);
  }
  if (keptBack(pool).has(address.value)) return fail({ _tag: 'Conflict', message: `address ${text} is network ${network}'s own`, hint: 'choose another one' });
  return formatAddress(address);
};
