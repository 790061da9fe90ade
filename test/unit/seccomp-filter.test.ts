/** The compiled default profile answers every system call as the profile's text says, and the kernel agrees. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { allCapabilities, defaultCapabilities } from '../../src/runtime/capabilities.ts';
import { defaultProfile } from '../../src/runtime/seccomp-profile.ts';
import type { SeccompArch } from '../../src/runtime/seccomp.ts';
import { lowerProfile, singleUidRules } from '../../src/runtime/seccomp.ts';
import { ALLOW, audit, buildProbe, compileLines, errno, run, scratch, syscallNumbers } from './seccomp-support.ts';

const EPERM = 1;
const ENOSYS = 38;
const arch: SeccompArch = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
const facts = { capabilities: defaultCapabilities, arch, kernel: '6.1.0' };
const lines = lowerProfile(defaultProfile, facts);
const filter = compileLines(lines);
const onlyX64 = process.arch === 'x64' ? test : test.skip;

/** Names that `lines` allow whatever the arguments. */
const plainlyAllowed = (from: readonly string[]): ReadonlySet<string> =>
  new Set(from.filter((line) => /^rule allow \w+$/.test(line)).map((line) => line.slice('rule allow '.length)));

const withArguments = new Set(['socket', 'personality', 'clone', 'clone3']);

for (const [header, name] of [['unistd_64.h', 'x86_64'], ['unistd_32.h', 'x86']] as const)
  onlyX64(`every call of ${name} in the kernel's header answers as the rules say`, () => {
    for (const capabilities of [defaultCapabilities, allCapabilities, []]) {
      const rules = lowerProfile(defaultProfile, { ...facts, capabilities });
      const program = compileLines(rules);
      const allowed = plainlyAllowed(rules);
      for (const [call, nr] of syscallNumbers(header) ?? [])
        if (!withArguments.has(call)) {
          const expected = allowed.has(call) ? ALLOW : errno(EPERM);
          assert.is(run(program, audit[name], nr).action, expected, `${call} (${nr}) with ${capabilities.length} capabilities`);
        }
    }
  });

onlyX64('calls younger than libseccomp follow the profile by number', () => {
  for (const name of ['x86_64', 'x86'] as const) {
    for (const nr of [451, 452, 453, 454, 455, 456, 457, 458, 462, 463, 464, 465, 466])
      assert.is(run(filter, audit[name], nr).action, ALLOW, `${nr} on ${name}`);
    for (const nr of [459, 460, 461]) assert.is(run(filter, audit[name], nr).action, errno(EPERM), `${nr} needs CAP_SYS_ADMIN`);
    for (const nr of [467, 470, 600, 0xeffff]) assert.is(run(filter, audit[name], nr).action, errno(ENOSYS), `${nr} is newer than the profile`);
  }
  assert.is(run(filter, audit.x86_64, 335).action, ALLOW, 'uretprobe');
  assert.is(run(filter, audit.x86_64, 0x40000000 + 460).action, errno(EPERM), 'x32 is no way round');
  assert.is(run(filter, audit.x86_64, 0xffffffff).action, errno(EPERM), 'a call that a tracer took away');
});

onlyX64('ENOSYS takes the place of an errno only, and only for calls younger than any profile', () => {
  const answers = (action: string, nr: number): number =>
    run(compileLines(['arch x86_64', `default ${action}`, 'rule trap read', 'rule trap mseal']), audit.x86_64, nr).action;
  assert.is(answers('errno:13', 1), errno(13));
  assert.is(answers('errno:13', 402), errno(13));
  assert.is(answers('errno:13', 461), errno(13));
  assert.is(answers('errno:13', 463), errno(ENOSYS));
  assert.is(answers('allow', 463), ALLOW);
  assert.is(answers('kill-process', 463), 0x80000000);
  for (const action of ['errno:13', 'allow', 'kill-process']) for (const nr of [0, 462]) assert.is(answers(action, nr), 0x30000, `${nr} traps`);
  assert.is(run(compileLines(['arch x86_64', 'default errno:13', 'rule allow read']), audit.x86_64, 402).action, errno(13));
  assert.is(run(compileLines(['arch x86_64', 'default errno:13', 'rule allow read']), audit.x86_64, 435).action, errno(ENOSYS));
});

onlyX64('a foreign architecture is killed', () => {
  assert.is(run(filter, 0x28 /* ARM */, 0).action, 0);
  assert.is(run(filter, 0x28, 452).action, 0);
});

onlyX64('arguments decide over socket, personality, clone and clone3', () => {
  const socket = (family: number): number => run(filter, audit.x86_64, 41, [BigInt(family), 1n, 0n]).action;
  for (const family of [1, 2, 10, 11, 16, 17, 44]) assert.is(socket(family), ALLOW, `family ${family}`);
  for (const family of [12, 19, 20, 23, 38 /* ALG */, 40 /* VSOCK */, 46]) assert.is(socket(family), errno(EPERM), `family ${family}`);
  for (const persona of [0n, 8n, 0x20000n, 0x20008n, 0xffffffffn]) assert.is(run(filter, audit.x86_64, 135, [persona]).action, ALLOW);
  assert.is(run(filter, audit.x86_64, 135, [0x40000n]).action, errno(EPERM), 'ADDR_NO_RANDOMIZE');
  assert.is(run(filter, audit.x86_64, 56, [0x11n]).action, ALLOW, 'fork');
  for (const flag of [0x20000n, 0x2000000n, 0x4000000n, 0x8000000n, 0x10000000n, 0x20000000n, 0x40000000n])
    assert.is(run(filter, audit.x86_64, 56, [flag | 0x11n]).action, errno(EPERM), `clone flag ${flag.toString(16)}`);
  assert.is(run(filter, audit.x86_64, 435).action, errno(ENOSYS), 'clone3');
});

