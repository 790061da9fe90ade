/** Where new networks get their ranges from: the setting `default-address-pools`, as Docker's. Pure. */
import { isIPv4, isIPv6 } from './ip.ts';

/** Networks of one size, one after the other. */
export interface PoolSource {
  /** `ADDRESS/PREFIX`. */
  readonly base: string;
  /** Prefix of each network. */
  readonly size: number;
}

/** Bits of an address; undefined for what is none. */
const bitsOf = (address: string): number | undefined => (isIPv4(address) ? 32 : isIPv6(address) ? 128 : undefined);

/** Docker refuses a base that is smaller than its networks; so many networks that nobody could go through them are of no use either. */
const mostBits = 24;

/** Whether `base` is a range and `size` a prefix of networks within it, of at least two addresses besides its own. */
export const isPoolSource = ({ base, size }: PoolSource): boolean => {
  const [, address = '', prefixText = ''] = /^([^/]+)\/(\d{1,3})$/.exec(base) ?? [];
  const bits = bitsOf(address);
  const prefix = Number(prefixText);
  return bits !== undefined && prefixText !== '' && prefix >= 1 && Number.isInteger(size) && size >= prefix && size <= bits - 2 && size - prefix <= mostBits;
};

/** The pools of one family; none where the setting names none. */
export const poolsOfFamily = (pools: readonly PoolSource[], family: 4 | 6): readonly PoolSource[] => pools.filter(({ base }) => base.includes(':') === (family === 6));
