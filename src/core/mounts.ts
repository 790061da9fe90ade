/** What the user asks to be mounted: the common form of `-v`, `--mount` and `--tmpfs`, and rules about paths that they share. */
import { refuse, usage } from './invalid.ts';

export type Propagation = 'private' | 'rprivate' | 'slave' | 'rslave';

/** A host path mounted in the container. */
export interface BindRequest {
  readonly kind: 'bind';
  /** The words as typed, for messages. */
  readonly typed: string;
  /** Absolute and clean. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  readonly propagation: Propagation;
  /** `enabled`: mounts below the source come along; `writable`: only the top one becomes read-only; `readonly`: all must. */
  readonly recursive: 'enabled' | 'disabled' | 'writable' | 'readonly';
  /** A missing source is made as an empty directory. */
  readonly createSource: boolean;
  /** SELinux relabelling was asked for (`z`, `Z`). */
  readonly relabel: boolean;
  /** What is there is given to the container's user (`U`). */
  readonly chown: boolean;
  /** What was typed behind the paths of `-v`. */
  readonly mode: string;
}

/** A volume, by name or made for this container. */
export interface VolumeMount {
  readonly kind: 'volume';
  readonly typed: string;
  /** Empty for one that is made for this container. */
  readonly name: string;
  readonly target: string;
  readonly readOnly: boolean;
  /** An empty volume stays empty, whatever the image has there. */
  readonly noCopy: boolean;
  readonly chown: boolean;
  readonly relabel: boolean;
  /** Beneath the volume's root, without a slash in front; empty for all of it. */
  readonly subpath: string;
  /** Of a new volume; empty where nothing was said. */
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly mode: string;
}

/** A memory file system. */
export interface TmpfsRequest {
  readonly kind: 'tmpfs';
  readonly typed: string;
  readonly target: string;
  /** Mount options over Docker's defaults, validated. */
  readonly options: readonly string[];
}

/** What another image holds. */
export interface ImageMount {
  readonly kind: 'image';
  readonly typed: string;
  /** A reference or the beginning of an id, as it was typed. */
  readonly source: string;
  readonly target: string;
  /** Whether `readonly` was said, which it need not be. */
  readonly readOnly: boolean;
  /** Beneath the image's root, without a slash in front; empty for all of it. */
  readonly subpath: string;
}

export type MountRequest = BindRequest | TmpfsRequest | VolumeMount | ImageMount;

/** An absolute path without `.`, `..`, doubled or trailing slashes. `..` at the top stays at the top. */
export const cleanPath = (path: string): string => {
  const out: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') out.pop();
    else if (part !== '' && part !== '.') out.push(part);
  }
  return `/${out.join('/')}`;
};

/** Files of /proc that may be covered, as LXCFS does (runc libcontainer rootfs_linux.go); nothing else there may. */
const coverable: readonly string[] = [
  '/proc/cpuinfo', '/proc/diskstats', '/proc/loadavg', '/proc/meminfo', '/proc/slabinfo', '/proc/stat',
  '/proc/swaps', '/proc/uptime', '/proc/net/dev', '/proc/sys/kernel/ns_last_pid',
];

/** A mount's place in the container, clean. Refuses relative ones, `/` and what would cover /proc; `typed` names the flag in messages. */
export const parseTarget = (target: string, typed: string): string => {
  if (target.includes('\0')) return usage(`invalid mount '${typed}': the path contains a NUL`);
  if (!target.startsWith('/')) return usage(`invalid mount '${typed}': the path in the container must be absolute, not '${target}'`);
  const clean = cleanPath(target);
  if (clean === '/') return usage(`invalid mount '${typed}': the container's / cannot be covered`, 'use --rootfs to run in a directory');
  if (clean.startsWith('/proc/') && !coverable.includes(clean)) return refuse(`cannot mount '${typed}': ${clean} is inside /proc`);
  return clean;
};

/** Propagation words of mount(8). The shared ones ask that mounts made inside appear outside, which the kernel never does for a user namespace. */
export const parsePropagation = (text: string, typed: string): Propagation => {
  if (text === 'shared' || text === 'rshared') {
    return refuse(`cannot mount '${typed}': '${text}' would carry mounts out to the host, which needs root`, 'use rslave to let host mounts in');
  }
  if (text === 'private' || text === 'rprivate' || text === 'slave' || text === 'rslave') return text;
  return usage(`invalid mount '${typed}': '${text}' is no propagation mode`, 'use rprivate, private, rslave or slave');
};
