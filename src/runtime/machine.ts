/** What `skiff info` tells of this machine: what was found and what was chosen. Every finding is looked up anew; none makes it fail. */
import { isLeft, isRight } from 'fp-ts/Either';
import type { Either } from 'fp-ts/Either';
import * as fuseOverlayfs from 'fuse-overlayfs-bindings';
import * as slirp from 'slirp4netns-wrapper';
import { closeSync, openSync } from 'node:fs';
import { availableParallelism, hostname, machine, release, totalmem } from 'node:os';
import { SkiffFailure, explainErrno, renderError } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import { readIndex } from '../images/layout.ts';
import type { WantedDriver } from '../storage/choose.ts';
import { storageDriver } from '../storage/probe.ts';
import { wantedDriver } from '../storage/wanted.ts';
import { bootIsInstalled } from '../system/boot-install.ts';
import { readHost } from '../system/host.ts';
import type { Host, IdMap, IdRange } from '../system/host.ts';
import { ensureDirectories } from '../system/paths.ts';
import type { Paths } from '../system/paths.ts';
import { namespaceSettings } from '../system/namespace-settings.ts';
import { findProgram } from '../system/programs.ts';
import { readOptional } from '../system/read-optional.ts';
import { readSettings } from '../system/settings.ts';
import { volumeDriverNames } from '../volumes/drivers/names.ts';
import { pluginNames } from '../volumes/plugins/find.ts';
import { cgroupFacts } from './cgroup-facts.ts';
import type { CgroupFacts } from './cgroup-facts.ts';
import { dockerFacts } from './machine-docker.ts';
import { listContainers } from './records.ts';
import type { DockerFacts } from './machine-docker.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** A program of the host's that Skiff uses. */
export interface ProgramFact {
  readonly Name: string;
  /** Absolute; empty where it is not installed. */
  readonly Path: string;
  /** Empty where it is not installed or does not say. */
  readonly Version: string;
  readonly Package: string;
  /** What does not work without it. */
  readonly NeededFor: string;
}

export interface DeviceFact {
  readonly Path: string;
  readonly Usable: boolean;
  /** Why not; empty where it is usable. */
  readonly Reason: string;
  readonly NeededFor: string;
}

/** Names as in `docker info` where Docker has the field; ours beside them. */
export interface Machine extends CgroupFacts, DockerFacts {
  readonly Containers: number;
  readonly ContainersRunning: number;
  readonly ContainersPaused: number;
  readonly ContainersStopped: number;
  readonly Images: number;
  /** Empty where neither driver works. */
  readonly Driver: string;
  /** Why this driver, or why none. */
  readonly DriverReason: string;
  readonly DockerRootDir: string;
  readonly NodeDir: string;
  readonly RuntimeDir: string;
  readonly CacheDir: string;
  /** Who starts containers with the machine; empty where nobody does. */
  readonly StartedBy: 'systemd' | 'cron' | '';
  readonly IdMap: { readonly Mode: IdMap['mode']; readonly Uids: readonly IdRange[]; readonly Gids: readonly IdRange[]; readonly Reason: string };
  readonly Name: string;
  readonly KernelVersion: string;
  readonly OperatingSystem: string;
  readonly OSType: 'linux';
  readonly Architecture: string;
  readonly NCPU: number;
  /** Bytes. */
  readonly MemTotal: number;
  readonly Programs: readonly ProgramFact[];
  readonly Devices: readonly DeviceFact[];
  readonly Warnings: readonly string[];
}

const operatingSystem = (): string => /^PRETTY_NAME="?([^"\n]*)/m.exec(readOptional('/etc/os-release'))?.[1] ?? 'Linux';

const idMapFact = (map: IdMap): Machine['IdMap'] =>
  map.mode === 'ranges'
    ? { Mode: 'ranges', Uids: map.uids, Gids: map.gids, Reason: '' }
    : { Mode: 'single', Uids: [{ containerId: 0, hostId: map.uid, size: 1 }], Gids: [{ containerId: 0, hostId: map.gid, size: 1 }], Reason: map.reason };

const versionFrom = (detected: Either<unknown, { readonly version: string }>): string => (isRight(detected) ? detected.right.version : '');

type Detect = (path: string) => Promise<string>;

/** newuidmap(1) has no way to ask for its version. */
const noVersion: Detect = async () => '';

const programs: readonly (readonly [name: string, packageName: string, neededFor: string, detect: Detect])[] = [
  ['newuidmap', 'uidmap', 'more than one user id in containers', noVersion],
  ['newgidmap', 'uidmap', 'more than one group id in containers', noVersion],
  ['slirp4netns', 'slirp4netns', 'networks other than none and host', async (path) => versionFrom(await slirp.detect(path)())],
  ['fuse-overlayfs', 'fuse-overlayfs', 'the storage driver fuse-overlayfs', async (path) => versionFrom(await fuseOverlayfs.detect(path)())],
];

