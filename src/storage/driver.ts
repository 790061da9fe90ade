/** The two storage drivers behind one interface: what an overlay of directories becomes in the launch plan. Pure. */
import * as E from 'fp-ts/Either';
import { behaviourOptions } from 'fuse-overlayfs-bindings';
import type { Capabilities } from 'fuse-overlayfs-bindings';
import type { SkiffError } from '../core/errors.ts';

export type DriverName = 'overlay' | 'fuse-overlayfs';

export interface OverlayMount {
  /** Absolute paths of read-only directories, topmost first; at least one. */
  readonly lowers: readonly string[];
  /** Absolute paths on one file system; the kernel wants `work` empty or its own. */
  readonly upper: string;
  readonly work: string;
  readonly target: string;
}

/**
 * One record of the launch plan. The helper opens every lower directory and names it `/proc/self/fd/N`:
 *   overlay UPPER WORK TARGET OPTIONS LOWER…
 *   fuse-overlayfs PROGRAM UPPER WORK TARGET OPTIONS LOWER…
 */
export type MountStep = readonly [DriverName, ...(readonly string[])];

export interface StorageDriver {
  readonly name: DriverName;
  /** Refuses what the driver cannot mount, before anything has been made. */
  readonly plan: (mount: OverlayMount) => E.Either<SkiffError, MountStep>;
}

/** Linux, fs/overlayfs/params.h: OVL_MAX_STACK. */
const kernelLayers = 500;
/** mount(2) takes one page of options, with its final NUL. */
const mountPage = 4096;
/** `/proc/self/fd/NNN:` */
const fdNameLength = 18;

/** index=off and xino=off: neither survives a change of the lower directories, and kernels are built with different defaults. */
const overlayOptions = 'userxattr,index=off,xino=off';

/** The kernel's own overlay, as root of the user's namespace. */
export const overlayDriver: StorageDriver = {
  name: 'overlay',
  plan: (mount) => {
    const fixed = Buffer.byteLength(`${overlayOptions},lowerdir=,upperdir=${mount.upper},workdir=${mount.work}`);
    const limit = Math.min(kernelLayers, Math.floor((mountPage - 1 - fixed) / fdNameLength));
    return E.map((checked: OverlayMount): MountStep => ['overlay', checked.upper, checked.work, checked.target, overlayOptions, ...checked.lowers])(
      check('overlay', limit, mount),
    );
  },
};

/**
 * fuse-overlayfs at the absolute path `program`. Never with its write-back cache: with it, a killed fuse-overlayfs loses finished
 * writes to files that are still open (measured; DESIGN.md principle 5 rules that out).
 */
export const fuseOverlayfsDriver = (program: string, capabilities: Capabilities): StorageDriver => ({
  name: 'fuse-overlayfs',
  plan: (mount) => {
    const options = behaviourOptions({ writeback: false }, capabilities);
    if (E.isLeft(options)) return E.left({ _tag: 'Refused', message: `fuse-overlayfs ${capabilities.version} is too old for Skiff` });
    return E.map((checked: OverlayMount): MountStep => ['fuse-overlayfs', program, checked.upper, checked.work, checked.target, options.right, ...checked.lowers])(
      check('fuse-overlayfs', kernelLayers, mount),
    );
  },
});

/** What the option text of a mount gives a meaning to; lower directories go by fd and may have these in their names. */
const special = /[,:\\\n\0]/;

const check = (driver: DriverName, limit: number, mount: OverlayMount): E.Either<SkiffError, OverlayMount> => {
  const refuse = (message: string, hint: string): E.Either<SkiffError, OverlayMount> => E.left({ _tag: 'Refused', message, hint });
  const unnameable = [mount.upper, mount.work].find((path) => special.test(path));
  if (unnameable !== undefined) {
    return refuse(`the storage driver ${driver} cannot use ${unnameable}: a comma, colon or backslash is in its name`, 'point SKIFF_ROOT at another directory');
  }
  if (mount.lowers.length === 0) return refuse('an overlay needs at least one layer', 'import or build the image again');
  if (mount.lowers.length <= limit) return E.right(mount);
  return refuse(`the image has ${mount.lowers.length} layers; the storage driver ${driver} can join ${Math.max(0, limit)} here`, 'squash the image');
};
