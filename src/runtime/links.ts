/**
 * `--link` on the default network, where containers have no names: lines in /etc/hosts, and variables that tell of the other one. As in Docker it is for those that run when
 * this one starts; whoever is started again later, and gets another address, is put right in the files of those who link to it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../core/errors.ts';
import { linkEnvironment } from '../core/link-environment.ts';
import { shortId } from '../core/names.ts';
import { writeFileAtomic } from '../system/files.ts';
import { readEndpoints } from './endpoints-file.ts';
import { configuredEnvironment } from './inspect-config.ts';
import { readOci } from './inspect.ts';
import { environmentFile, linkedOf, linksOf } from './link-targets.ts';
import { defaultAddress } from './network-file.ts';
import { listContainers } from './records.ts';
import type { Paths } from '../system/paths.ts';
import type { Linked } from './link-targets.ts';
import type { ContainerSpec, SkiffSpec } from './spec-types.ts';

const requireAddress = (skiff: SkiffSpec, { alias, target }: Linked): string => {
  const { spec, state } = target;
  if (state.status !== 'running') fail({ _tag: 'Conflict', message: `Cannot link to a non running container: /${spec.name} AS /${skiff.name}/${alias}`, hint: `start it with 'skiff start ${spec.name}'` });
  return defaultAddress(readEndpoints(target.directory)) ?? fail({ _tag: 'Conflict', message: `container ${spec.name} not attached to default bridge network`, hint: 'links are for containers of one network' });
};

/** The alias, then what else it is called: its host name and, where that is another one, its name. */
const hostsLine = (address: string, { alias, target: { spec } }: Linked): string => `${address}\t${alias} ${spec.hostname}${alias === spec.name ? '' : ` ${spec.name}`}`;

/**
 * Writes what the container's links mean now into its /etc/hosts, before its own addresses are added, and returns its variables as `NAME=value`. Those that it has
 * itself stay. Throws Conflict where a container that is linked to does not run, or is not on the default network.
 */
export const takeLinks = (paths: Paths, { oci, skiff }: ContainerSpec): readonly string[] => {
  const linked = linkedOf(paths, skiff).map((one) => ({ ...one, address: requireAddress(skiff, one) }));
  const directory = join(paths.containers, skiff.id);
  const hosts = join(directory, 'hosts');
  writeFileSync(hosts, `${readFileSync(hosts, 'utf8')}${linked.map((one) => `${hostsLine(one.address, one)}\n`).join('')}`);
  const own = new Set(oci.process.env.map((line) => line.split('=')[0]));
  const environment = linked
    .flatMap(({ alias, target, address }) => linkEnvironment({ link: `/${skiff.name}/${alias}`, address, ports: target.spec.exposed ?? [], environment: configuredEnvironment(target.spec, readOci(target)) }))
    .filter((line) => !own.has(line.split('=')[0]));
  writeFileAtomic(environmentFile(directory), JSON.stringify(environment), { mode: 0o600 });
  return environment;
};

const escaped = (text: string): string => text.replace(/[^\w]/g, '\\$&');

/** The container has another address now: those who run and link to it find it there. In place, because the file is bound into them. */
export const updateLinkers = (paths: Paths, id: string, address: string): void => {
  for (const { directory, spec, state } of listContainers(paths).containers) {
    const links = linksOf(spec).filter((link) => link.target === shortId(id));
    if (links.length === 0 || state.status !== 'running') continue;
    const hosts = join(directory, 'hosts');
    const text = readFileSync(hosts, 'utf8');
    const after = links.reduce((changed, { alias }) => changed.replace(new RegExp(`^\\S+(?=\\t${escaped(alias)}(\\s|$))`, 'm'), address), text);
    if (after !== text) writeFileSync(hosts, after);
  }
};

/** Takes the line of a link out of /etc/hosts of the container in `directory`, in place. Idempotent. */
export const dropLink = (directory: string, alias: string): void => {
  const hosts = join(directory, 'hosts');
  const text = readFileSync(hosts, 'utf8');
  const after = text.replace(new RegExp(`^\\S+\\t${escaped(alias)}(\\s.*)?\\n`, 'm'), '');
  if (after !== text) writeFileSync(hosts, after);
};
