/** What a container may not see or do beside its capabilities: `--security-opt` on top of Docker's defaults. */
import * as E from 'fp-ts/Either';
import type { Either } from 'fp-ts/Either';
import type { SkiffError } from '../core/errors.ts';

/** Which system call filter a container runs under; a file's path is as the user typed it. */
export type SeccompChoice =
  | { readonly kind: 'default' }
  | { readonly kind: 'unconfined' }
  | { readonly kind: 'file'; readonly path: string };

export interface Confinement {
  readonly noNewPrivileges: boolean;
  readonly seccomp: SeccompChoice;
  /** Absolute paths in the container that read as empty; those that do not exist are passed over. */
  readonly maskedPaths: readonly string[];
  /** Absolute paths in the container that are not writable; those that do not exist are passed over. */
  readonly readonlyPaths: readonly string[];
}

/** moby daemon/pkg/oci/defaults.go. Podman has the same list since 5.5 (GHSA-6fw5-f8r9-fgfm, GHSA-jq35-85cj-fj4p). */
export const defaultMaskedPaths: readonly string[] = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];

/** moby daemon/pkg/oci/defaults.go. */
export const defaultReadonlyPaths: readonly string[] = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/**
 * The per-processor thermal counters, which Docker masks too: a side channel on bare metal. `processors` is how many
 * there are, 0 where /sys/devices/system/cpu/cpu0/thermal_throttle does not exist (virtual machines, non-Intel).
 */
export const thermalThrottlePaths = (processors: number): readonly string[] =>
  Array.from({ length: processors }, (_, cpu) => `/sys/devices/system/cpu/cpu${cpu}/thermal_throttle`);

export interface ConfinementFlags {
  /** The values of `--security-opt`, in the order given; a later one wins over an earlier. */
  readonly securityOpt: readonly string[];
  readonly privileged: boolean;
  /** For thermalThrottlePaths(); 0 when left out. */
  readonly throttledProcessors?: number;
}

/** What the options said, before the defaults are applied. */
interface Wishes {
  noNewPrivileges: boolean;
  seccomp: SeccompChoice | undefined;
  masked: string[];
  unmasked: string[];
  unmaskAll: boolean;
}

/**
 * Docker's confinement with the user's options on top. `privileged` masks nothing and filters nothing, unless a
 * profile or a mask is named explicitly, as in Docker. Errors: Usage for an option or value that is none, Refused for
 * what only root could set (SELinux labels, AppArmor profiles).
 */
export const resolveConfinement = (flags: ConfinementFlags): Either<SkiffError, Confinement> => {
  const wishes: Wishes = { noNewPrivileges: false, seccomp: undefined, masked: [], unmasked: [], unmaskAll: flags.privileged };
  for (const option of flags.securityOpt) {
    const problem = applyOption(wishes, option);
    if (problem !== undefined) return E.left(problem);
  }
  const defaults = wishes.unmaskAll ? [] : [...defaultMaskedPaths, ...thermalThrottlePaths(flags.throttledProcessors ?? 0)];
  const shown = wishes.unmasked.map(toMatcher);
  const isHidden = (path: string): boolean => !shown.some((matches) => matches(path));
  return E.right({
    noNewPrivileges: wishes.noNewPrivileges,
    seccomp: wishes.seccomp ?? { kind: flags.privileged ? 'unconfined' : 'default' },
    maskedPaths: [...new Set([...defaults.filter(isHidden), ...wishes.masked])],
    readonlyPaths: wishes.unmaskAll ? [] : defaultReadonlyPaths.filter(isHidden),
  });
};

/** Docker takes `key=value` and, from its early days, `key:value`. */
const splitOption = (option: string): readonly [key: string, value: string | undefined] => {
  const at = option.search(/[=:]/);
  return at < 0 ? [option, undefined] : [option.slice(0, at), option.slice(at + 1)];
};

const applyOption = (wishes: Wishes, option: string): SkiffError | undefined => {
  const [key, value] = splitOption(option);
  switch (key) {
    case 'no-new-privileges':
      return applyNoNewPrivileges(wishes, option, value);
    case 'seccomp':
      return applySeccomp(wishes, option, value);
    case 'mask':
    case 'unmask':
      return applyMask(wishes, key, option, value);
    case 'systempaths':
      wishes.unmaskAll = true;
      return value === 'unconfined' ? undefined : badValue(option, 'systempaths=unconfined');
    case 'label':
      return value === 'disable' ? undefined : needsRoot(option, 'an SELinux label', 'label=disable');
    case 'apparmor':
      return value === 'unconfined' ? undefined : needsRoot(option, 'an AppArmor profile', 'apparmor=unconfined');
    default:
      return {
        _tag: 'Usage',
        message: `--security-opt: unknown option '${option}'`,
        hint: 'it takes seccomp=, no-new-privileges, unmask=, mask=, systempaths=unconfined, label=disable and apparmor=unconfined',
      };
  }
};

const applyNoNewPrivileges = (wishes: Wishes, option: string, value = 'true'): SkiffError | undefined => {
  if (/^(1|t|T|true|True|TRUE)$/.test(value)) wishes.noNewPrivileges = true;
  else if (/^(0|f|F|false|False|FALSE)$/.test(value)) wishes.noNewPrivileges = false;
  else return badValue(option, 'no-new-privileges, or no-new-privileges=false');
  return undefined;
};

const applySeccomp = (wishes: Wishes, option: string, value = ''): SkiffError | undefined => {
  if (value === '') return badValue(option, 'seccomp=unconfined, seccomp=builtin or seccomp=/path/to/profile.json');
  if (value === 'unconfined') wishes.seccomp = { kind: 'unconfined' };
  else if (value === 'builtin') wishes.seccomp = { kind: 'default' };
  else wishes.seccomp = { kind: 'file', path: value };
  return undefined;
};

const applyMask = (wishes: Wishes, key: 'mask' | 'unmask', option: string, value = ''): SkiffError | undefined => {
  if (key === 'unmask' && value.toUpperCase() === 'ALL') {
    wishes.unmaskAll = true;
    return undefined;
  }
  const paths = value.split(':');
  if (!paths.every(isPlainPath)) return badValue(option, `${key}=/path or ${key}=/path:/path, absolute and without '..'`);
  (key === 'mask' ? wishes.masked : wishes.unmasked).push(...paths.map((path) => path.replace(/(?<=.)\/+$/, '')));
  return undefined;
};

/** Absolute and below the root, without `..` and without control characters, which would end a line of the launch plan. */
const isPlainPath = (path: string): boolean => /^\/+[^/\u0000-\u001f\u007f][^\u0000-\u001f\u007f]*$/.test(path) && !path.split('/').includes('..');

/** `*` and `?` stand for anything within one component, as in podman's `unmask=/proc/*`; all else for itself. */
const toMatcher = (pattern: string): ((path: string) => boolean) => {
  if (!/[*?]/.test(pattern)) return (path) => path === pattern;
  const source = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*+/g, '[^/]*').replace(/\?/g, '[^/]');
  const expression = new RegExp(`^${source}$`);
  return (path) => expression.test(path);
};

const badValue = (option: string, instead: string): SkiffError => ({
  _tag: 'Usage',
  message: `--security-opt: bad value in '${option}'`,
  hint: `write ${instead}`,
});

const needsRoot = (option: string, what: string, instead: string): SkiffError => ({
  _tag: 'Refused',
  message: `--security-opt ${option}: ${what} cannot be set without root`,
  hint: `leave it out, or write ${instead}`,
});