onlyX64('CAP_SYS_ADMIN frees clone, clone3, mount and unshare', () => {
  const program = compileLines(lowerProfile(defaultProfile, { ...facts, capabilities: [...defaultCapabilities, 'CAP_SYS_ADMIN'] }));
  for (const nr of [56, 435, 165, 272, 459]) assert.is(run(program, audit.x86_64, nr, [0x7e020000n]).action, ALLOW, `${nr}`);
});

onlyX64('a call is decided in few instructions', () => {
  for (const nr of [0, 1, 202, 257, 437]) assert.ok(run(filter, audit.x86_64, nr).steps <= 40, `${nr}: ${run(filter, audit.x86_64, nr).steps}`);
});

test('the same rules make the same bytes', () => {
  assert.ok(filter.equals(compileLines(lines)));
});

const single = compileLines(singleUidRules({ uid: 0, gid: 0 }, arch));

onlyX64('single-uid: an id that does not exist answers 0, one that does reaches the kernel', () => {
  const minusOne = 0xffffffffn;
  const pretended = errno(0);
  const answers = (name: 'x86_64' | 'x86', nr: number, ...args: bigint[]): number => run(single, audit[name], nr, args).action;
  assert.is(answers('x86_64', 92, 1n, 0n, 0n), ALLOW, 'chown 0:0');
  assert.is(answers('x86_64', 92, 1n, minusOne, 0n), ALLOW, 'chown -1:0');
  assert.is(answers('x86_64', 92, 1n, -1n, -1n), ALLOW, 'sign-extended -1');
  assert.is(answers('x86_64', 92, 1n, 0xabc00000000n, 0n), ALLOW, 'the upper half does not count');
  assert.is(answers('x86_64', 92, 1n, 0n, 42n), pretended, 'chown 0:42');
  assert.is(answers('x86_64', 92, 1n, 42n, 0n), pretended, 'chown 42:0');
  assert.is(answers('x86_64', 260, 3n, 1n, 0n, 8n, 0n), pretended, 'fchownat');
  assert.is(answers('x86_64', 260, 3n, 1n, 0n, 0n, 7n), ALLOW, 'fchownat 0:0');
  for (const nr of [105, 106, 122, 123]) assert.is(answers('x86_64', nr, 100n), pretended, `set*id ${nr}`);
  for (const nr of [113, 114]) assert.is(answers('x86_64', nr, 0n, 100n), pretended, `setre*id ${nr}`);
  for (const nr of [117, 119]) assert.is(answers('x86_64', nr, 0n, minusOne, 100n), pretended, `setres*id ${nr}`);
  for (const nr of [117, 119]) assert.is(answers('x86_64', nr, 0n, minusOne, 0n), ALLOW, `setres*id ${nr}`);
  assert.is(answers('x86_64', 116, 0n), pretended, 'setgroups');
  assert.is(answers('x86', 213, 100n), pretended, 'setuid32 on i386');
  assert.is(answers('x86', 206), pretended, 'setgroups32 on i386');
  assert.is(answers('x86_64', 0x40000000 + 105, 100n), pretended, 'setuid on x32');
  assert.is(answers('x86_64', 0), ALLOW, 'read');
});

test('single-uid: another mapped id than 0 is the one that reaches the kernel', () => {
  const program = compileLines(singleUidRules({ uid: 1000, gid: 100 }, 'x86_64').filter((line) => process.arch === 'x64' || !line.startsWith('arch')));
  if (process.arch !== 'x64') return;
  assert.is(run(program, audit.x86_64, 92, [1n, 1000n, 100n]).action, ALLOW);
  assert.is(run(program, audit.x86_64, 92, [1n, 0n, 100n]).action, errno(0));
});

onlyX64('the kernel takes the filters and answers as they say', () => {
  const probe = buildProbe();
  const paths = { filter: join(scratch, 'default.bpf'), single: join(scratch, 'single.bpf') };
  writeFileSync(paths.filter, filter);
  writeFileSync(paths.single, single);
  const call = (filters: readonly string[], ...args: (string | number)[]): string =>
    execFileSync(probe, [...filters, '--', ...args.map(String)], { encoding: 'utf8' }).trim();
  assert.is(call([paths.filter], 39), 'ok', 'getpid');
  assert.is(call([paths.filter], 165, '/', '/', 0, 0, 0), `${EPERM}`, 'mount');
  assert.is(call([paths.filter], 250, 0, -3), `${EPERM}`, 'keyctl');
  assert.is(call([paths.filter], 425, 1, 0), `${EPERM}`, 'io_uring_setup');
  assert.is(call([paths.filter], 435, 0, 0), `${ENOSYS}`, 'clone3');
  assert.is(call([paths.filter], 272, 0x10000000), `${EPERM}`, 'unshare a user namespace');
  assert.is(call([paths.filter], 41, 40, 1, 0), `${EPERM}`, 'AF_VSOCK');
  assert.is(call([paths.filter], 41, 1, 1, 0), 'ok', 'AF_UNIX');
  assert.is(call([paths.filter], 1000), `${ENOSYS}`, 'a call of the future');
  const both = [paths.single, paths.filter];
  assert.is(call(both, 92, '/nonexistent', 4242, 4242), 'ok', 'chown to an id that does not exist');
  assert.is(call(both, 92, '/nonexistent', 0, 0), '2', 'chown to one that does');
  assert.is(call(both, 105, 4242), 'ok', 'setuid');
  assert.is(call(both, 116, 1, 0), 'ok', 'setgroups from a null pointer');
  assert.is(call(both, 165, '/', '/', 0, 0, 0), `${EPERM}`, 'mount');
});


test.run();
