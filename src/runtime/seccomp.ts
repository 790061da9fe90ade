/** System call filters as data (the OCI runtime spec's `linux.seccomp` with Docker's conditions) and their lowering to skiff-seccomp's lines. */

export type SeccompAction =
  | { readonly kind: 'allow' | 'log' | 'trap' | 'kill-thread' | 'kill-process' }
  /** `value`: the errno (0-4095), or the tracer's message (0-65535). */
  | { readonly kind: 'errno' | 'trace'; readonly value: number };

export type SeccompOperator = 'ne' | 'lt' | 'le' | 'eq' | 'ge' | 'gt' | 'masked_eq';

export interface SeccompComparison {
  /** Which argument, 0-5. */
  readonly index: number;
  readonly operator: SeccompOperator;
  /** 0 to 2^53-1; for masked_eq the mask. */
  readonly value: number;
  /** For masked_eq what the masked argument must equal. */
  readonly valueTwo: number;
}

/** Docker's `includes` and `excludes`: architectures by Docker's names (`amd64`), a kernel as `4.8`. */
export interface SeccompCondition {
  readonly capabilities: readonly string[];
  readonly architectures: readonly string[];
  readonly minKernel: string | undefined;
}

export interface SeccompRule {
  readonly names: readonly string[];
  readonly action: SeccompAction;
  readonly comparisons: readonly SeccompComparison[];
  readonly includes: SeccompCondition;
  readonly excludes: SeccompCondition;
}

export interface SeccompProfile {
  readonly defaultAction: SeccompAction;
  /** libseccomp's names in lower case without `SCMP_ARCH_`; undefined: the native one and those it can run. */
  readonly architectures: readonly string[] | undefined;
  readonly rules: readonly SeccompRule[];
}

/** The machines that Skiff has filters for. */
export type SeccompArch = 'x86_64' | 'aarch64';

/** What the conditions of a profile are checked against. */
export interface SeccompFacts {
  /** The bounding set. */
  readonly capabilities: readonly string[];
  readonly arch: SeccompArch;
  /** As uname(2) has it: `6.1.0-18-amd64`. */
  readonly kernel: string;
}

export const noCondition: SeccompCondition = { capabilities: [], architectures: [], minKernel: undefined };

/** What else a machine's kernel runs, and what Docker calls the machine. */
const machines: Readonly<Record<SeccompArch, { readonly docker: string; readonly family: readonly string[] }>> = {
  x86_64: { docker: 'amd64', family: ['x86_64', 'x86', 'x32'] },
  aarch64: { docker: 'arm64', family: ['aarch64', 'arm'] },
};

/**
 * The profile as skiff-seccomp's input: first the architectures, then the default, then one line for each system call
 * and rule whose conditions hold. The same input gives the same lines.
 */
export const lowerProfile = (profile: SeccompProfile, facts: SeccompFacts): readonly string[] => {
  const { family } = machines[facts.arch];
  const wanted = profile.architectures;
  /* Calls of a foreign architecture cannot happen here; those of the machine itself must be filtered whatever is listed. */
  const arches = wanted === undefined ? family : family.filter((arch) => arch === facts.arch || wanted.includes(arch));
  return [
    ...arches.map((arch) => `arch ${arch}`),
    `default ${lowerAction(profile.defaultAction)}`,
    ...applicableRules(profile, facts).flatMap(lowerRule),
  ];
};

/** The rules whose conditions hold. */
export const applicableRules = (profile: SeccompProfile, facts: SeccompFacts): readonly SeccompRule[] => profile.rules.filter((rule) => applies(rule, facts));

