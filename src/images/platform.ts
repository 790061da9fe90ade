/** Platforms by containerd's rules (platforms package): `linux/amd64`, `linux/arm64/v8`. Pure. */
import { arch } from 'node:os';
import type { PlatformRecord } from '../core/oci-image.ts';
import { fail } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

const architectureOfNode: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', mipsel: 'mipsle' };

const synonyms: Readonly<Record<string, Platform>> = {
  x86_64: { os: 'linux', architecture: 'amd64' },
  'x86-64': { os: 'linux', architecture: 'amd64' },
  aarch64: { os: 'linux', architecture: 'arm64' },
  armhf: { os: 'linux', architecture: 'arm', variant: 'v7' },
  armel: { os: 'linux', architecture: 'arm', variant: 'v6' },
  i386: { os: 'linux', architecture: '386' },
};

const word = /^[A-Za-z0-9_.-]{1,64}$/;

/** Where containers run: always Linux, on this process's architecture. */
export const hostPlatform = (): Platform => {
  const name = arch();
  return { os: 'linux', architecture: architectureOfNode[name] ?? name, ...(name === 'arm' ? { variant: 'v7' } : {}) };
};

const canonical = (os: string, architecture: string, variant: string | undefined): Platform => {
  const synonym = synonyms[architecture.toLowerCase()];
  const chosen = variant ?? synonym?.variant;
  return {
    os: os.toLowerCase(),
    architecture: synonym?.architecture ?? architecture.toLowerCase(),
    ...(chosen === undefined ? {} : { variant: chosen.toLowerCase() }),
  };
};

const isPlatformWord = (text: string): boolean => word.test(text);

/** `OS`, `ARCH`, `OS/ARCH` or `OS/ARCH/VARIANT` as `--platform` takes it; what is left out is the host's. */
export const parsePlatform = (text: string): Platform | SkiffError => {
  const parts = text.split('/');
  const [first, second, third] = parts;
  if (first === undefined || parts.length > 3 || !parts.every(isPlatformWord)) {
    return { _tag: 'Usage', message: `invalid platform '${text}'`, hint: 'write it as OS/ARCHITECTURE[/VARIANT], for example linux/amd64' };
  }
  const host = hostPlatform();
  if (second !== undefined) return canonical(first, second, third);
  return first.toLowerCase() === 'linux' ? host : canonical('linux', first, undefined);
};

/** The platform an image or descriptor states, in canonical words. */
export const platformOf = (record: PlatformRecord): Platform =>
  canonical(record.os, record.architecture, record.variant === null || record.variant === '' ? undefined : record.variant);

/** `os/architecture[/variant]`. */
export const formatPlatform = (platform: Platform): string =>
  `${platform.os}/${platform.architecture}${platform.variant === undefined ? '' : `/${platform.variant}`}`;

/** Variants that mean the same as none: arm64 has always been v8, and arm without one is v7. */
const variantOf = (platform: Platform): string =>
  platform.variant ?? (platform.architecture === 'arm64' ? 'v8' : platform.architecture === 'arm' ? 'v7' : '');

const variantNumber = (platform: Platform): number => Number(/^v(\d+)/.exec(variantOf(platform))?.[1] ?? '0');

/** What `platformFit` says of the very platform that was wanted. */
export const exactFit = 1000;

/**
 * How well an image of `offered` runs where `wanted` is asked for: 0 not at all, larger is better.
 * A lower variant of the same architecture runs (arm v6 on v7), a higher one does not.
 */
export const platformFit = (wanted: Platform, offered: Platform): number => {
  if (wanted.os !== offered.os || wanted.architecture !== offered.architecture) return 0;
  if (variantOf(wanted) === variantOf(offered)) return exactFit;
  if (wanted.architecture === 'amd64' && wanted.variant === undefined) return offered.variant === undefined ? exactFit : 0;
  return variantNumber(offered) <= variantNumber(wanted) ? 1 + variantNumber(offered) : 0;
};

/** Docker's warning for an image that was made for another machine; undefined where it fits. */
export const platformWarning = (image: Platform): string | undefined => {
  const host = hostPlatform();
  const fits = image.os === host.os && image.architecture === host.architecture;
  return fits
    ? undefined
    : `WARNING: The requested image's platform (${formatPlatform(image)}) does not match the detected host platform (${formatPlatform(host)}) and no specific platform was requested`;
};

/** Throws a `Refused` failure if an image of `actual` was asked for as `wanted` and does not run there, or is of an operating system that runs nowhere here. */
export const checkPlatform = (subject: string, wanted: Platform | undefined, actual: PlatformRecord): void => {
  const offered = platformOf(actual);
  if (offered.os !== 'linux') {
    fail({ _tag: 'Refused', message: `${subject} is made for ${offered.os.slice(0, 40)}: only images for Linux run here`, hint: 'take one for linux' });
  }
  if (wanted === undefined || platformFit(wanted, offered) > 0) return;
  fail({
    _tag: 'Refused',
    message: `${subject} is for another platform: wanted ${formatPlatform(wanted)}, actual ${formatPlatform(offered)}`,
    hint: 'take one for that platform, or leave out --platform',
  });
};
