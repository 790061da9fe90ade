/** --security-opt. */
import * as E from 'fp-ts/Either';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { renderError } from '../../src/core/errors.ts';
import type { Confinement } from '../../src/runtime/confinement.ts';
import { defaultMaskedPaths, defaultReadonlyPaths, resolveConfinement } from '../../src/runtime/confinement.ts';

const resolve = (securityOpt: readonly string[], privileged = false): Confinement => {
  const result = resolveConfinement({ securityOpt, privileged });
  if (E.isLeft(result)) throw new Error(renderError(result.left));
  return result.right;
};

test('the defaults', () => {
  const usual = { noNewPrivileges: false, seccomp: { kind: 'default' }, maskedPaths: defaultMaskedPaths, readonlyPaths: defaultReadonlyPaths };
  assert.equal(resolve([]), usual);
  assert.equal(resolve(['label=disable', 'apparmor=unconfined', 'seccomp=builtin', 'apparmor:unconfined']), usual);
  assert.ok(defaultMaskedPaths.includes('/proc/kcore') && defaultReadonlyPaths.includes('/proc/sys'));
});

test('privileged masks and filters nothing but what is named', () => {
  assert.equal(resolve([], true), { noNewPrivileges: false, seccomp: { kind: 'unconfined' }, maskedPaths: [], readonlyPaths: [] });
  assert.equal(resolve(['seccomp=p.json', 'mask=/etc'], true).seccomp, { kind: 'file', path: 'p.json' });
  assert.equal(resolve(['seccomp=p.json', 'mask=/etc'], true).maskedPaths, ['/etc']);
});

test('no-new-privileges in every spelling', () => {
  for (const word of ['', ':true', '=true', '=1', '=T', '=TRUE']) assert.ok(resolve([`no-new-privileges${word}`]).noNewPrivileges, word);
  for (const word of [':false', '=0', '=F']) assert.not(resolve(['no-new-privileges', `no-new-privileges${word}`]).noNewPrivileges, word);
});

test('seccomp: the last one wins', () => {
  assert.equal(resolve(['seccomp=unconfined']).seccomp, { kind: 'unconfined' });
  assert.equal(resolve(['seccomp:unconfined', 'seccomp=/a=b:c.json']).seccomp, { kind: 'file', path: '/a=b:c.json' });
});

test('mask and unmask', () => {
  assert.equal(resolve(['unmask=ALL']).maskedPaths, []);
  assert.equal(resolve(['unmask=all']).readonlyPaths, []);
  assert.equal(resolve(['systempaths=unconfined']).maskedPaths, []);
  const some = resolve(['unmask=/proc/kcore:/proc/sys', 'unmask=/sys/firmware/']);
  assert.equal(some.maskedPaths, defaultMaskedPaths.filter((path) => path !== '/proc/kcore' && path !== '/sys/firmware'));
  assert.equal(some.readonlyPaths, defaultReadonlyPaths.filter((path) => path !== '/proc/sys'));
  assert.equal(resolve(['unmask=/proc/*']).maskedPaths, ['/sys/firmware', '/sys/devices/virtual/powercap']);
  assert.equal(resolve(['unmask=/proc/*']).readonlyPaths, []);
  assert.equal(resolve(['unmask=/proc/a*']).maskedPaths.length, defaultMaskedPaths.length - 2);
  assert.equal(resolve(['unmask=/proc/.*']).maskedPaths, defaultMaskedPaths, "a dot is a dot");
  assert.equal(resolve(['mask=/a:/b', 'unmask=ALL']).maskedPaths, ['/a', '/b']);
  assert.equal(resolve(['mask=/proc/kcore']).maskedPaths, defaultMaskedPaths, 'once');
});

test('the thermal counters of bare metal', () => {
  const result = resolveConfinement({ securityOpt: ['unmask=/sys/devices/system/cpu/cpu0/*'], privileged: false, throttledProcessors: 3 });
  assert.ok(E.isRight(result));
  if (E.isRight(result)) assert.equal(result.right.maskedPaths.slice(-2), [1, 2].map((cpu) => `/sys/devices/system/cpu/cpu${cpu}/thermal_throttle`));
});

const refused: readonly (readonly [option: string, tag: string, why: RegExp])[] = [
  ['', 'Usage', /unknown option ''/],
  ['frob=1', 'Usage', /unknown option 'frob=1'; it takes seccomp=/],
  ['seccomp', 'Usage', /bad value in 'seccomp'/],
  ['seccomp=', 'Usage', /bad value/],
  ['no-new-privileges=maybe', 'Usage', /write no-new-privileges/],
  ['systempaths=confined', 'Usage', /write systempaths=unconfined/],
  ['mask=', 'Usage', /absolute/],
  ['mask=etc', 'Usage', /absolute/],
  ['mask=ALL', 'Usage', /absolute/],
  ['unmask=/proc/../etc', 'Usage', /without '\.\.'/],
  ['mask=/', 'Usage', /absolute/],
  ['mask=/a\nexec /bin/sh', 'Usage', /absolute/],
  ['unmask=/a:', 'Usage', /absolute/],
  ['label=type:svirt_t', 'Refused', /SELinux label cannot be set without root; leave it out, or write label=disable/],
  ['apparmor=docker-default', 'Refused', /AppArmor profile cannot be set without root/],
  ['apparmor', 'Refused', /cannot be set/],
];

for (const [option, tag, why] of refused)
  test(`refuses '${option}', privileged or not`, () => {
    for (const privileged of [false, true]) {
      const result = resolveConfinement({ securityOpt: [option], privileged });
      assert.ok(E.isLeft(result) && result.left._tag === tag);
      if (E.isLeft(result)) assert.match(renderError(result.left), why);
    }
  });

test.run();
