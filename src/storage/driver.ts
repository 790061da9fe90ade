/** The two storage drivers behind one interface: what an overlay of directories becomes in the launch plan. Pure. */
import * as E from 'fp-ts/Either';
import { behaviourOptions } from 'fuse-overlayfs-bindings';
import type { Capabilities } from 'fuse-overlayfs-bindings';
import type { SkiffError } from '../core/errors.ts';
import type { IdShift } from '../core/id-maps.ts';

export type DriverName = 'overlay' | 'fuse-overlayfs';

export interface OverlayMount {
  /** Absolute paths of read-only directories, topmost first; at least one. */
  readonly lowers: readonly string[];
  /** Absolute paths on one file system; the kernel wants `work` empty or its own. */
  readonly upper: string;
  readonly work: string;
  readonly target: string;
  /** Nothing of the upper directory outlives the container: syncing it, at the end too, would be work for nothing. Default false. */
  readonly volatile?: boolean;
  /** Whether other file systems are mounted below a lower directory. */
  readonly hasMounts?: boolean;
  /** All files appear as this user's and group's, where those on disk have no id in the user's namespace. */
  readonly squash?: { readonly uid: number; readonly gid: number };
  /** Files of these ids on disk appear as others. */
  readonly shift?: { readonly uids: readonly IdShift[]; readonly gids: readonly IdShift[] };
}

/**
 * One record of the launch plan. The helper opens every directory and names it by its fd:
 *   overlay UPPER WORK TARGET OPTIONS LOWER…
 *   fuse-overlayfs PROGRAM UPPER WORK TARGET OPTIONS LOWER…
 */
export type MountStep = readonly [DriverName, ...(readonly string[])];

export interface StorageDriver {
  readonly name: DriverName;
  /** Refuses what the driver cannot mount, before anything has been made. */
  readonly plan: (mount: OverlayMount) => E.Either<SkiffError, MountStep>;
  /** The same for directories that nobody changes. */
  readonly planLowers: (mount: LowersMount) => E.Either<SkiffError, LowersStep>;
}

/** Linux, fs/overlayfs/params.h: OVL_MAX_STACK is 500, of which a stopped container's own layer is one when it is looked at. So many fd numbers fit the one page of options that mount(2) takes. */
const kernelLayers = 499;

/** index=off and xino=off: neither survives a change of the lower directories, and kernels are built with different defaults. */
const overlayOptions = 'userxattr,index=off,xino=off';

/** Directories joined to be read only. */
export type LowersMount = Pick<OverlayMount, 'lowers' | 'shift'>;

/** Fields of the record `image-mount`: PROGRAM OPTIONS LOWER…; PROGRAM is empty where the kernel does it. */
export type LowersStep = readonly [program: string, options: string, ...lowers: (readonly string[])];

/** What the kernel's overlay will not do for a user; undefined when there is nothing of the kind. */
const beyondKernel = (mount: LowersMount & Partial<OverlayMount>): string | undefined => {
  if (mount.shift !== undefined) return 'the storage driver overlay cannot show an image under other ids, which --userns keep-id asks for: the kernel lets only root map mounts';
  if (mount.hasMounts) return `the storage driver overlay cannot use ${mount.lowers[0] ?? ''}: other file systems are mounted below it, and the kernel lets only root leave them out`;
  if (mount.squash !== undefined) return `the storage driver overlay cannot use ${mount.lowers[0] ?? ''}: it belongs to a user for whom you have no id, so that nothing in it could be changed`;
  return undefined;
};

/** The kernel's own overlay, as root of the user's namespace. */
export const overlayDriver: StorageDriver = {
  name: 'overlay',
  planLowers: (mount) => {
    const refused = beyondKernel(mount);
    if (refused !== undefined) return E.left({ _tag: 'Refused', message: refused, hint: 'use --storage-driver fuse-overlayfs' });
    return E.map(({ lowers }: LowersMount): LowersStep => ['', overlayOptions, ...lowers])(check('overlay', kernelLayers, mount));
  },
  plan: (mount) => {
    const refused = beyondKernel(mount);
    if (refused !== undefined) return E.left({ _tag: 'Refused', message: refused, hint: 'use --storage-driver fuse-overlayfs' });
    return E.map((checked: OverlayMount): MountStep => ['overlay', checked.upper, checked.work, checked.target, mount.volatile === true ? `${overlayOptions},volatile` : overlayOptions, ...checked.lowers])(
      check('overlay', kernelLayers, mount),
    );
  },
};

/**
 * What fuse-overlayfs asks of FUSE only when it is root, which it is not by number in the keeper's namespace: that other users of the
 * container may use the mount, and that setuid programs work.
 */
const sharedByAll = 'allow_other,suid';

/**
 * fuse-overlayfs at the absolute path `program`. Never with its write-back cache: with it, a killed fuse-overlayfs loses finished
 * writes to files that are still open (measured; DESIGN.md principle 5 rules that out).
 */
export const fuseOverlayfsDriver = (program: string, capabilities: Capabilities): StorageDriver => ({
  name: 'fuse-overlayfs',
  planLowers: (mount) => {
    const options = behaviourOptions({ writeback: false, volatile: false, uidMapping: mount.shift?.uids ?? [], gidMapping: mount.shift?.gids ?? [] }, capabilities);
    if (E.isLeft(options)) return tooOld(capabilities);
    return E.map(({ lowers }: LowersMount): LowersStep => [program, `${options.right},${sharedByAll}`, ...lowers])(check('fuse-overlayfs', kernelLayers, mount));
  },
  plan: (mount) => {
    const squash = mount.squash === undefined ? {} : { squashToUid: mount.squash.uid, squashToGid: mount.squash.gid };
    const options = behaviourOptions({ writeback: false, ...squash, volatile: mount.volatile ?? false, uidMapping: mount.shift?.uids ?? [], gidMapping: mount.shift?.gids ?? [] }, capabilities);
    if (E.isLeft(options)) return tooOld(capabilities);
    return E.map((checked: OverlayMount): MountStep => ['fuse-overlayfs', program, checked.upper, checked.work, checked.target, `${options.right},${sharedByAll}`, ...checked.lowers])(
      E.chain(nameable)(check('fuse-overlayfs', kernelLayers, mount)),
    );
  },
});

const tooOld = ({ version }: Capabilities): E.Either<SkiffError, never> => E.left({ _tag: 'Refused', message: `fuse-overlayfs ${version} is too old for Skiff` });

/** libfuse reads the upper directory's real path out of the option text, in which these have a meaning; the helper names the others by fd. */
const nameable = (mount: OverlayMount): E.Either<SkiffError, OverlayMount> =>
  /[,:\\\n\0]/.test(mount.upper)
    ? E.left({
        _tag: 'Refused',
        message: `the storage driver fuse-overlayfs cannot use ${mount.upper}: a comma, colon or backslash is in its name`,
        hint: 'point SKIFF_ROOT at another directory',
      })
    : E.right(mount);

const check = <A extends LowersMount>(driver: DriverName, limit: number, mount: A): E.Either<SkiffError, A> => {
  if (mount.lowers.length === 0) return E.left({ _tag: 'Refused', message: 'an overlay needs at least one layer', hint: 'import or build the image again' });
  if (mount.lowers.length <= limit) return E.right(mount);
  return E.left({
    _tag: 'Refused',
    message: `the image has ${mount.lowers.length} layers; the storage driver ${driver} can join ${limit} here`,
    hint: 'squash the image',
  });
};
