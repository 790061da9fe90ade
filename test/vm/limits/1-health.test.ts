/** Health checks of a container with limits: they count for it, and stand still with it. @time-limit 240 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, importBusybox, output, removeAll } from '../../e2e/skiff.ts';

test.before(() => importBusybox());
test.after(removeAll);

interface Health {
  readonly Status: string;
  readonly Log: readonly { readonly ExitCode: number; readonly Output: string }[];
}

const healthOf = (name: string): Health => JSON.parse(output(['inspect', '--format', '{{json .State.Health}}', name])) as Health;
const run = (name: string, check: string): void =>
  void output(['run', '-d', '--network', 'none', '--name', name, '--memory', '64m', '--health-interval', '1s', '--health-timeout', '1h', '--health-cmd', check, 'busybox', 'sleep', '10000']);

test('a check is in the cgroup of its container', async () => {
  run('counted', 'cat /proc/self/cgroup; cat /sys/fs/cgroup/memory.max');
  await eventually('it is looked at', () => healthOf('counted').Status === 'healthy', 60000);
  assert.is(healthOf('counted').Log[0]?.Output, `0::/\n${64 << 20}\n`);
});

test('one that hangs is gone when its container is frozen, and the next is made when it goes on', async () => {
  run('frozen', 'test -e /tried && exit 0; touch /tried; trap "" TERM; sleep 7777 & sleep 7777');
  const hanging = (): boolean => output(['exec', 'frozen', 'ps']).includes('sleep 7777');
  await eventually('it hangs', hanging, 60000);
  output(['pause', 'frozen']);
  assert.is(healthOf('frozen').Status, 'unhealthy');
  output(['unpause', 'frozen']);
  await eventually('it is healthy', () => healthOf('frozen').Status === 'healthy', 60000);
  assert.not.ok(hanging());
  assert.ok(healthOf('frozen').Log.every(({ ExitCode }) => ExitCode === 0));
});

test.run();
