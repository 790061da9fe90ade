/** What a lease says: one `key value` a line (the name server reads `address` and `name`, helpers/README.md). Pure. */
import { parseCidr } from './cidr.ts';

export interface LeaseText {
  readonly container: string;
  readonly endpoint: string;
  readonly mac: string;
  /** With prefix. */
  readonly address: string;
  /** The container's name first. */
  readonly names: readonly string[];
}

export const encodeLease = ({ container, endpoint, mac, address, names }: LeaseText): string =>
  [`container ${container}`, `endpoint ${endpoint}`, `mac ${mac}`, `address ${address}`, ...names.map((name) => `name ${name}`)].map((line) => `${line}\n`).join('');

/** Undefined where something is missing or malformed. */
export const decodeLease = (text: string): LeaseText | undefined => {
  const values = (key: string): readonly string[] => text.split('\n').filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1));
  const [container = '', endpoint = '', mac = '', address = ''] = ['container', 'endpoint', 'mac', 'address'].map((key) => values(key)[0]);
  const isId = (id: string): boolean => /^[0-9a-f]{64}$/.test(id);
  return isId(container) && isId(endpoint) && /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(mac) && parseCidr(address) !== undefined
    ? { container, endpoint, mac, address, names: values('name') }
    : undefined;
};
