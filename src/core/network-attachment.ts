/** `--network` with what is wished for in that network: `NAME`, or Docker's long form `name=NAME,alias=…,ip=…` (docker/cli opts/network.go). Pure. */
import { splitRecord } from './csv.ts';
import { usage } from './invalid.ts';
import { isIPv4, isIPv6 } from './ip.ts';
import { wordHint } from './nearest.ts';

export interface NetworkAttachment {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly ipv4?: string;
  readonly ipv6?: string;
  /** Six pairs of lower-case hex digits with colons. */
  readonly mac?: string;
  readonly linkLocal: readonly string[];
  readonly driverOpts: Readonly<Record<string, string>>;
  /** Of several networks the one with the highest leads to the world. */
  readonly gwPriority: number;
}

const keys: readonly string[] = ['name', 'alias', 'ip', 'ip6', 'mac-address', 'link-local-ip', 'driver-opt', 'gw-priority'];

/** An IPv4 address behind `flag`. Throws Usage. */
export const readIPv4 = (text: string, flag: string): string => (isIPv4(text) ? text : usage(`invalid ${flag} '${text}': not an IPv4 address`));

/** An IPv6 address behind `flag`. Throws Usage. */
export const readIPv6 = (text: string, flag: string): string => (isIPv6(text) ? text : usage(`invalid ${flag} '${text}': not an IPv6 address`));

/** A device's address behind `flag`: 48 bits in hex, neither of a group nor all zeros. Throws Usage. */
export const readMac = (text: string, flag: string): string => {
  const mac = text.toLowerCase().replaceAll('-', ':');
  const isOne = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(mac) && (Number.parseInt(mac.slice(0, 2), 16) & 1) === 0 && mac !== '00:00:00:00:00:00';
  return isOne ? mac : usage(`invalid ${flag} '${text}': not the MAC address of a device`, 'write six pairs of hex digits, as in 02:42:ac:11:00:05');
};

/** A link-local address behind `flag`, RFC 3927 and RFC 4291. Throws Usage. */
export const readLinkLocal = (text: string, flag: string): string =>
  (isIPv4(text) && text.startsWith('169.254.')) || (isIPv6(text) && /^fe[89ab]/i.test(text)) ? text : usage(`invalid ${flag} '${text}': not a link-local address`, 'use one of 169.254.0.0/16 or fe80::/10');

const readPriority = (text: string): number => {
  const value = /^[+-]?\d{1,9}$/.test(text) ? Number(text) : undefined;
  return value ?? usage(`invalid gw-priority '${text}': not a number`);
};

/** Whether `text` is in the long form; slirp4netns has options of its own behind a colon. */
const isLong = (text: string): boolean => /^"?\w[\w-]*=/.test(text);

const readField = (field: string, text: string): readonly [key: string, value: string] => {
  const at = field.indexOf('=');
  const key = field.slice(0, Math.max(at, 0)).trim().toLowerCase();
  if (at < 0) return usage(`invalid --network '${text}': '${field}' is not KEY=VALUE`);
  return keys.includes(key) ? [key, field.slice(at + 1).trim()] : usage(`invalid --network '${text}': unknown key '${key}'`, wordHint(key, keys));
};

/** `--driver-opt`s. Throws Usage. */
export const optionsOf = (typed: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(typed.map((option) => {
    const [key = '', value] = option.split(/=(.*)/s);
    return value === undefined || key === '' ? usage(`invalid driver-opt '${option}': invalid key/value pair format in driver options`) : [key, value];
  }));

/** One `--network`. Throws Usage. */
export const parseAttachment = (text: string): NetworkAttachment => {
  if (!isLong(text)) return { name: text, aliases: [], linkLocal: [], driverOpts: {}, gwPriority: 0 };
  const fields = (splitRecord(text) ?? usage(`invalid --network '${text}': a quotation mark is out of place`)).map((field) => readField(field, text));
  const all = (key: string): readonly string[] => fields.filter(([name]) => name === key).map(([, value]) => value);
  const last = <A>(key: string, member: string, read: (value: string, flag: string) => A): object => {
    const value = all(key).at(-1);
    return value === undefined ? {} : { [member]: read(value, key) };
  };
  const name = all('name').at(-1) ?? '';
  if (name === '') return usage(`invalid --network '${text}': network name/id is not specified`);
  return {
    name,
    aliases: all('alias'),
    ...last('ip', 'ipv4', readIPv4),
    ...last('ip6', 'ipv6', readIPv6),
    ...last('mac-address', 'mac', readMac),
    linkLocal: all('link-local-ip').map((value) => readLinkLocal(value, 'link-local-ip')),
    driverOpts: optionsOf(all('driver-opt')),
    gwPriority: readPriority(all('gw-priority').at(-1) ?? '0'),
  };
};
