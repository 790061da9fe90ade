/** slirp4netns for TypeScript: user-mode networking for a network namespace, without root. */
export { explain } from './errors.ts';
export type { SlirpError } from './errors.ts';
export { detect, introduced, parseVersion } from './capabilities.ts';
export type { Capabilities, Feature } from './capabilities.ts';
export { addressesOf, defaultCidr } from './addresses.ts';
export type { Addresses } from './addresses.ts';
export { slirp4netnsArguments } from './arguments.ts';
export type { Descriptors, SlirpOptions, Target } from './arguments.ts';
export { start } from './process.ts';
export type { Running, StartOptions } from './process.ts';
export { apiClient } from './api.ts';
export type { Api, HostForward, ListedForward } from './api.ts';
