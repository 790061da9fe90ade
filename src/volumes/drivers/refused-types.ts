/** File systems that a volume of the driver `local` may name and only root can mount: the reason, and the way without root. Pure. */
import { refuse } from '../../core/invalid.ts';
import type { Volume } from '../types.ts';

/** By type, the program that mounts the same by FUSE, and its package. */
const fuseWays: Readonly<Record<string, readonly [program: string, source: string]>> = {
  ext2: ['fuse2fs', 'an image file or device that you can read'],
  ext3: ['fuse2fs', 'an image file or device that you can read'],
  ext4: ['fuse2fs', 'an image file or device that you can read'],
  squashfs: ['squashfuse', 'an image file'],
  nfs: ['sshfs', 'HOST:/PATH of a host that you can log in to'],
  nfs4: ['sshfs', 'HOST:/PATH of a host that you can log in to'],
  cifs: ['sshfs', 'HOST:/PATH of a host that you can log in to'],
  smb3: ['sshfs', 'HOST:/PATH of a host that you can log in to'],
};

const network: readonly string[] = ['nfs', 'nfs4', 'cifs', 'smb3', 'ceph', '9p'];

/** Says why a volume of this type cannot be used, and what can be instead. */
export const refuseForeignType = ({ name, options }: Volume): never => {
  const { type = '', device = '' } = options;
  const reason = network.includes(type)
    ? `the kernel lets only root of the host mount ${type}, not a user namespace`
    : `the kernel lets only root of the host mount ${type === '' ? 'a device' : type} (${device}), not a user namespace`;
  const [program, source] = fuseWays[type] ?? [];
  const fuse = program === undefined ? '' : `make it by FUSE with 'skiff volume create --driver fuse --opt program=${program} --opt device=…', ${source}, or `;
  return refuse(`volume ${name} cannot be mounted: ${reason}`, `${fuse}have it mounted by an administrator and make the volume with --opt type=none --opt o=bind --opt device=/WHERE/IT/IS`);
};
