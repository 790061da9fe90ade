/** endpoints.json: which places in networks a container has had since it was started last. Loaded when somebody reads it, not when a container is started. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as t from 'io-ts';
import { isLeft } from 'fp-ts/Either';
import { fail } from '../core/errors.ts';
import type { Endpoint } from '../network/types.ts';

const strings = t.readonlyArray(t.string);
const place = t.intersection([t.type({ address: t.string, prefix: t.number }), t.partial({ gateway: t.string })]);

const codec = t.type({
  version: t.literal(1),
  endpoints: t.readonlyArray(
    t.intersection([
      t.type({
        networkId: t.string,
        networkName: t.string,
        endpointId: t.string,
        interface: t.string,
        mac: t.string,
        aliases: strings,
        dnsNames: strings,
        leases: t.readonlyArray(t.type({ path: t.string, up: t.string })),
      }),
      t.partial({ ipv4: place, ipv6: place }),
    ]),
  ),
});

/** The places of the container in `directory`; it has them only while it runs. None where it was never started. Throws Corrupt. */
export const readEndpoints = (directory: string): readonly Endpoint[] => {
  const path = join(directory, 'endpoints.json');
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    if (error instanceof SyntaxError) return fail({ _tag: 'Corrupt', subject: path, reason: 'it is not JSON' });
    throw error;
  }
  const decoded = codec.decode(value);
  return isLeft(decoded) ? fail({ _tag: 'Corrupt', subject: path, reason: 'it does not list places in networks' }) : (decoded.right.endpoints as readonly Endpoint[]);
};
