/**
 * `skiff doctor` on a machine that lacks something: each thing is found, called an error where an ordinary run does not work without it, and has its
 * remedy. The exit code says whether `run` works.
 * @as-root
 * @one-driver
 */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { account, cover, prepare, skiffAfter, things, tidyUp, withoutNamespaces } from './lacking.ts';
import type { Result } from './skiff.ts';

interface Row {
  readonly Level: 'ok' | 'warning' | 'error';
  readonly Check: string;
  readonly Text: string;
  readonly Remedy: string;
}

const doctor = ['doctor', '--format', 'json'] as const;
const rowsOf = ({ stdout }: Result): readonly Row[] => stdout.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Row);

/** What is not well there, without what is not well on this machine anyway. */
const troubles = (setup: readonly string[]): { readonly status: number; readonly rows: readonly Row[] } => {
  const usual = new Set(rowsOf(skiffAfter([], doctor)).map(({ Text }) => Text));
  const result = skiffAfter(setup, doctor);
  assert.is(result.stderr, '');
  return { status: result.status, rows: rowsOf(result).filter(({ Level, Text }) => Level !== 'ok' && !usual.has(Text)) };
};

/** The setup makes one finding, of this level, text and remedy. */
const finds = (setup: readonly string[], level: 'warning' | 'error', text: RegExp, remedy: RegExp): void => {
  const { status, rows } = troubles(setup);
  assert.equal(rows.map(({ Level }) => Level), [level], JSON.stringify(rows));
  assert.match(rows[0]?.Text ?? '', text);
  assert.match(rows[0]?.Remedy ?? '', remedy);
  assert.is(status, level === 'error' ? 1 : 0);
};

test.before(() => {
  prepare();
  const put = (name: string, text: string): void => {
    writeFileSync(join(things, name), text);
    chmodSync(join(things, name), 0o644);
  };
  put('few', `${account}:100000:1000\n`);
  put('shared', `${account}:100000:65536\nsomebody:165535:10\n`);
});
test.after(tidyUp);

test('the machine as it is has no errors', () => assert.is(skiffAfter([], doctor).status, 0));

test('newuidmap: missing, without its privileges, on a file system that gives none', () => {
  finds([cover('nothing', '/usr/bin/newuidmap')], 'warning', /^newuidmap is not installed: containers have one user, you$/, /apt-get install uidmap$/);
  const plain = troubles([cover('newuidmap', '/usr/bin/newuidmap')]);
  assert.is(plain.status, 1);
  assert.match(plain.rows[0]?.Text ?? '', /^\/usr\/bin\/newuidmap has neither its set-user-id bit nor a file capability/);
  assert.match(plain.rows[0]?.Remedy ?? '', /apt-get install --reinstall uidmap$/);
  const nosuid = troubles(['mount --bind /usr/bin /usr/bin', 'mount -o remount,bind,nosuid /usr/bin']);
  assert.is(nosuid.status, 1);
  assert.ok(nosuid.rows.some(({ Level, Text }) => Level === 'error' && /newuidmap is on a file system that is mounted with nosuid/.test(Text)));
});

test('subordinate ids: none, few, shared', () => {
  finds([cover('nothing', '/etc/subuid')], 'warning', new RegExp(`^/etc/subuid has no ids for ${account}: containers have one user, you$`), new RegExp(`usermod --add-subuids \\d+-\\d+ ${account}$`));
  finds([cover('few', '/etc/subgid')], 'warning', /^1000 subordinate group ids are few/, /\/etc\/subgid give you 65536/);
  finds([cover('shared', '/etc/subuid')], 'warning', /^subordinate user ids of yours \(100000-165535\) are also given to somebody/, /other ids in \/etc\/subuid/);
});

test('programs and devices', () => {
  finds([cover('nothing', '/usr/bin/slirp4netns')], 'error', /^slirp4netns is not installed; it is needed for networks/, /apt-get install slirp4netns$/);
  const [fuse, both] = [troubles([cover('nothing', '/usr/bin/fuse-overlayfs')]), troubles([cover('device', '/dev/fuse'), cover('device', '/dev/net/tun')])];
  assert.ok(fuse.rows.some(({ Text, Remedy }) => /^fuse-overlayfs is not installed/.test(Text) && /apt-get install fuse-overlayfs/.test(Remedy)));
  assert.ok(both.rows.some(({ Text, Remedy }) => /^\/dev\/fuse cannot be opened: permission denied \(mode 0600\)/.test(Text) && /chmod 666 \/dev\/fuse$/.test(Remedy)));
  assert.ok(both.rows.some(({ Level, Text }) => Level === 'error' && /^\/dev\/net\/tun cannot be opened/.test(Text)));
  assert.is(both.status, 1);
  const gone = troubles([cover('empty', '/dev/net')]);
  assert.ok(gone.rows.some(({ Text, Remedy }) => /^\/dev\/net\/tun cannot be opened: it does not exist;/.test(Text) && /modprobe tun$/.test(Remedy)), JSON.stringify(gone.rows));
});

test('a kernel that forbids user namespaces: what forbids them, and the command that lifts it', () => {
  const result = withoutNamespaces(doctor);
  assert.is(result.status, 1, result.stderr);
  const kernel = rowsOf(result).filter(({ Check, Level }) => Check === 'kernel' && Level === 'error');
  assert.equal(kernel.map(({ Text }) => Text), ['user namespaces are off']);
  assert.match(kernel[0]?.Remedy ?? '', /^ask an administrator to run: sysctl -w user\.max_user_namespaces=\d+$/);
});

test.run();
