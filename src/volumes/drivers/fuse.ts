/**
 * The driver `fuse`: what a FUSE program shows, as a volume. The program is looked up when the volume is used, so that machines that share a home directory may have it at
 * different places; it runs as the user, in the host's network, while containers use the volume.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { fail } from '../../core/errors.ts';
import { usage } from '../../core/invalid.ts';
import { containerIds } from '../../system/helper.ts';
import { findProgram } from '../../system/programs.ts';
import { heldRecord, holderState } from '../held.ts';
import { dataDirectory } from '../places.ts';
import { checkFuseOptions, fuseEnvironment, fuseWords } from './fuse-options.ts';
import type { VolumeAccess, VolumeContext, VolumeDriver } from '../driver.ts';
import type { Volume } from '../types.ts';
import type { FuseProgram } from './fuse-options.ts';

/** Names of libraries are near the beginning of a program. */
const searched = 8 * 1024 * 1024;

/** Whether the program is linked with libfuse 3; of a script or a static program we do not know, and such a one mounts itself. */
const usesLibfuse3 = (path: string): boolean => {
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(Math.min(searched, statSync(path).size));
    const length = readSync(fd, bytes, 0, bytes.length, 0);
    return bytes.subarray(0, 4).toString('latin1') === '\x7fELF' && bytes.subarray(0, length).includes('libfuse3.so.');
  } finally {
    closeSync(fd);
  }
};

/** FUSE programs that are Debian packages of the same name. */
const packaged: readonly string[] = ['sshfs', 'squashfuse', 'fuse2fs', 'bindfs', 'archivemount', 'fuse-zip', 'curlftpfs', 's3fs', 'gocryptfs', 'encfs', 'unionfs-fuse', 'fuseiso'];

const requireProgram = ({ env }: VolumeContext, { name, options }: Volume): string => {
  const { program = '' } = options;
  const path = program.startsWith('/') ? (statSync(program, { throwIfNoEntry: false })?.isFile() === true ? program : undefined) : findProgram(env, program);
  if (path !== undefined) return path;
  if (packaged.includes(program)) fail({ _tag: 'Missing', program, purpose: `mount volume ${name}`, package: program });
  return fail({ _tag: 'NotFound', kind: 'program', name: program, hint: `volume ${name} is mounted by it: have it installed, or give its absolute path` });
};

/** It may be that it cannot be read, only executed. */
const look = (path: string): FuseProgram => {
  try {
    return { path, takesFd: usesLibfuse3(path) };
  } catch {
    return { path, takesFd: false };
  }
};

/** A name of a file in the current directory would be looked for elsewhere: the program runs in `/`. */
const refuseRelative = ({ options: { device } }: Volume): void => {
  if (device === undefined || device.startsWith('/') || device.includes(':')) return;
  if (statSync(device, { throwIfNoEntry: false }) !== undefined) usage(`invalid option device=${device}: the path must be absolute`, `write device="$PWD/${device}"`);
};

const use = async (context: VolumeContext, volume: Volume): Promise<VolumeAccess> => {
  const { uids, gids } = containerIds(context.host.idMap);
  const program = look(requireProgram(context, volume));
  const words = fuseWords(volume.options, program, dataDirectory(context.paths, volume.name), { uid: uids, gid: gids }, fuseEnvironment(context.env));
  return { kind: 'mount', record: heldRecord(context.paths, volume.name, words) };
};

const status = async ({ paths }: VolumeContext, { name }: Volume): Promise<Readonly<Record<string, unknown>>> => {
  const holder = holderState(paths, name);
  if (holder === undefined) return { State: 'idle' };
  return { State: holder.state, HolderPid: holder.pid, ...(holder.reason === undefined ? {} : { Reason: holder.reason }) };
};

export const fuseDriver: VolumeDriver = {
  name: 'fuse',
  scope: 'local',
  create: async (context, volume) => {
    checkFuseOptions(volume.options);
    refuseRelative(volume);
    requireProgram(context, volume);
  },
  mountpoint: async ({ paths }, { name }) => dataDirectory(paths, name),
  use,
  remove: async () => undefined,
  status,
};
