/** Where networks and leases are on the disk. */
import { join } from 'node:path';
import { bootId } from '../system/kernel.ts';
import type { Paths } from '../system/paths.ts';

/** All hosts that share the home directory have the same networks. */
export const networksDirectory = ({ root }: Pick<Paths, 'root'>): string => join(root, 'networks');

/** `name` must be one by `parseNetworkName`. */
export const recordPath = (paths: Pick<Paths, 'root'>, name: string): string => join(networksDirectory(paths), `${name}.json`);

/** Leases are each host's own, as its containers are. */
export const leasesOfAllBoots = ({ host }: Pick<Paths, 'host'>): string => join(host, 'leases');

/** Those of this boot: no container outlives one, and no lease does. */
export const leasesDirectory = (paths: Pick<Paths, 'host'>): string => join(leasesOfAllBoots(paths), bootId());

/** One file for each address that somebody has. */
export const networkLeases = (paths: Pick<Paths, 'host'>, networkId: string): string => join(leasesDirectory(paths), networkId);

/** Hard links to those leases whose owner is attached; where the name server looks. */
export const upDirectory = (paths: Pick<Paths, 'host'>, networkId: string): string => join(networkLeases(paths, networkId), 'up');
