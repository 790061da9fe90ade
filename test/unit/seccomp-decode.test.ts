/** Users' profiles: both forms, and everything that is none. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/Either';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { renderError } from '../../src/core/errors.ts';
import { decodeProfile, maxProfileBytes, readProfile } from '../../src/runtime/seccomp-decode.ts';
import { lowerProfile } from '../../src/runtime/seccomp.ts';

const lower = (profile: unknown, capabilities: readonly string[] = []): readonly string[] => {
  const decoded = decodeProfile(JSON.stringify(profile), 'p.json', 'x86_64');
  if (E.isLeft(decoded)) throw new Error(renderError(decoded.left));
  return lowerProfile(decoded.right, { capabilities, arch: 'x86_64', kernel: '6.1.0-9-amd64' });
};

test("Docker's form: archMap, includes, excludes, errno names", () => {
  const profile = {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 38,
    archMap: [
      { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
      { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] },
    ],
    syscalls: [
      { names: ['read', 'write'], action: 'SCMP_ACT_ALLOW', args: [], comment: '', includes: {}, excludes: {} },
      { name: 'bpf', action: 'SCMP_ACT_ALLOW', includes: { caps: ['CAP_BPF'] } },
      { names: ['mount'], action: 'SCMP_ACT_ERRNO', errno: 'EINVAL', excludes: { caps: ['CAP_SYS_ADMIN'] } },
      { names: ['ptrace'], action: 'SCMP_ACT_ALLOW', includes: { minKernel: '6.2' } },
      { names: ['sync'], action: 'SCMP_ACT_ALLOW', includes: { arches: ['amd64'], minKernel: '4.8' } },
      { names: ['tee'], action: 'SCMP_ACT_ALLOW', excludes: { arches: ['amd64'] } },
    ],
  };
  const head = ['arch x86_64', 'arch x86', 'default errno:38', 'rule allow read', 'rule allow write'];
  assert.equal(lower(profile), [...head, 'rule errno:22 mount', 'rule allow sync']);
  assert.equal(lower(profile, ['CAP_BPF', 'CAP_SYS_ADMIN']), [...head, 'rule allow bpf', 'rule allow sync']);
});

test("the OCI form: architectures, actions, comparisons; foreign architectures are left out, the machine's own is not", () => {
  const profile = {
    defaultAction: 'SCMP_ACT_ALLOW',
    architectures: ['SCMP_ARCH_MIPS', 'SCMP_ARCH_X32'],
    flags: ['SECCOMP_FILTER_FLAG_TSYNC'],
    syscalls: [
      { names: ['kill'], action: 'SCMP_ACT_KILL' },
      { names: ['tkill'], action: 'SCMP_ACT_TRACE', errnoRet: 7 },
      { names: ['clone'], action: 'SCMP_ACT_ERRNO', args: [{ index: 0, value: 255, valueTwo: 17, op: 'SCMP_CMP_MASKED_EQ' }, { index: 1, value: 1, op: 'SCMP_CMP_GT' }] },
    ],
  };
  assert.equal(lower(profile), [
    'arch x86_64', 'arch x32', 'default allow', 'rule kill-thread kill', 'rule trace:7 tkill', 'rule errno:1 clone 0 masked_eq 255 17 1 gt 1 0',
  ]);
});

test('two comparisons of one argument are alternatives, as in runc', () => {
  const args = [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }, { index: 0, value: 2, op: 'SCMP_CMP_EQ' }];
  const lines = lower({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names: ['socket'], action: 'SCMP_ACT_ALLOW', args }] });
  assert.equal(lines.slice(-2), ['rule allow socket 0 eq 1 0', 'rule allow socket 0 eq 2 0']);
});

const call = (more: object): object => ({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['read'], action: 'SCMP_ACT_ERRNO', ...more }] });

const refused: readonly (readonly [profile: unknown, why: RegExp])[] = [
  [{}, /defaultAction is missing/],
  [[], /of the wrong type/],
  [null, /the document is missing or of the wrong type/],
  [{ defaultAction: 'SCMP_ACT_MAYBE' }, /action 'SCMP_ACT_MAYBE' is not known/],
  [{ defaultAction: 'constructor' }, /action 'constructor' is not known/],
  [{ defaultAction: 'SCMP_ACT_NOTIFY' }, /SCMP_ACT_NOTIFY needs a supervising process/],
  [{ defaultAction: 'SCMP_ACT_ALLOW', listenerPath: '/run/x' }, /listener needs a daemon/],
  [{ defaultAction: 'SCMP_ACT_ALLOW', flags: ['SECCOMP_FILTER_FLAG_LOG'] }, /SECCOMP_FILTER_FLAG_LOG cannot be set/],
  [{ defaultAction: 'SCMP_ACT_ALLOW', architectures: ['SCMP_ARCH_X86'], archMap: [{ architecture: 'SCMP_ARCH_X86_64' }] }, /both architectures and archMap/],
  [{ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['read'] }] }, /syscalls\.0\.action is missing/],
  [call({ name: 'write' }), /both name and names/],
  [call({ names: ['re\nad'] }), /is not a system call's name/],
  [call({ errnoRet: 4096 }), /4096 is not an errno value/],
  [call({ errnoRet: -1 }), /not an errno value/],
  [call({ errno: 'EWHAT' }), /errno 'EWHAT' is not known/],
  [call({ args: [{ index: 6, value: 0, op: 'SCMP_CMP_EQ' }] }), /argument 6 is not one of/],
  [call({ args: [{ index: 0, value: 0, op: 'SCMP_CMP_IS' }] }), /comparison 'SCMP_CMP_IS'/],
  [call({ args: [{ index: 0, value: 1.5, op: 'SCMP_CMP_EQ' }] }), /not a whole number/],
  [call({ args: [{ index: 0, value: 2 ** 53, op: 'SCMP_CMP_EQ' }] }), /not a whole number/],
  [call({ args: [{ index: 0, value: 1, valueTwo: -1, op: 'SCMP_CMP_EQ' }] }), /not a whole number/],
  [call({ includes: { minKernel: 'new' } }), /minKernel 'new'/],
];

for (const [profile, why] of refused)
  test(`refuses ${JSON.stringify(profile).slice(0, 90)}`, () => {
    const decoded = decodeProfile(JSON.stringify(profile), 'p.json', 'x86_64');
    assert.ok(E.isLeft(decoded));
    if (E.isLeft(decoded)) assert.match(renderError(decoded.left), why);
  });

test('files: missing, too large, not regular, not JSON', () => {
  const directory = mkdtempSync(join(tmpdir(), 'skiff-seccomp-'));
  const file = (name: string, content: string): string => {
    writeFileSync(join(directory, name), content);
    return join(directory, name);
  };
  try {
    execFileSync('mkfifo', [join(directory, 'fifo')]);
    assert.throws(() => readProfile(join(directory, 'none.json'), 'x86_64'), /no such file: .*none\.json/);
    assert.throws(() => readProfile(file('large', ' '.repeat(maxProfileBytes + 1)), 'x86_64'), /larger than 1024 KiB/);
    assert.throws(() => readProfile(directory, 'x86_64'), /not a regular file/);
    assert.throws(() => readProfile(join(directory, 'fifo'), 'x86_64'), /not a regular file/);
    assert.throws(() => readProfile(file('cut', '{"defaultAction": '), 'x86_64'), /is damaged/);
    const spaced = `{"defaultAction": "SCMP_ACT_LOG"}${' '.repeat(maxProfileBytes - 33)}`;
    assert.equal(readProfile(file('full', spaced), 'x86_64').defaultAction, { kind: 'log' });
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test.run();
