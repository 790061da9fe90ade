/** The hosts that share a home directory: each has a directory of its own below `hosts/`, and this machine's is one of them. */
import { readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { hostname } from 'node:os';
import { writeFileAtomic } from './files.ts';
import type { Paths } from './paths.ts';

/** Another machine, as far as it can be seen from here: its records. */
export interface OtherHost {
  /** What its user calls it; the directory's name where it has not said. */
  readonly name: string;
  /** Its own paths for records; what is local to a machine is this machine's, and means nothing. */
  readonly paths: Paths;
}

const nameFile = (host: string): string => join(host, 'hostname');

/** A name is shown to people and comes from a file: anything else than a host name is none. */
const readName = (host: string): string | undefined => {
  try {
    const name = readFileSync(nameFile(host), 'utf8').trim();
    return /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/.test(name) ? name : undefined;
  } catch {
    return undefined;
  }
};

/** Writes down what this machine is called, for those who see its records from another one. Costs a small file, written when it has changed. */
export const noteHostName = ({ host }: Paths): void => {
  if (readName(host) !== hostname()) writeFileAtomic(nameFile(host), `${hostname()}\n`);
};

/** What a host is called, by its directory. */
export const hostNameOf = (host: string): string => readName(host) ?? basename(host);

/** All hosts with a directory below the same root but this one, by name. Empty where there is none. */
export const otherHosts = (paths: Paths): readonly OtherHost[] => {
  const hosts = dirname(paths.host);
  return readdirSync(hosts)
    .filter((id) => id !== basename(paths.host))
    .map((id) => join(hosts, id))
    .map((host) => ({ name: hostNameOf(host), paths: { ...paths, host, containers: join(host, 'containers'), names: join(host, 'names') } }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
};
