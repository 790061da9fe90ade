/** Linux capabilities by name: the kernel's numbers, Docker's default set and what `--cap-add`/`--cap-drop` make of it. */
import * as E from 'fp-ts/Either';
import type { Either } from 'fp-ts/Either';
import type { SkiffError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';

/** In the order of their numbers, 0 to 40: linux/capability.h. */
const names = [
  'CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_DAC_READ_SEARCH', 'CAP_FOWNER', 'CAP_FSETID', 'CAP_KILL', 'CAP_SETGID', 'CAP_SETUID',
  'CAP_SETPCAP', 'CAP_LINUX_IMMUTABLE', 'CAP_NET_BIND_SERVICE', 'CAP_NET_BROADCAST', 'CAP_NET_ADMIN', 'CAP_NET_RAW',
  'CAP_IPC_LOCK', 'CAP_IPC_OWNER', 'CAP_SYS_MODULE', 'CAP_SYS_RAWIO', 'CAP_SYS_CHROOT', 'CAP_SYS_PTRACE', 'CAP_SYS_PACCT',
  'CAP_SYS_ADMIN', 'CAP_SYS_BOOT', 'CAP_SYS_NICE', 'CAP_SYS_RESOURCE', 'CAP_SYS_TIME', 'CAP_SYS_TTY_CONFIG', 'CAP_MKNOD',
  'CAP_LEASE', 'CAP_AUDIT_WRITE', 'CAP_AUDIT_CONTROL', 'CAP_SETFCAP', 'CAP_MAC_OVERRIDE', 'CAP_MAC_ADMIN', 'CAP_SYSLOG',
  'CAP_WAKE_ALARM', 'CAP_BLOCK_SUSPEND', 'CAP_AUDIT_READ', 'CAP_PERFMON', 'CAP_BPF', 'CAP_CHECKPOINT_RESTORE',
] as const;

export type CapabilityName = (typeof names)[number];

/** Every capability; the index is the bit number. */
export const allCapabilities: readonly CapabilityName[] = names;

/** What a container has when nothing else is said: moby daemon/pkg/oci/caps/defaults.go, in the order of the bits. */
export const defaultCapabilities: readonly CapabilityName[] = [
  'CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_FSETID', 'CAP_KILL', 'CAP_SETGID', 'CAP_SETUID', 'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE', 'CAP_NET_RAW', 'CAP_SYS_CHROOT', 'CAP_MKNOD', 'CAP_AUDIT_WRITE', 'CAP_SETFCAP',
];

/** The capabilities as the kernel's bit set, as in `CapEff:` of proc(5). */
export const capabilityMask = (capabilities: readonly CapabilityName[]): bigint =>
  capabilities.reduce((mask, name) => mask | (1n << BigInt(names.indexOf(name))), 0n);

const noCapabilities: readonly CapabilityName[] = [];

/**
 * The set a container gets, in the order of the bits and each once. Docker's rules (moby oci/caps TweakCapabilities):
 * `privileged` has all, whatever else is said; `ALL` added is all but the dropped; `ALL` dropped leaves the added; else
 * the default set without the dropped and with the added, so that adding wins over dropping. Names are taken in any
 * case, with or without `CAP_`. Error: Usage, for a name that is none.
 */
export const applyCapabilityFlags = (
  capAdd: readonly string[],
  capDrop: readonly string[],
  privileged: boolean,
): Either<SkiffError, readonly CapabilityName[]> => {
  const add = parseNames('--cap-add', capAdd);
  if (E.isLeft(add)) return add;
  const drop = parseNames('--cap-drop', capDrop);
  if (E.isLeft(drop)) return drop;
  if (privileged) return E.right(names);
  const kept = baseSet(add.right, drop.right).filter((name) => !drop.right.names.has(name));
  const added = add.right.all ? noCapabilities : [...add.right.names];
  const result = new Set([...kept, ...added]);
  return E.right(names.filter((name) => result.has(name)));
};

interface NameSet {
  readonly all: boolean;
  readonly names: ReadonlySet<CapabilityName>;
}

const baseSet = (add: NameSet, drop: NameSet): readonly CapabilityName[] => {
  if (add.all) return names;
  return drop.all ? noCapabilities : defaultCapabilities;
};

const parseNames = (flag: string, words: readonly string[]): Either<SkiffError, NameSet> => {
  const found = new Set<CapabilityName>();
  let all = false;
  for (const word of words) {
    const upper = word.toUpperCase();
    const name = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
    if (upper === 'ALL') all = true;
    else if (isCapabilityName(name)) found.add(name);
    else return E.left(unknownName(flag, word, name));
  }
  return E.right({ all, names: found });
};

/** Whether `name` is a capability as the kernel spells it, `CAP_` included. */
export const isCapabilityName = (name: string): name is CapabilityName => (names as readonly string[]).includes(name);

const unknownName = (flag: string, word: string, name: string): SkiffError => {
  const near = nearest(name, names);
  return { _tag: 'Usage', message: `${flag}: unknown capability '${word}'`, ...(near === undefined ? {} : { hint: `did you mean ${near.slice('CAP_'.length)}?` }) };
};
