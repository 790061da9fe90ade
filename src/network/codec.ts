/** `networks/NAME.json`: how a record is written and read back. Pure. */
import * as t from 'io-ts';
import { isLeft } from 'fp-ts/Either';
import { fail } from '../core/errors.ts';
import { contains, parseAddress, parseCidr } from './cidr.ts';
import { isNetworkName } from './name.ts';
import type { Network, Pool } from './types.ts';

/** Whether the parts of a pool are of one family and one range. */
const isWhole = ({ family, subnet, range, gateway }: Pool): boolean => {
  const outer = parseCidr(subnet);
  const inside = [gateway, range?.replace(/\/.*/, '')].filter((text) => text !== undefined).map(parseAddress);
  return outer !== undefined && outer.family === family && inside.every((found) => found !== undefined && contains(outer, found));
};

const makeCodec = () => {
  const cidr = t.refinement(t.string, (text) => parseCidr(text) !== undefined, 'CIDR');
  const address = t.refinement(t.string, (text) => parseAddress(text) !== undefined, 'address');
  const dictionary = t.record(t.string, t.string);
  const pool = t.intersection([
    t.type({ family: t.union([t.literal(4), t.literal(6)]), subnet: cidr, auxiliary: t.record(t.string, address) }),
    t.partial({ range: cidr, gateway: address }),
  ]);
  return t.type({
    version: t.literal(1),
    name: t.refinement(t.string, isNetworkName, 'name'),
    id: t.refinement(t.string, (id) => /^[0-9a-f]{64}$/.test(id), 'id'),
    created: t.refinement(t.string, (text) => !Number.isNaN(Date.parse(text)), 'date'),
    driver: t.union([t.literal('bridge'), t.literal('macvlan'), t.literal('ipvlan'), t.literal('null')]),
    enableIPv4: t.boolean,
    enableIPv6: t.boolean,
    pools: t.readonlyArray(t.refinement(pool, isWhole, 'pool')),
    internal: t.boolean,
    attachable: t.boolean,
    configOnly: t.boolean,
    configFrom: t.string,
    options: dictionary,
    labels: dictionary,
  });
};

let codec: ReturnType<typeof makeCodec> | undefined;

/** Made when it is needed: who runs on the default network reads no record. */
const networkCodec = () => (codec ??= makeCodec());

/** The text of the file at `path` as a network called `name`. Throws Corrupt naming the path. */
export const decodeNetwork = (text: string, path: string, name: string): Network => {
  const corrupt = (reason: string): never => fail({ _tag: 'Corrupt', subject: path, reason, hint: `remove that file, and make the network again` });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return corrupt('it is not JSON');
  }
  const decoded = networkCodec().decode(value);
  if (isLeft(decoded)) {
    const keys = decoded.left[0]?.context.map(({ key }) => key).filter((key) => key !== '' && !/^\d+$/.test(key)) ?? [];
    return corrupt(keys.length === 0 ? 'it is not an object' : `the value of ${keys.join('.')} does not fit`);
  }
  const { version: _, ...network } = decoded.right;
  return network.name === name ? network : corrupt(`it is the record of network ${network.name}`);
};

/** The record as the text of a file. */
export const encodeNetwork = (network: Network): string => `${JSON.stringify({ version: 1, ...network })}\n`;
