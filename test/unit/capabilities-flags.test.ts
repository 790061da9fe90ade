/** Capabilities: numbers, Docker's rules for --cap-add and --cap-drop. */
import { existsSync, readFileSync } from 'node:fs';
import * as E from 'fp-ts/Either';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { renderError } from '../../src/core/errors.ts';
import { allCapabilities, applyCapabilityFlags, capabilityMask, defaultCapabilities } from '../../src/runtime/capabilities.ts';

const apply = (add: readonly string[], drop: readonly string[], privileged = false): readonly string[] => {
  const result = applyCapabilityFlags(add, drop, privileged);
  if (E.isLeft(result)) throw new Error(renderError(result.left));
  return result.right;
};

test('masks are those that podman and Docker show in CapEff', () => {
  assert.is(capabilityMask(defaultCapabilities), 0xa80425fbn);
  assert.is(capabilityMask(allCapabilities), 0x1ffffffffffn);
  assert.is(capabilityMask([]), 0n);
});

const header = '/usr/include/linux/capability.h';
(existsSync(header) ? test : test.skip)("numbers are the kernel header's", () => {
  const defined = [...readFileSync(header, 'utf8').matchAll(/^#define (CAP_[A-Z_]+)\s+(\d+)$/gm)];
  assert.ok(defined.length >= 41);
  for (const [, name = '', number] of defined) assert.is(allCapabilities[Number(number)], name);
});

test('adding and dropping', () => {
  const add = (name: string): readonly string[] => allCapabilities.filter((one) => one === name || (defaultCapabilities as readonly string[]).includes(one));
  assert.equal(apply([], []), defaultCapabilities);
  assert.equal(apply(['net_admin'], []), add('CAP_NET_ADMIN'));
  assert.equal(apply(['CAP_net_Admin', 'NET_ADMIN'], []), add('CAP_NET_ADMIN'));
  assert.equal(apply([], ['CHOWN']), defaultCapabilities.filter((name) => name !== 'CAP_CHOWN'));
  assert.equal(apply(['CHOWN'], ['CHOWN']), defaultCapabilities, 'adding wins');
  assert.equal(apply(['ALL'], []), allCapabilities);
  assert.equal(apply(['all'], ['SYS_ADMIN']), allCapabilities.filter((name) => name !== 'CAP_SYS_ADMIN'));
  assert.equal(apply(['ALL', 'SYS_ADMIN'], ['SYS_ADMIN']), allCapabilities.filter((name) => name !== 'CAP_SYS_ADMIN'), 'not against ALL');
  assert.equal(apply([], ['ALL']), []);
  assert.equal(apply(['SYS_TIME', 'KILL'], ['ALL']), ['CAP_KILL', 'CAP_SYS_TIME']);
  assert.equal(apply(['ALL'], ['ALL']), allCapabilities, "'ALL' dropped is no capability's name, as in Docker");
  assert.equal(apply(['NET_ADMIN'], ['ALL'], true), allCapabilities, 'privileged');
});

test('an unknown name names the nearest one', () => {
  const message = (word: string): string => {
    const result = applyCapabilityFlags([], [word], true);
    return E.isLeft(result) ? renderError(result.left) : 'accepted';
  };
  assert.is(message('SYS_ADMON'), "--cap-drop: unknown capability 'SYS_ADMON'; did you mean SYS_ADMIN?");
  assert.match(message('cap_netraw'), /did you mean NET_RAW\?/);
  assert.match(message(''), /unknown capability ''/);
  assert.match(message('x'.repeat(1_000_000)), /^--cap-drop: unknown capability 'x+'/);
});

test.run();
