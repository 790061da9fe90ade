/** A seccomp profile in the form of OCI's config.json (config-linux.md, "Seccomp"), for runtimes that make the filter themselves. Pure. */
import { applicableRules } from './seccomp.ts';
import type { SeccompAction, SeccompFacts, SeccompProfile } from './seccomp.ts';

const actions: Readonly<Record<SeccompAction['kind'], string>> = {
  allow: 'SCMP_ACT_ALLOW',
  log: 'SCMP_ACT_LOG',
  trap: 'SCMP_ACT_TRAP',
  'kill-thread': 'SCMP_ACT_KILL_THREAD',
  'kill-process': 'SCMP_ACT_KILL_PROCESS',
  errno: 'SCMP_ACT_ERRNO',
  trace: 'SCMP_ACT_TRACE',
};

const machines: Readonly<Record<SeccompFacts['arch'], readonly string[]>> = {
  x86_64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  aarch64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
};

/** The profile with its conditions decided, which OCI's form cannot express. */
export const ociSeccomp = (profile: SeccompProfile, facts: SeccompFacts): unknown => ({
  defaultAction: actions[profile.defaultAction.kind],
  ...('value' in profile.defaultAction ? { defaultErrnoRet: profile.defaultAction.value } : {}),
  architectures: profile.architectures?.map((name) => `SCMP_ARCH_${name.toUpperCase()}`) ?? machines[facts.arch],
  syscalls: applicableRules(profile, facts).map(({ names, action, comparisons }) => ({
    names,
    action: actions[action.kind],
    ...('value' in action ? { errnoRet: action.value } : {}),
    args: comparisons.map(({ index, operator, value, valueTwo }) => ({ index, op: `SCMP_CMP_${operator.toUpperCase()}`, value, valueTwo })),
  })),
});
