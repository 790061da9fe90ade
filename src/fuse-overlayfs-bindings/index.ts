/** fuse-overlayfs for TypeScript: overlay mounts for users without root. */
export { explain } from './errors.ts';
export type { FuseOverlayError } from './errors.ts';
export { detect, introduced, openableDevice, parseVersion } from './capabilities.ts';
export type { Capabilities, Feature } from './capabilities.ts';
export { behaviourOptions, fuseOverlayfsArguments } from './options.ts';
export type { Behaviour, IdMapping, OverlayOptions } from './options.ts';
export { mount, unmount } from './mount.ts';
export type { MountOptions } from './mount.ts';
