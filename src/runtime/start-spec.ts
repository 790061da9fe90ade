/** The specification of a container that was made before, as this machine is now. */
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isLeft } from 'fp-ts/Either';
import { fail, renderError } from '../core/errors.ts';
import { mapText } from '../core/id-maps.ts';
import { need } from '../core/invalid.ts';
import { storageDriver } from '../storage/probe.ts';
import { pristineConfig, seccompCopy } from './create.ts';
import { hasProcess } from './container-state.ts';
import { findContainer } from './records.ts';
import { mapsOf } from './root-filesystem.ts';
import { decodeOciSpec } from './spec-codec.ts';
import type { OciSpec } from '../core/oci-runtime.ts';
import type { DriverName, StorageDriver } from '../storage/driver.ts';
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';
import type { Container } from './records.ts';
import type { ContainerSpec, SkiffSpec } from './spec-types.ts';
import type { Surroundings } from './surroundings.ts';

const remakeHint = 'make a new container from its image, or from what it holds with \'skiff export\'';

const readOci = ({ directory }: Container): OciSpec => {
  const pristine = join(directory, pristineConfig);
  const path = existsSync(pristine) ? pristine : join(directory, 'config.json');
  return need(decodeOciSpec(readFileSync(path, 'utf8'), path));
};

/** The files on disk belong to the ids of then: under others the container would not find them its own. */
const requireSameIds = (host: Host, { spec }: Container, { linux }: OciSpec): void => {
  if (linux.uidMappings === undefined || linux.gidMappings === undefined) return;
  const { uids, gids } = mapsOf(host, spec);
  if (mapText(uids) === mapText(linux.uidMappings) && mapText(gids) === mapText(linux.gidMappings)) return;
  const why = host.idMap.mode === 'single' ? `there are none now: ${host.idMap.reason}` : 'they are others now';
  const message = `container ${spec.name} was made with other subordinate ids than you have (${why})`;
  fail({ _tag: 'Refused', message, hint: `have those in /etc/subuid and /etc/subgid restored, or ${remakeHint}` });
};

/** The container whose namespaces are shared may have been started again since, and its process is another one then. */
const withDonor = (paths: Paths, { spec }: Container, oci: OciSpec): OciSpec => {
  if (spec.sharesWith === undefined) return oci;
  const donor = findContainer(paths, spec.sharesWith);
  if (!hasProcess(donor.state)) {
    const message = `container ${spec.name} shares namespaces with container ${donor.spec.name}, which is not running`;
    fail({ _tag: 'Conflict', message, hint: `start ${donor.spec.name} before` });
  }
  const moved = (path: string): string => path.replace(/^\/proc\/\d+\//, `/proc/${donor.state.pid}/`);
  const namespaces = oci.linux.namespaces.map((namespace) => (namespace.path === undefined ? namespace : { ...namespace, path: moved(namespace.path) }));
  return { ...oci, linux: { ...oci.linux, namespaces } };
};

const withOwnProfile = ({ directory, spec }: Container): SkiffSpec =>
  spec.seccomp.kind === 'file' ? { ...spec, seccomp: { kind: 'file', path: join(directory, seccompCopy) } } : spec;

/**
 * What was decided when the container was made, with what may have changed since put right: the process whose namespaces are shared.
 * Throws Refused where the user's ids are others now, Conflict where the other container does not run, Corrupt.
 */
export const specAgain = ({ paths, host }: Surroundings, container: Container): ContainerSpec => {
  const oci = readOci(container);
  requireSameIds(host, container, oci);
  return { oci: withDonor(paths, container, oci), skiff: withOwnProfile(container), warnings: [] };
};

/**
 * The storage driver that the container was made with: what it has deleted is written down in that one's form. Throws Refused where another one is
 * asked for by flag, and where that one does not work (any more); Missing without its program.
 */
export const driverAgain = async ({ paths, host, env, storageDriver: flag }: Surroundings, { spec }: Container): Promise<StorageDriver> => {
  const made = spec.storageDriver as DriverName;
  const message = `container ${spec.name} was made with the storage driver ${made}`;
  if (flag !== undefined && flag !== 'auto' && flag !== made) fail({ _tag: 'Refused', message, hint: 'leave --storage-driver out' });
  const choice = await storageDriver(paths, host, env, { driver: made, source: `container ${spec.name}` })();
  if (!isLeft(choice)) return choice.right.driver;
  if (choice.left._tag !== 'Refused') return fail(choice.left);
  return fail({ _tag: 'Refused', message: `${message}: ${renderError({ _tag: 'Refused', message: choice.left.message })}`, hint: remakeHint });
};

/** An overlay that was mounted with `volatile`, as for --rm, refuses the next mount until this is gone: Documentation/filesystems/overlayfs.rst, "Volatile mount". */
const removeVolatileMark = (directory: string): void => {
  const inner = join(directory, 'work', 'work');
  const incompatible = join(inner, 'incompat');
  // The kernel makes them for nobody to enter.
  for (const path of [inner, incompatible, join(incompatible, 'volatile')]) if (existsSync(path)) chmodSync(path, 0o700);
  rmSync(incompatible, { recursive: true, force: true });
};

/**
 * Puts the container's directory into the state that a start finds it in: the files that Docker, too, writes anew at each start, and nothing left of
 * the last one. Idempotent. resolv.conf is left as the container may have changed it.
 */
export const tidy = async ({ directory, spec }: Container): Promise<void> => {
  writeFileSync(join(directory, 'hostname'), spec.etc.hostname);
  writeFileSync(join(directory, 'hosts'), spec.etc.hosts);
  if (spec.runtime !== undefined) rmSync((await import('./foreign.ts')).foreignStateDirectory(directory), { recursive: true, force: true });
  if (spec.autoRemove) removeVolatileMark(directory);
};

