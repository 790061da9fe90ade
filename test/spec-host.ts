/** A host and an image for tests of pure specification code, and short ways to look at results. */
import * as assert from 'uvu/assert';
import { renderError } from '../src/core/errors.ts';
import { makeSpec } from '../src/runtime/spec.ts';
import type { SkiffError } from '../src/core/errors.ts';
import type { OciMount } from '../src/core/oci-runtime.ts';
import type { RunFlags } from '../src/runtime/run-flags.ts';
import type { ContainerSpec, HostView, ImageConfig, ImageConfigView, PathKind } from '../src/runtime/spec-types.ts';
import type { Either } from 'fp-ts/Either';

export const id = '0123456789abcdef'.repeat(4);

const kinds: Readonly<Record<string, PathKind>> = {
  '/data': 'directory',
  '/home/ann': 'directory',
  '/home/ann/src': 'directory',
  '/home/src': 'directory',
  '/proc': 'directory',
  '/etc/motd': 'file',
  '/dev/fuse': 'character-device',
  '/dev/sda': 'block-device',
  '/dev/snd': 'directory',
  '/dev/mqueue': 'directory',
  '/tmp/old.cid': 'file',
};

/** Uid 1000 with 65536 subordinate ids on Linux 6.1. */
export const fakeHost = (changes: Partial<HostView> = {}): HostView => ({
  uid: 1000,
  gid: 1000,
  idMap: {
    mode: 'ranges',
    uids: [{ containerId: 0, hostId: 1000, size: 1 }, { containerId: 1, hostId: 100000, size: 65536 }],
    gids: [{ containerId: 0, hostId: 1000, size: 1 }, { containerId: 1, hostId: 100000, size: 65536 }],
    newuidmap: '/usr/bin/newuidmap',
    newgidmap: '/usr/bin/newgidmap',
  },
  hostname: 'workstation',
  env: { LANG: 'C.UTF-8', EMPTY: '' },
  cwd: '/home/ann',
  platform: 'linux/amd64',
  kernelRelease: '6.1.0-18-amd64',
  cgroup2: true,
  storageDriver: 'overlay',
  containerDirectory: '/state/c',
  now: '2026-11-20T19:00:00.000Z',
  random: () => 0,
  statPath: (path) => kinds[path],
  devices: () => ['/dev/null', '/dev/fuse', '/dev/pts/0', '/dev/kvm'],
  hardLimit: () => 4096,
  oomScoreAdj: () => 0,
  selinux: () => false,
  resolvConf: () => 'nameserver 127.0.0.53\nnameserver 192.0.2.1\nsearch example.org\noptions edns0\n',
  hosts: () => '127.0.0.1 localhost workstation\n',
  address: () => '192.0.2.50',
  findContainer: (name) => {
    if (name === 'web') return { id: 'aa'.repeat(32), name: 'web', pid: 4711, shareable: true, networkOwner: 'aa'.repeat(32), ownerDirectory: '/c/web', hostname: 'webbox', hasHostNetwork: false, mountPoints: [] };
    if (name === 'db') return { id: 'bb'.repeat(32), name: 'db', pid: 4712, shareable: false, networkOwner: 'bb'.repeat(32), ownerDirectory: '/c/db', hostname: 'dbbox', hasHostNetwork: true, mountPoints: [] };
    return name === 'dead' ? { id: 'cc'.repeat(32), name: 'dead', shareable: false, networkOwner: 'cc'.repeat(32), ownerDirectory: '/c/dead', hostname: 'deadbox', hasHostNetwork: false, mountPoints: [] } : undefined;
  },
  newVolumeName: () => 'f'.repeat(64),
  volumeData: (name) => `/state/volumes/${name}/_data`,
  ownerOf: () => ({ uid: 1000, gid: 1000, writable: true }),
  ...changes,
});

/** One mapped id. */
export const singleHost = (): HostView => fakeHost({ idMap: { mode: 'single', uid: 1000, gid: 1000, reason: 'newuidmap is not installed' } });

export const fakeImage = (config: ImageConfig = { Cmd: ['/bin/sh'] }, platform = 'linux/amd64'): ImageConfigView => ({
  reference: 'busybox',
  id: `sha256:${'0'.repeat(64)}`,
  layers: ['/layers/a/fs', '/layers/b/fs'],
  platform,
  config,
});

/** The value of a Right; a Left fails the test with its message. */
export const value = <A>(either: Either<SkiffError, A>): A => {
  if (either._tag === 'Left') throw new Error(`unexpected error: ${renderError(either.left)}`);
  return either.right;
};

/** The tag and message of a Left, `Usage: …`. */
export const problem = <A>(either: Either<SkiffError, A>): string => {
  if (either._tag === 'Right') throw new Error(`unexpected success: ${JSON.stringify(either.right)}`);
  return `${either.left._tag}: ${renderError(either.left)}`;
};

/** Fails unless the error is `tag` and mentions every one of `words`. */
export const assertProblem = <A>(either: Either<SkiffError, A>, tag: SkiffError['_tag'], ...words: readonly string[]): void => {
  const found = problem(either);
  assert.ok(found.startsWith(`${tag}: `), `${found} is not ${tag}`);
  for (const word of words) assert.ok(found.includes(word), `'${found}' does not mention '${word}'`);
};

/** `makeSpec` with fakes; an `image` of null is none, as with --rootfs. */
export const tryRun = (flags: Partial<RunFlags>, host = fakeHost(), image: ImageConfigView | null = fakeImage()): Either<SkiffError, ContainerSpec> =>
  makeSpec(image ?? undefined, { command: [], ...flags }, host, id);

export const run = (flags: Partial<RunFlags> = {}, host = fakeHost(), image: ImageConfigView | null = fakeImage()): ContainerSpec =>
  value(tryRun(flags, host, image));

export const mountAt = (spec: ContainerSpec, destination: string): OciMount | undefined =>
  spec.oci.mounts.find((mount) => mount.destination === destination);
