/** What the kernel gives to an ordinary user, and who can change that. Pure. */
import { namespaceSettings } from '../../system/namespace-settings.ts';
import { ask, error, ok, warning } from './finding.ts';
import type { Finding } from './finding.ts';
import type { Facts } from './facts.ts';

const check = 'kernel';

interface Feature {
  /** As the trial calls it. */
  readonly name: string;
  readonly words: string;
  readonly level: 'warning' | 'error';
  /** What that means, a clause. */
  readonly lost: string;
  readonly remedy: string;
}

const newer = 'a newer kernel has it';
const built = (module: string): string => `${ask(`modprobe ${module}`)}; a kernel that was built without it needs to be replaced`;

const features: readonly Feature[] = [
  { name: 'mount-namespace', words: 'mount namespaces', level: 'error', lost: 'no containers', remedy: 'see what restricts user namespaces here' },
  { name: 'pid-namespace', words: 'pid namespaces', level: 'error', lost: 'no containers', remedy: 'see the sysctl user.max_pid_namespaces' },
  { name: 'ipc-namespace', words: 'ipc namespaces', level: 'error', lost: 'no containers without --ipc host', remedy: 'see the sysctl user.max_ipc_namespaces' },
  { name: 'uts-namespace', words: 'uts namespaces', level: 'error', lost: 'no containers without --uts host', remedy: 'see the sysctl user.max_uts_namespaces' },
  { name: 'cgroup-namespace', words: 'cgroup namespaces', level: 'warning', lost: 'containers see the cgroups of the machine', remedy: 'see the sysctl user.max_cgroup_namespaces' },
  { name: 'network-namespace', words: 'network namespaces', level: 'error', lost: 'no networks other than host', remedy: 'see the sysctl user.max_net_namespaces' },
  { name: 'bridge', words: 'bridges', level: 'error', lost: 'no networks of the driver bridge', remedy: built('bridge') },
  { name: 'veth', words: 'veth pairs', level: 'error', lost: 'no networks of the driver bridge', remedy: built('veth') },
  { name: 'nftables', words: 'the firewall (nftables)', level: 'error', lost: 'no networks of the driver bridge', remedy: `${built('nf_tables nft_chain_nat nft_masq nft_fib_inet nft_reject_inet')}; --network slirp4netns does without` },
  { name: 'tun', words: 'tun devices', level: 'error', lost: 'no networks with a way out', remedy: ask('modprobe tun && chmod 666 /dev/net/tun') },
  { name: 'macvlan', words: 'macvlan devices', level: 'warning', lost: 'no networks of the driver macvlan', remedy: built('macvlan') },
  { name: 'ipvlan', words: 'ipvlan devices', level: 'warning', lost: 'no networks of the driver ipvlan', remedy: built('ipvlan') },
  { name: 'seccomp', words: 'seccomp filters', level: 'error', lost: 'no containers without --security-opt seccomp=unconfined', remedy: 'a kernel with CONFIG_SECCOMP_FILTER has them' },
  { name: 'openat2', words: 'openat2', level: 'warning', lost: 'paths in images are walked step by step, which is slower', remedy: `${newer} (5.6)` },
  { name: 'pidfd', words: 'pidfd', level: 'error', lost: 'containers cannot be joined or stopped', remedy: `${newer} (5.3)` },
];

/** Why there are no user namespaces, by what is set. */
const userNamespaces = ({ kernel, sysctls }: Facts): readonly Finding[] => {
  const settings = namespaceSettings.filter(({ name, forbids }) => sysctls[name] === forbids);
  const failure = kernel.trials.get('user-namespace');
  const isBroken = failure !== undefined || kernel.trials.get('mount-namespace') !== undefined;
  const found = settings.map(({ words, command }) => (isBroken ? error : warning)(check, words, ask(command)));
  if (found.length > 0) return found;
  if (!kernel.trials.has('user-namespace')) return [];
  return [failure === undefined ? ok(check, 'user namespaces can be made') : error(check, `no user namespace can be made: ${failure}`, 'a kernel with CONFIG_USER_NS, and nothing around you that forbids it (such as a container), is needed')];
};

/** Findings about what was tried. What works is named in one line. */
export const judgeKernel = (facts: Facts): readonly Finding[] => {
  const { trials } = facts.kernel;
  const tried = features.filter(({ name }) => trials.has(name));
  const broken = tried.flatMap(({ name, words, level, lost, remedy }): readonly Finding[] => {
    const why = trials.get(name);
    return why === undefined ? [] : [{ level, check, text: `${words}: ${why}; ${lost}`, remedy }];
  });
  const works = tried.filter(({ name }) => trials.get(name) === undefined).map(({ words }) => words);
  return [...userNamespaces(facts), ...broken, ...(works.length === 0 ? [] : [ok(check, `tried and found to work: ${works.join(', ')}`)])];
};
