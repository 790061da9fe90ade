/**
 * Limits from a login session, which is beside the user manager's part of the tree: only systemd may move a process from here to there.
 * @as session
 * @time-limit 120
 */
import { existsSync, mkdtempSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, execute, importBusybox, output, removeAll, skiff } from '../../e2e/skiff.ts';
import { cgroupOf, containerCgroups, ending, read, start, stateOf } from './tree.ts';

test.before(() => importBusybox());
test.after(removeAll);

test('this is a login session', () => {
  assert.match(readFileSync('/proc/self/cgroup', 'utf8'), /session-\w+\.scope$/m);
});

test('the memory limit holds, and so it does for exec', () => {
  start('server', ['-m', '16m', '--memory-swap', '16m'], 'sleep 1000');
  assert.match(cgroupOf('server'), /\/user@1000\.service\/app\.slice\/skiff-/);
  assert.is(skiff(['exec', 'server', 'tail', '/dev/zero']).status, 137);
  assert.is(ending('server')[0], 'true');
});

test('an exec that goes on is in the cgroup, and the supervisor beside it', () => {
  const cgroup = cgroupOf('server');
  output(['exec', '-d', 'server', 'sleep', '500']);
  assert.is(read(cgroup, 'cgroup.procs').split('\n').length, 2);
  assert.equal(read(join(cgroup, '../supervisor'), 'cgroup.procs').split('\n'), [String(stateOf('server').monitorPid)]);
  output(['rm', '-f', 'server']);
});

test('the manager is asked by its own socket where there is no bus', () => {
  const runtime = mkdtempSync('/tmp/runtime-');
  symlinkSync('/run/user/1000/systemd', join(runtime, 'systemd'));
  const env = { XDG_RUNTIME_DIR: runtime, DBUS_SESSION_BUS_ADDRESS: undefined };
  assert.is(output(['run', '--rm', '--network', 'none', '--pids-limit', '7', 'busybox', 'cat', '/sys/fs/cgroup/pids.max'], { env }), '7\n');
});

test('another OCI runtime and what it runs are in the cgroup, and what it makes there goes with it', async () => {
  start('foreign', ['--pids-limit', '77', '--runtime', 'runc'], 'sleep 1000');
  const cgroup = cgroupOf('foreign');
  assert.is(read(cgroup, 'pids.max'), '77');
  await eventually('runc has started it', () => skiff(['exec', 'foreign', 'true']).status === 0, 60000);
  const { stdout } = execute(['pgrep', '-f', '^sleep 1000']);
  assert.ok(readFileSync(`/proc/${stdout.trim()}/cgroup`, 'utf8').includes(cgroup.replace('/sys/fs/cgroup', '')), 'the limits are above the command');
  output(['rm', '-f', 'foreign']);
  assert.not.ok(existsSync(cgroup));
});

test('what is started over and over finds its scope gone', async () => {
  start('short', ['--pids-limit', '9'], 'cat /sys/fs/cgroup/pids.max');
  for (let i = 0; i < 3; i += 1) output(['start', '-a', 'short']);
  assert.is(output(['logs', 'short']), '9\n9\n9\n9\n');
  output(['rm', 'short']);
  await eventually('systemd has taken the scopes away', () => containerCgroups().length === 0, 20000);
});

test.run();
