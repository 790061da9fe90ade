/** Options that several drivers have, and the records that all of them give. Pure. */
import { refuse, usage } from '../../core/invalid.ts';
import { wordHint } from '../../core/nearest.ts';
import type { PlanRecord } from '../../core/plan-record.ts';
import type { Endpoint, Network } from '../types.ts';

export const mtuOption = 'com.docker.network.driver.mtu';

/** Large segments make the way through slirp4netns half as long again (measured: 8.9 against 6 Gbit/s). */
const defaultMtu = 65520;

/** The network's MTU, bytes. */
export const mtuOf = ({ options }: Pick<Network, 'options'>): number => Number(options[mtuOption] ?? defaultMtu);

/** Throws Usage for an MTU that no device takes; IPv6 needs 1280 (RFC 8200 section 5). */
export const checkMtu = ({ options, enableIPv6 }: Pick<Network, 'options' | 'enableIPv6'>): void => {
  const text = options[mtuOption];
  const least = enableIPv6 ? 1280 : 68;
  if (text === undefined || (/^\d{1,5}$/.test(text) && Number(text) >= least && Number(text) <= 65535)) return;
  usage(`invalid --opt ${mtuOption}=${text}`, `give a number from ${least} to 65535`);
};

/** Throws Usage for an option that `known` does not have. */
export const checkNames = ({ options, driver }: Pick<Network, 'options' | 'driver'>, known: readonly string[]): void => {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) usage(`invalid --opt '${name}': driver ${driver} has no such option`, wordHint(name, known));
  }
};

/** A yes or no as Go's ParseBool reads it; undefined for anything else. */
export const readBool = (text: string): boolean | undefined =>
  /^(1|t|T|true|TRUE|True)$/.test(text) ? true : /^(0|f|F|false|FALSE|False)$/.test(text) ? false : undefined;

/** A yes or no that can only be `only` here. */
export const checkOnly = ({ options }: Pick<Network, 'options'>, name: string, only: boolean, reason: string, instead: string): void => {
  const text = options[name];
  if (text === undefined) return;
  const value = readBool(text) ?? usage(`invalid --opt ${name}=${text}`, 'use true or false');
  if (value !== only) refuse(`--opt ${name}=${text}: ${reason}`, instead);
};

/** Whether the kernel takes it as the name of a device: at most 15 bytes without blanks, slashes and colons (dev_valid_name). */
export const isDeviceName = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/.test(text);

/** The records of an endpoint that do not depend on its driver. */
export const commonRecords = ({ ipv4, ipv6, leases }: Endpoint): readonly PlanRecord[] => [
  ...[ipv4, ipv6].flatMap((given): readonly PlanRecord[] => (given === undefined ? [] : [['address', `${given.address}/${given.prefix}`]])),
  ...leases.map(({ path, up }): PlanRecord => ['lease', path, up]),
];
