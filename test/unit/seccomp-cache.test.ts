/** The cache of compiled filters. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as E from 'fp-ts/Either';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { renderError } from '../../src/core/errors.ts';
import { allCapabilities, defaultCapabilities } from '../../src/runtime/capabilities.ts';
import type { SeccompChoice } from '../../src/runtime/confinement.ts';
import type { SeccompOptions } from '../../src/runtime/seccomp-cache.ts';
import { seccompProgram, seccompVersion } from '../../src/runtime/seccomp-cache.ts';
import { defaultProfile } from '../../src/runtime/seccomp-profile.ts';
import { lowerProfile, singleUidRules } from '../../src/runtime/seccomp.ts';
import { repository, scratch, skiffSeccomp } from './seccomp-support.ts';

const cache = join(scratch, 'cache');
let compilations = 0;
const helper = (): string => {
  compilations++;
  return skiffSeccomp();
};

const program = async (seccomp: SeccompChoice, options: SeccompOptions = {}, capabilities = defaultCapabilities): Promise<readonly string[]> => {
  const result = await seccompProgram({ cache, helper }, { seccomp }, capabilities, options)();
  if (E.isLeft(result)) throw new Error(renderError(result.left));
  return result.right;
};

test('seccompVersion names the present profile and compiler', () => {
  const hash = createHash('sha256');
  for (const arch of ['x86_64', 'aarch64'] as const)
    for (const capabilities of [[], defaultCapabilities, allCapabilities, ...allCapabilities.map((name) => [name])])
      for (const kernel of ['4.4', '6.1']) hash.update(lowerProfile(defaultProfile, { arch, capabilities, kernel }).join('\n'));
  hash.update(singleUidRules({ uid: 0, gid: 0 }, 'x86_64').join('\n'));
  for (const name of ['seccomp.h', 'seccomp.c', 'seccomp-bpf.c']) hash.update(readFileSync(join(repository, 'helpers', name)));
  const digest = hash.digest('hex').slice(0, 12);
  assert.is(seccompVersion, digest, `write seccompVersion = '${digest}' in src/runtime/seccomp-cache.ts`);
});

test('compiles once, and again when the file was lost or emptied by a power cut', async () => {
  const [path = ''] = await program({ kind: 'default' });
  assert.is(compilations, 1);
  assert.ok(path.startsWith(join(cache, 'seccomp', `default-${seccompVersion}-`)));
  const first = readFileSync(path);
  assert.ok(first.length > 0 && first.length % 8 === 0);
  assert.equal(await program({ kind: 'default' }), [path]);
  assert.is(compilations, 1);
  truncateSync(path);
  assert.equal(await program({ kind: 'default' }), [path]);
  assert.is(compilations, 2);
  rmSync(path);
  await program({ kind: 'default' });
  assert.ok(readFileSync(path).equals(first));
  assert.is(statSync(join(cache, 'seccomp')).mode & 0o777, 0o700);
});

test('capabilities make another filter; unconfined makes none', async () => {
  const [usual] = await program({ kind: 'default' });
  const [all] = await program({ kind: 'default' }, {}, allCapabilities);
  assert.is.not(usual, all);
  assert.equal(await program({ kind: 'unconfined' }), []);
});

test('single-uid mode puts its own filter first, unconfined or not', async () => {
  const singleUid = { uid: 0, gid: 0 };
  const [usual = ''] = await program({ kind: 'default' });
  const both = await program({ kind: 'default' }, { singleUid });
  assert.is(both.length, 2);
  assert.is(both[1], usual);
  assert.equal(await program({ kind: 'unconfined' }, { singleUid }), both.slice(0, 1));
  assert.is.not((await program({ kind: 'unconfined' }, { singleUid: { uid: 1000, gid: 1000 } }))[0], both[0]);
});

test("a user's file: its content is the key, and its errors are errors", async () => {
  const path = join(scratch, 'profile.json');
  writeFileSync(path, '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mount"],"action":"SCMP_ACT_ERRNO"}]}');
  const first = await program({ kind: 'file', path });
  assert.equal(await program({ kind: 'file', path }), first);
  writeFileSync(path, '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["umount"],"action":"SCMP_ACT_ERRNO"}]}');
  assert.not.equal(await program({ kind: 'file', path }), first);
  writeFileSync(path, '{"defaultAction":"SCMP_ACT_NOTIFY"}');
  const result = await seccompProgram({ cache, helper }, { seccomp: { kind: 'file', path } }, defaultCapabilities)();
  assert.ok(E.isLeft(result) && result.left._tag === 'Refused');
});

test('twenty at once end with one whole file and nothing beside it', async () => {
  rmSync(cache, { recursive: true });
  const results = await Promise.all(Array.from({ length: 20 }, () => program({ kind: 'default' })));
  assert.is(new Set(results.flat()).size, 1);
  assert.is(readdirSync(join(cache, 'seccomp')).length, 1);
});

test("a compiler that fails says so, and leaves nothing", async () => {
  const failing = { cache: join(scratch, 'other'), helper: () => '/bin/false' };
  const result = await seccompProgram(failing, { seccomp: { kind: 'default' } }, defaultCapabilities)();
  assert.ok(E.isLeft(result) && /cannot compile the system call filter: skiff-seccomp ended with 1/.test(renderError(result.left)));
  assert.not(existsSync(failing.cache));
  const missing = await seccompProgram({ ...failing, helper: () => '/nonexistent/skiff-seccomp' }, { seccomp: { kind: 'default' } }, defaultCapabilities)();
  assert.ok(E.isLeft(missing) && missing.left._tag === 'System');
});

test.run();
