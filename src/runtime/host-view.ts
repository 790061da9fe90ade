/** The facts that a specification is made from, read from this machine; costly ones only when they are asked for. */
import { accessSync, constants, readdirSync, statSync, existsSync } from 'node:fs';
import { availableParallelism, hostname, networkInterfaces, release } from 'node:os';
import { join } from 'node:path';
import { hostPlatform } from '../images/platform.ts';
import { isReadWritable } from '../system/host.ts';
import { isHostNetwork } from '../core/network-mode.ts';
import { newId } from '../system/new-id.ts';
import { readOptional } from '../system/read-optional.ts';
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';
import { hasProcess } from './container-state.ts';
import type { Container } from './records.ts';
import { etcDirectory, networkOwner } from './etc-files.ts';
import type { HostView, PathKind, ContainerView } from './spec-types.ts';

const kindOf = (path: string): PathKind | undefined => {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  if (stat.isDirectory()) return 'directory';
  if (stat.isCharacterDevice()) return 'character-device';
  if (stat.isBlockDevice()) return 'block-device';
  if (stat.isFIFO()) return 'fifo';
  return stat.isSocket() ? 'socket' : 'file';
};

/** stat(2) as the caller; a path that cannot be reached counts as missing. */
const statPath = (path: string): PathKind | undefined => {
  try {
    return kindOf(path);
  } catch {
    return undefined;
  }
};

const mayAccess = (path: string, mode: number): boolean => {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
};

/** Nodes, not links to them. Bun's recursive readdir cannot be used: it fails with ELOOP on the links in /dev. */
const devicesIn = (directory: string): readonly string[] =>
  readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory()) return mayAccess(path, constants.R_OK | constants.X_OK) ? devicesIn(path) : [];
    return (entry.isCharacterDevice() || entry.isBlockDevice()) && isReadWritable(path) ? [path] : [];
  });

/** proc_pid_limits(5): the columns are soft and hard limit. */
const limitNames: Readonly<Record<string, string>> = {
  as: 'Max address space', core: 'Max core file size', cpu: 'Max cpu time', data: 'Max data size', fsize: 'Max file size', locks: 'Max file locks',
  memlock: 'Max locked memory', msgqueue: 'Max msgqueue size', nice: 'Max nice priority', nofile: 'Max open files', nproc: 'Max processes',
  rss: 'Max resident set', rtprio: 'Max realtime priority', rttime: 'Max realtime timeout', sigpending: 'Max pending signals', stack: 'Max stack size',
};

const hardLimit = (name: string): number | undefined => {
  const line = readOptional('/proc/self/limits')
    .split('\n')
    .find((text) => text.startsWith(`${limitNames[name]} `));
  const value = line?.slice(26).trim().split(/\s+/)[1];
  return value === undefined ? undefined : value === 'unlimited' ? Infinity : Number(value);
};

const viewOf = (container: Container): ContainerView => ({
  id: container.id,
  name: container.spec.name,
  ...(hasProcess(container.state) ? { pid: container.state.pid } : {}),
  shareable: container.spec.ipc.mode === 'shareable',
  networkOwner: networkOwner(container),
  ownerDirectory: etcDirectory(container),
  hostname: container.spec.hostname,
  hasHostNetwork: isHostNetwork(container.spec.network),
  mountPoints: container.spec.mountPoints ?? [],
});

const ownerOf = (path: string): ReturnType<HostView['ownerOf']> => {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) return undefined;
  try {
    accessSync(path, constants.W_OK);
    return { uid: status.uid, gid: status.gid, writable: true };
  } catch {
    return { uid: status.uid, gid: status.gid, writable: false };
  }
};

const ownAddress = (): string | undefined =>
  Object.values(networkInterfaces()).flatMap((list) => list ?? []).find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

export interface HostViewInputs {
  readonly paths: Paths;
  readonly host: Host;
  readonly env: NodeJS.ProcessEnv;
  readonly storageDriver: string;
  readonly id: string;
  readonly find: (word: string) => Container | undefined;
}

/** The view for the container `id`. Reads nothing yet but the host's name and kernel. */
export const makeHostView = ({ paths, host, env, storageDriver, id, find }: HostViewInputs): HostView => {
  const { os, architecture } = hostPlatform();
  return {
    uid: host.uid,
    gid: host.gid,
    idMap: host.idMap,
    hostname: hostname(),
    env,
    cwd: process.cwd(),
    platform: `${os}/${architecture}`,
    kernelRelease: release(),
    cgroup2: existsSync('/sys/fs/cgroup/cgroup.controllers'),
    throttledProcessors: existsSync('/sys/devices/system/cpu/cpu0/thermal_throttle') ? availableParallelism() : 0,
    storageDriver,
    containerDirectory: join(paths.containers, id),
    now: new Date().toISOString(),
    random: Math.random,
    statPath,
    devices: () => devicesIn('/dev'),
    hardLimit,
    oomScoreAdj: () => Number(readOptional('/proc/self/oom_score_adj')) || 0,
    selinux: () => existsSync('/sys/fs/selinux/enforce'),
    resolvConf: () => readOptional('/etc/resolv.conf'),
    hosts: () => readOptional('/etc/hosts'),
    address: ownAddress,
    findContainer: (word) => {
      const found = find(word);
      return found === undefined ? undefined : viewOf(found);
    },
    newVolumeName: newId,
    volumeData: (name) => join(paths.root, 'volumes', name, '_data'),
    ownerOf,
  };
};

