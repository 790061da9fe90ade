/** Our default profile against Debian's copy of podman's, where that is installed: the differences are those listed here. */
import { existsSync, readFileSync } from 'node:fs';
import * as E from 'fp-ts/Either';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { allCapabilities, defaultCapabilities, isCapabilityName } from '../../src/runtime/capabilities.ts';
import { decodeProfile } from '../../src/runtime/seccomp-decode.ts';
import { defaultProfile } from '../../src/runtime/seccomp-profile.ts';
import { lowerProfile } from '../../src/runtime/seccomp.ts';

const theirs = '/usr/share/containers/seccomp.json';
const facts = { arch: 'x86_64', kernel: '6.1.0' } as const;

/** Names allowed whatever the arguments. */
const plain = (lines: readonly string[]): ReadonlySet<string> =>
  new Set(lines.filter((line) => /^rule allow \w+$/.test(line)).map((line) => line.slice(11)));

const except = (a: ReadonlySet<string>, b: ReadonlySet<string>): readonly string[] => [...a].filter((name) => !b.has(name)).sort();

/** Docker allows these and podman 4.3 did not know or want them. */
const onlyDocker = `cachestat fchmodat2 futex_requeue futex_wait futex_waitv futex_wake getxattrat io_pgetevents
  io_pgetevents_time64 listmount listxattrat map_shadow_stack mseal removexattrat setxattrat statmount uretprobe vmsplice`;
/** Podman allows these to everybody; Docker to those with a capability, or not at all (the kernel then asks for one itself). */
const onlyPodman = `clone clone3 fsconfig fsmount fsopen fspick get_mempolicy keyctl mbind mount mount_setattr move_mount
  open_tree pidfd_getfd pivot_root readdir reboot set_mempolicy setns sigaction signal sigpending sigsuspend socket syscall
  syslog timerfd umount umount2 unshare`;
const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const compare = existsSync(theirs) && readFileSync(theirs, 'utf8').includes('"defaultErrno": "ENOSYS"') ? test : test.skip;

compare('the plain allow list differs from podman 4.3 as listed', () => {
  const decoded = decodeProfile(readFileSync(theirs, 'utf8'), theirs, 'x86_64');
  if (E.isLeft(decoded)) throw new Error(JSON.stringify(decoded.left));
  const podman = plain(lowerProfile(decoded.right, { ...facts, capabilities: defaultCapabilities }));
  const docker = plain(lowerProfile(defaultProfile, { ...facts, capabilities: defaultCapabilities }));
  assert.equal(except(docker, podman), words(onlyDocker));
  assert.equal(except(podman, docker), words(onlyPodman));
});

test('no name is there twice, and every capability is one', () => {
  const names = defaultProfile.rules[0]?.names ?? [];
  assert.is(new Set(names).size, names.length);
  assert.equal([...names].sort(), names);
  const named = defaultProfile.rules.flatMap((rule) => [...rule.includes.capabilities, ...rule.excludes.capabilities]);
  assert.ok(named.length > 10);
  for (const name of named) assert.ok(isCapabilityName(name), name);
});

test('what the default container must not do has no rule, and has one with every capability', () => {
  const lines = lowerProfile(defaultProfile, { ...facts, capabilities: defaultCapabilities });
  const all = plain(lowerProfile(defaultProfile, { ...facts, capabilities: allCapabilities }));
  for (const name of ['mount', 'umount2', 'unshare', 'setns', 'bpf', 'perf_event_open', 'open_by_handle_at', 'reboot', 'init_module', 'syslog', 'clone3', 'kcmp']) {
    assert.not(lines.includes(`rule allow ${name}`), name);
    assert.ok(all.has(name), name);
  }
  for (const name of ['keyctl', 'add_key', 'request_key', 'io_uring_setup', 'userfaultfd', 'kexec_load', 'swapon', 'pivot_root', 'move_pages'])
    assert.not(all.has(name), name);
  assert.ok(lines.includes('rule errno:38 clone3'));
  assert.ok(lines.includes('rule allow clone 0 masked_eq 2114060288 0'));
  assert.ok(lines.includes('rule allow chroot'), 'CAP_SYS_CHROOT is a default');
});

test('ptrace waits for Linux 4.8, and architectures have their own calls', () => {
  const lower = (kernel: string, arch: 'x86_64' | 'aarch64'): readonly string[] => lowerProfile(defaultProfile, { kernel, arch, capabilities: defaultCapabilities });
  assert.not(lower('4.7.9', 'x86_64').includes('rule allow ptrace'));
  assert.ok(lower('4.8.0-1-amd64', 'x86_64').includes('rule allow ptrace'));
  assert.ok(lower('10.0', 'x86_64').includes('rule allow ptrace'));
  assert.ok(lower('6.1', 'x86_64').includes('rule allow arch_prctl'));
  assert.not(lower('6.1', 'aarch64').includes('rule allow arch_prctl'));
  assert.ok(lower('6.1', 'aarch64').includes('rule allow set_tls'));
  assert.equal(lower('6.1', 'aarch64').slice(0, 3), ['arch aarch64', 'arch arm', 'default errno:1']);
});

test.run();
