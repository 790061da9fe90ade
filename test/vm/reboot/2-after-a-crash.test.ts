/**
 * The second boot, after a power cut: what is to run runs, the others read as ended by nobody knows what, and the name of what was not to stay is free.
 * Then the machine is shut down in order.
 * @as root
 * @time-limit 400
 * @then shutdown
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { listing, session, sorted } from './scene.ts';

const use = {
  logs: 'skiff logs always',
  reach: 'skiff exec always echo here; skiff stop unless; skiff start stopped plain',
  again: 'skiff system boot',
};
const used = { logs: 'run\nrun\n', reach: 'here\nunless\nstopped\nplain\n', again: '' };

test('bar, by systemd', () => {
  const { list, ...said } = session('bar', {
    list: `wait_for 5; ${listing}`,
    free: 'skiff run --rm --network none --name once busybox echo free',
    memory: "skiff exec limited sh -c 'cat /sys/fs/cgroup/memory.max' || skiff inspect --format '{{.HostConfig.Memory}}' limited",
    ...use,
    place: 'systemctl --user is-active skiff; skiff info --format {{.RuntimeDir}}',
  });
  const running = ['always', 'idle', 'guest', 'unless', 'limited'].map((name) => `${name} running`);
  assert.is(list, sorted(...running, 'stopped exited 7', 'failing exited 255', 'plain exited 255', 'never created'));
  assert.equal(said, { free: 'free\n', memory: '67108864\n', ...used, place: 'active\n/run/user/1000/skiff\n' });
});

test("baz, by cron: a login finds them, and they are not in a session's directory, which comes and goes", () => {
  const { list, ...said } = session('baz', { list: `wait_for 3; ${listing}`, ...use, place: 'skiff info --format {{.RuntimeDir}}' });
  assert.is(list, sorted('always running', 'unless running', 'late running', 'stopped exited 7', 'plain exited 255'));
  assert.equal(said, { ...used, place: '/tmp/skiff-1001\n' });
});

test.run();