/** Where they are, and their versions; about 10 ms. */
export const programFacts = (env: Environment): Promise<readonly ProgramFact[]> =>
  Promise.all(
    programs.map(async ([Name, Package, NeededFor, detect]) => {
      const Path = findProgram(env, Name) ?? '';
      return { Name, Path, Version: Path === '' ? '' : await detect(Path), Package, NeededFor };
    }),
  );

/** Opens the device and closes it again: modes alone do not say, where a device cgroup or a missing driver has a word. */
const deviceFact = (Path: string, NeededFor: string): DeviceFact => {
  try {
    closeSync(openSync(Path, 'r+'));
    return { Path, Usable: true, Reason: '', NeededFor };
  } catch (error) {
    return { Path, Usable: false, Reason: explainErrno((error as NodeJS.ErrnoException).code ?? 'unknown'), NeededFor };
  }
};

/** The devices that Skiff opens. */
export const deviceFacts = (): readonly DeviceFact[] => [deviceFact('/dev/fuse', 'the storage driver fuse-overlayfs'), deviceFact('/dev/net/tun', 'networks other than none and host')];

const namespaceWarnings = (): readonly string[] =>
  namespaceSettings.flatMap(({ name, forbids, words, command }) => (readOptional(`/proc/sys/${name}`).trim() === forbids ? [`${words}: ask an administrator to run: ${command}`] : []));

const driverFact = async (paths: Paths, host: Host, env: Environment, asked: WantedDriver | undefined): Promise<Pick<Machine, 'Driver' | 'DriverReason'>> => {
  const none = (error: SkiffError) => ({ Driver: '', DriverReason: renderError(error) });
  const wanted = await wantedDriver(paths, env, asked)();
  if (isLeft(wanted)) return none(wanted.left);
  const choice = await storageDriver(paths, host, env, wanted.right)();
  return isLeft(choice) ? none(choice.left) : { Driver: choice.right.driver.name, DriverReason: choice.right.why };
};

const warningsFrom = (body: () => void): readonly string[] => {
  try {
    body();
    return [];
  } catch (error) {
    if (error instanceof SkiffFailure) return [error.message];
    throw error;
  }
};

type Counts = Pick<Machine, 'Containers' | 'ContainersRunning' | 'ContainersPaused' | 'ContainersStopped' | 'Images' | 'Warnings'>;

/** Images by id: one with two names is one. What does not decode is told in a warning and not counted. */
const count = (paths: Paths): Counts => {
  const { containers, warnings } = listContainers(paths);
  const ids = new Set<string>();
  let damaged: readonly string[] = [];
  const unreadable = warningsFrom(() => {
    const index = readIndex(paths);
    damaged = index.damaged;
    for (const { id } of index.entries) ids.add(id);
  });
  const of = (paused: boolean): number => containers.filter(({ state }) => state.status === 'running' && (state.paused === true) === paused).length;
  return {
    Containers: containers.length,
    ContainersRunning: of(false),
    ContainersPaused: of(true),
    ContainersStopped: containers.length - of(false) - of(true),
    Images: ids.size,
    Warnings: [...warnings.map(({ message }) => message), ...damaged, ...unreadable],
  };
};

/**
 * Everything at once; about 30 ms. Makes the directories, and tries the storage drivers where nothing is remembered.
 * Throws only what `ensureDirectories` and `readSettings` throw: without directories nothing works, and that is the answer.
 */
export const describeMachine = async (paths: Paths, env: Environment, wantedDriver: WantedDriver | undefined): Promise<Machine> => {
  ensureDirectories(paths);
  const host = readHost(env);
  const counts = count(paths);
  const driver = await driverFact(paths, host, env, wantedDriver);
  const found = await programFacts(env);
  const version = found.find(({ Name }) => Name === driver.Driver)?.Version ?? '';
  return {
    ...dockerFacts(paths, env, await readSettings(env, paths), [...volumeDriverNames, ...pluginNames({ paths, env })], { name: driver.Driver, version }),
    ...counts,
    ...driver,
    DockerRootDir: paths.root,
    NodeDir: paths.host,
    RuntimeDir: paths.runtime,
    CacheDir: paths.cache,
    StartedBy: bootIsInstalled(env) ?? '',
    IdMap: idMapFact(host.idMap),
    Name: hostname(),
    KernelVersion: release(),
    OperatingSystem: operatingSystem(),
    OSType: 'linux',
    Architecture: machine(),
    NCPU: availableParallelism(),
    MemTotal: totalmem(),
    ...cgroupFacts(env, host.uid),
    Programs: found,
    Devices: deviceFacts(),
    Warnings: [...namespaceWarnings(), ...counts.Warnings],
  };
};