/** Every excluded thing must be absent and every included one present; of architectures one is enough (moby's setupSeccomp). */
const applies = ({ includes, excludes }: SeccompRule, facts: SeccompFacts): boolean => {
  const { docker } = machines[facts.arch];
  if (excludes.architectures.includes(docker)) return false;
  if (excludes.capabilities.some((name) => facts.capabilities.includes(name))) return false;
  if (excludes.minKernel !== undefined && isKernelAtLeast(facts.kernel, excludes.minKernel)) return false;
  if (includes.architectures.length > 0 && !includes.architectures.includes(docker)) return false;
  if (!includes.capabilities.every((name) => facts.capabilities.includes(name))) return false;
  return includes.minKernel === undefined || isKernelAtLeast(facts.kernel, includes.minKernel);
};

/** Compares the first two numbers of kernel versions. */
const isKernelAtLeast = (kernel: string, minimum: string): boolean => {
  const [major = 0, minor = 0] = kernel.split(/[.-]/, 2).map(Number);
  const [minMajor = 0, minMinor = 0] = minimum.split(/[.-]/, 2).map(Number);
  return major > minMajor || (major === minMajor && minor >= minMinor);
};

const lowerAction = (action: SeccompAction): string => ('value' in action ? `${action.kind}:${action.value}` : action.kind);

const lowerRule = (rule: SeccompRule): readonly string[] => {
  const indexes = new Set(rule.comparisons.map((comparison) => comparison.index));
  /* libseccomp takes one comparison for each argument; runc, crun and Docker make a rule of each when there are more. */
  const alternatives = indexes.size === rule.comparisons.length ? [rule.comparisons] : rule.comparisons.map((one) => [one]);
  return rule.names.flatMap((name) =>
    alternatives.map((comparisons) => ['rule', lowerAction(rule.action), name, ...comparisons.map(lowerComparison)].join(' ')),
  );
};

const lowerComparison = ({ index, operator, value, valueTwo }: SeccompComparison): string => `${index} ${operator} ${value} ${valueTwo}`;

/** -1 in a call that changes ids: leave this one as it is. */
const unchanged = 0xffffffff;

/** Which arguments of a system call are user and group ids. */
const idCalls: readonly { readonly names: readonly string[]; readonly uids: readonly number[]; readonly gids: readonly number[] }[] = [
  { names: ['chown', 'chown32', 'lchown', 'lchown32', 'fchown', 'fchown32'], uids: [1], gids: [2] },
  { names: ['fchownat'], uids: [2], gids: [3] },
  { names: ['setuid', 'setuid32', 'setfsuid', 'setfsuid32'], uids: [0], gids: [] },
  { names: ['setgid', 'setgid32', 'setfsgid', 'setfsgid32'], uids: [], gids: [0] },
  { names: ['setreuid', 'setreuid32'], uids: [0, 1], gids: [] },
  { names: ['setregid', 'setregid32'], uids: [], gids: [0, 1] },
  { names: ['setresuid', 'setresuid32'], uids: [0, 1, 2], gids: [] },
  { names: ['setresgid', 'setresgid32'], uids: [], gids: [0, 1, 2] },
  { names: ['setgroups', 'setgroups32'], uids: [], gids: [] },
];

/**
 * A second filter for containers with one uid and one gid, the ids inside that exist: changes to any other answer 0 and
 * are not made, setgroups(2) always, so that package managers run. What names only ids that exist is made as ever and
 * fails as ever (a missing file is still ENOENT).
 *
 * It is a filter of its own, not rules in the profile's: within one libseccomp filter a rule without comparisons
 * swallows those with, so the profile's plain "allow chown" would win; between filters the kernel takes the strictest
 * answer and ERRNO, with 0 too, is stricter than ALLOW. Of two ERRNOs the filter installed last wins: install this one
 * first, and a profile that denies chown still does.
 */
export const singleUidRules = (ids: { readonly uid: number; readonly gid: number }, arch: SeccompArch): readonly string[] => [
  ...machines[arch].family.map((name) => `arch ${name}`),
  ...idCalls.flatMap(({ names, uids, gids }) => {
    const existing = [...uids.map((index) => `${index}=${ids.uid},${unchanged}`), ...gids.map((index) => `${index}=${ids.gid},${unchanged}`)];
    return names.map((name) => ['pretend', name, ...existing].join(' '));
  }),
];
