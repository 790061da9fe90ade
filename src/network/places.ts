/** Where networks and leases are on the disk. Pure. */
import { join } from 'node:path';
import type { Paths } from '../system/paths.ts';

/** All hosts that share the home directory have the same networks. */
export const networksDirectory = ({ root }: Pick<Paths, 'root'>): string => join(root, 'networks');

/** `name` must be one by `parseNetworkName`. */
export const recordPath = (paths: Pick<Paths, 'root'>, name: string): string => join(networksDirectory(paths), `${name}.json`);

/** Leases are each host's own, as its containers are. */
export const leasesDirectory = ({ host }: Pick<Paths, 'host'>): string => join(host, 'leases');

/** One file for each address that somebody has. */
export const networkLeases = (paths: Pick<Paths, 'host'>, networkId: string): string => join(leasesDirectory(paths), networkId);

/** Hard links to those leases whose owner is attached; where the name server looks. */
export const upDirectory = (paths: Pick<Paths, 'host'>, networkId: string): string => join(networkLeases(paths, networkId), 'up');
