/** What the virtual machine promises to the other tests: without it they would test something else. */
import { readFileSync, statfsSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { importBusybox, inBusybox, removeAll } from '../../e2e/skiff.ts';

test.after(removeAll);

test('the cgroup tree is pure v2', () => {
  assert.is(statfsSync('/sys/fs/cgroup').type, 0x63677270);
});

test('the user manager has all controllers', () => {
  const own = readFileSync('/proc/self/cgroup', 'utf8').trim();
  assert.match(own, /^0::\/user\.slice\/user-1000\.slice\/user@1000\.service\//);
  assert.is(readFileSync('/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/cgroup.controllers', 'utf8'), 'cpuset cpu io memory pids\n');
});

test('a container runs', () => {
  importBusybox();
  assert.is(inBusybox([], 'echo from inside'), 'from inside\n');
});

test.run();
