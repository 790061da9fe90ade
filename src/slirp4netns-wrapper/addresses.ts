/** The addresses that slirp4netns derives from its network. */
import * as E from 'fp-ts/Either';
import type { SlirpError } from './errors.ts';

export const defaultCidr = '10.0.2.0/24';

export interface Addresses {
  /** Network address + 2; also the host, unless host loopback is disabled. */
  readonly gateway: string;
  /** Network address + 3. */
  readonly dns: string;
  /** Network address + 100: what `--configure` gives the tap interface. */
  readonly guest: string;
  readonly prefixLength: number;
}

/**
 * Gateway, name server and guest of a network. slirp4netns wants an IPv4 network address with a prefix of 1 to 25 bits:
 * the guest's address, network + 100, has to fit.
 */
export const addressesOf = (cidr: string): E.Either<SlirpError, Addresses> => {
  const invalid = (reason: string): E.Either<SlirpError, Addresses> => E.left({ _tag: 'InvalidOption', option: 'cidr', value: cidr, reason });
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr);
  if (match === null) return invalid('this is not an IPv4 network such as 10.0.2.0/24');
  const [, ...numbers] = match.map(Number);
  const prefixLength = numbers.pop() ?? 0;
  if (numbers.some((octet) => octet > 255)) return invalid('an octet is larger than 255');
  if (prefixLength < 1 || prefixLength > 25) return invalid('the prefix must have 1 to 25 bits');
  const network = numbers.reduce((sum, octet) => sum * 256 + octet, 0);
  if (network % 2 ** (32 - prefixLength) !== 0) return invalid('this is not a network address: host bits are set');
  return E.right({ gateway: dotted(network + 2), dns: dotted(network + 3), guest: dotted(network + 100), prefixLength });
};

const dotted = (address: number): string => [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
