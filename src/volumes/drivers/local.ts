/** The driver `local`: a directory below the user's home, a directory of the host, or a file system in memory. */
import { accessSync, constants, statSync } from 'node:fs';
import { fail } from '../../core/errors.ts';
import { refuse, usage } from '../../core/invalid.ts';
import { parseMountOptions } from '../../core/mount-options.ts';
import { containerIds } from '../../system/helper.ts';
import { heldRecord } from '../held.ts';
import { dataDirectory } from '../places.ts';
import { bindWords, checkLocalOptions, localKind, tmpfsWords } from './local-options.ts';
import { refuseForeignType } from './refused-types.ts';
import type { VolumeAccess, VolumeContext, VolumeDriver } from '../driver.ts';
import type { Volume } from '../types.ts';

const bindAccess = ({ name, options }: Volume): VolumeAccess => {
  const device = options['device'] ?? '';
  const { readOnly, strange } = bindWords(options);
  if (strange.length > 0) refuse(`volume ${name}: the mount option '${strange[0]}' of a bind mount needs root`, 'make the volume with --opt o=bind or o=bind,ro');
  if (!device.startsWith('/')) usage(`volume ${name}: device=${device} is not an absolute path`, `make the volume again with --opt device="$PWD/${device}"`);
  try {
    if (!statSync(device).isDirectory()) refuse(`volume ${name}: ${device} is not a directory`);
    accessSync(device, constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const reason = code === 'ENOENT' ? 'no such file or directory' : code === 'EACCES' ? 'permission denied' : code;
    fail({ _tag: 'System', operation: `mount volume ${name}: bind`, subject: device, reason });
  }
  return { kind: 'directory', path: device, ...(readOnly ? { readOnly } : {}) };
};

const use = async ({ paths, host }: VolumeContext, volume: Volume): Promise<VolumeAccess> => {
  switch (localKind(volume.options)) {
    case 'directory':
      return { kind: 'directory', path: dataDirectory(paths, volume.name) };
    case 'bind':
      return bindAccess(volume);
    case 'tmpfs': {
      const { uids, gids } = containerIds(host.idMap);
      const { flags, data } = parseMountOptions(tmpfsWords(volume.options, { uid: uids, gid: gids }).split(',').filter((word) => word !== ''));
      return { kind: 'mount', record: heldRecord(paths, volume.name, ['tmpfs', String(flags), data]) };
    }
    case 'other':
      return refuseForeignType(volume);
  }
};

/** As Docker's, as far as that can be without root. */
export const localDriver: VolumeDriver = {
  name: 'local',
  scope: 'local',
  create: async (_, { options }) => checkLocalOptions(options),
  mountpoint: async ({ paths }, { name }) => dataDirectory(paths, name),
  use,
  remove: async () => undefined,
};
