/** What a plan says of the process that holds the user's network namespace. */
import { mapText } from '../core/id-maps.ts';
import { egress } from '../network/egress.ts';
import { slirpCommand } from '../network/slirp.ts';
import { networkFilePath } from './network-attach.ts';
import { mapsOf } from './root-filesystem.ts';
import type { PlanInputs } from './plan.ts';
import type { SkiffSpec } from './spec-types.ts';
import type { Surroundings } from './surroundings.ts';

/** Large segments make the way through slirp4netns half as long again. */
const mtu = 65520;

/** Throws Missing without slirp4netns, Refused where it cannot work. */
export const networkParts = async ({ paths, host, env }: Surroundings, skiff: SkiffSpec): Promise<NonNullable<PlanInputs['networks']>> => {
  const { cidr, dns, gateway, cidr6, dns6 } = egress;
  const command = await slirpCommand(paths, env, { mode: 'slirp4netns', cidr, gateway, dns, address: '', mtu, hostLoopback: false, ipv6: true });
  // It is the same for all containers, whatever ids this one has.
  const { uids, gids } = mapsOf(host, { ...skiff, userns: { mode: 'default' } });
  return { holder: [mapText(uids), mapText(gids), cidr, dns, cidr6, dns6, ...command], file: networkFilePath(paths, skiff.id) };
};
