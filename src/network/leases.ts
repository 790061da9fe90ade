/**
 * Leases: a file for each address that a container has in a network. Its name is the address, and as link(2) makes it for one of several only, it is the lock.
 * They are not synced: a reboot ends all containers, and the first who takes one after it removes those of before.
 */
import { existsSync, linkSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../core/errors.ts';
import { parseAddress } from './cidr.ts';
import { chosenAddress, lowestFree } from './free.ts';
import { decodeLease, encodeLease } from './lease-file.ts';
import { leasesDirectory, leasesOfAllBoots, networkLeases, upDirectory } from './places.ts';
import type { LeaseText } from './lease-file.ts';
import type { Lease, Network, Pool } from './types.ts';
import type { Paths } from '../system/paths.ts';

const unless = <A>(codes: readonly string[], body: () => A): A | undefined => {
  try {
    return body();
  } catch (error) {
    if (!codes.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return undefined;
  }
};

/** Says that the network is being removed: nobody may take an address any more. */
const tombstone = 'removed';

const isGone = (network: Network): never =>
  fail({ _tag: 'NotFound', kind: 'network', name: network.name, hint: `it is being removed; if that goes on, run 'skiff network rm ${network.name}' again` });

const list = (directory: string): readonly string[] => unless(['ENOENT', 'ENOTDIR'], () => readdirSync(directory)) ?? [];

/** Who has an address now, for sentences. */
const ownerOf = (path: string): string => {
  const owner = decodeLease(unless(['ENOENT'], () => readFileSync(path, 'utf8')) ?? '');
  return owner === undefined ? '' : ` by container ${owner.names[0] ?? owner.container.slice(0, 12)}`;
};

const addressesIn = (directory: string, network: Network): ReadonlySet<string> => {
  const names = list(directory);
  return names.includes(tombstone) ? isGone(network) : new Set(names);
};

/** Claims one address after the other until one is ours; each round begins with a fresh listing, so that the lowest is found and nobody starves for long. */
const claim = (network: Network, pool: Pool, wish: string | undefined, directory: string, write: (address: string) => string): string => {
  if (wish !== undefined) {
    const address = chosenAddress(pool, wish, network.name);
    addressesIn(directory, network);
    if (unless(['EEXIST'], () => (linkOnce(write(address), join(directory, address)), true)) !== undefined) return address;
    return fail({ _tag: 'Conflict', message: `address ${address} is already in use${ownerOf(join(directory, address))} in network ${network.name}`, hint: 'choose another one, or none' });
  }
  const taken = new Set(addressesIn(directory, network));
  for (;;) {
    const address = lowestFree(pool, taken);
    if (address === undefined) {
      return fail({ _tag: 'Conflict', message: `no available IPv${pool.family} addresses in network ${network.name}: all of ${pool.range ?? pool.subnet} are taken`, hint: 'remove containers, or make a network with a larger subnet' });
    }
    if (unless(['EEXIST'], () => (linkOnce(write(address), join(directory, address)), true)) !== undefined) return address;
    taken.add(address);
  }
};

/** Gives the file at `temporary` its name, and takes the temporary one away whatever happens. */
const linkOnce = (temporary: string, path: string): void => {
  try {
    linkSync(temporary, path);
  } finally {
    unless(['ENOENT'], () => unlinkSync(temporary));
  }
};

/** What was leased before the machine was last started is nobody's. Costs a look, but for the first time after a boot. */
const removeOldBoots = (paths: Paths): void => {
  if (existsSync(leasesDirectory(paths))) return;
  const root = leasesOfAllBoots(paths);
  for (const boot of list(root)) if (join(root, boot) !== leasesDirectory(paths)) rmSync(join(root, boot), { recursive: true, force: true });
};

let serial = 0;

/**
 * Takes an address of `pool` for a container: `wish`, or the lowest that is free. `textOf` makes what the lease says. Reads nothing but the directory's listing.
 * Throws Conflict where it is taken, or all are; Usage for an address that the network does not have; NotFound where the network is being removed.
 */
export const takeLease = (paths: Paths, network: Network, pool: Pool, wish: string | undefined, textOf: (address: string) => LeaseText): Lease & { readonly address: string } => {
  const directory = networkLeases(paths, network.id);
  removeOldBoots(paths);
  mkdirSync(upDirectory(paths, network.id), { recursive: true, mode: 0o700 });
  const write = (address: string): string => {
    const text = textOf(address);
    const temporary = join(leasesDirectory(paths), `.tmp-${text.container}-${process.pid}-${serial++}`);
    writeFileSync(temporary, encodeLease(text), { mode: 0o600, flag: 'wx' });
    return temporary;
  };
  const address = claim(network, pool, wish, directory, write);
  const lease = { path: join(directory, address), up: join(directory, 'up', address), address };
  if (list(directory).includes(tombstone)) {
    returnLease(lease);
    isGone(network);
  }
  return lease;
};

/** Gives an address back. Idempotent. */
export const returnLease = ({ path, up }: Lease): void => {
  for (const name of [up, path]) unless(['ENOENT', 'ENOTDIR'], () => unlinkSync(name));
};

/**
 * Lets a lease tell other names, for whoever looks as one change: a file that the name server may be reading is never written to. Nothing where it has been given back; whose
 * container ends meanwhile gives it back again.
 */
export const renameLease = (paths: Paths, { path, up }: Lease, names: readonly string[]): void => {
  const text = unless(['ENOENT'], () => readFileSync(path, 'utf8'));
  const lease = text === undefined ? undefined : decodeLease(text);
  if (lease === undefined) return;
  const temporary = join(leasesDirectory(paths), `.tmp-${lease.container}-${process.pid}-${serial++}`);
  writeFileSync(temporary, encodeLease({ ...lease, names }), { mode: 0o600, flag: 'wx' });
  if (existsSync(up)) {
    linkSync(temporary, `${temporary}-up`);
    renameSync(`${temporary}-up`, up);
  }
  renameSync(temporary, path);
};

/** What the leases in a directory say; damaged ones, and those that vanish meanwhile, are left out. */
const readLeases = (directory: string): readonly (LeaseText & { readonly name: string })[] =>
  list(directory).filter((name) => parseAddress(name) !== undefined).flatMap((name) => {
    const text = unless(['ENOENT', 'EISDIR'], () => readFileSync(join(directory, name), 'utf8'));
    const lease = text === undefined ? undefined : decodeLease(text);
    return lease === undefined ? [] : [{ ...lease, name }];
  });

/** The leases of those who are attached to a network at this moment. */
export const attachedLeases = (paths: Paths, networkId: string): readonly LeaseText[] => readLeases(upDirectory(paths, networkId));

/** Every lease of a network, of those who are about to be attached too. */
export const allLeases = (paths: Paths, networkId: string): readonly LeaseText[] => readLeases(networkLeases(paths, networkId));

/** Removes whatever these containers have in any network, and what was killed while it was made. For healing: nobody may be starting them. Idempotent. */
export const releaseLeasesOf = (paths: Paths, ids: readonly string[]): void => {
  const containerIds = new Set(ids);
  const root = leasesDirectory(paths);
  for (const entry of list(root)) {
    const [, maker = ''] = /^\.tmp-([0-9a-f]{64})-/.exec(entry) ?? [];
    if (containerIds.has(maker)) unless(['ENOENT'], () => unlinkSync(join(root, entry)));
    if (!/^[0-9a-f]{64}$/.test(entry)) continue;
    const directory = join(root, entry);
    for (const { container, name } of [...readLeases(join(directory, 'up')), ...readLeases(directory)]) {
      if (containerIds.has(container)) returnLease({ path: join(directory, name), up: join(directory, 'up', name) });
    }
  }
};

/**
 * Closes the directory of a network for good, if nobody has a lease in it: rename(2) puts a directory with a tombstone in its place only where it is empty.
 * False where somebody has, and nothing is changed then. Idempotent; interrupted, it can be repeated.
 */
export const closeLeases = (paths: Paths, networkId: string): boolean => {
  const directory = networkLeases(paths, networkId);
  if (list(directory).includes(tombstone)) return true;
  const grave = join(leasesDirectory(paths), `.grave-${networkId}`);
  mkdirSync(grave, { recursive: true, mode: 0o700 });
  writeFileSync(join(grave, tombstone), '');
  const closed = unless(['ENOTEMPTY', 'EEXIST'], () => {
    unless(['ENOENT'], () => rmdirSync(join(directory, 'up')));
    renameSync(grave, directory);
    return true;
  });
  if (closed === undefined) removeGrave(grave);
  return closed ?? false;
};

const removeGrave = (directory: string): void => {
  // A starter that came too late may have made it again.
  unless(['ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST'], () => rmdirSync(join(directory, 'up')));
  unless(['ENOENT', 'ENOTDIR'], () => unlinkSync(join(directory, tombstone)));
  unless(['ENOENT', 'ENOTEMPTY', 'EEXIST'], () => rmdirSync(directory));
};

/** The last step of a removal, when the record is gone: whoever comes now finds no record. */
export const forgetLeases = (paths: Paths, networkId: string): void => removeGrave(networkLeases(paths, networkId));
