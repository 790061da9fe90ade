/**
 * Limits inside the systemd user manager: they hold, `update` changes them, `stats` is right, `pause` freezes, and nothing is left.
 * @as user
 * @time-limit 240
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, importBusybox, output, removeAll, skiff } from '../../e2e/skiff.ts';
import { actionsOf, bytesIn, cgroupOf, containerCgroups, counter, ending, mega, read, start, stateOf, statsOf } from './tree.ts';

test.before(() => importBusybox());
test.after(removeAll);

test('without a limit there is no cgroup, and update says so', () => {
  start('free', [], 'sleep 1000');
  assert.is(stateOf('free').cgroup, undefined);
  assert.match(skiff(['update', '--pids-limit', '5', 'free']).stderr, /container free runs without a cgroup of its own/);
  output(['rm', '-f', 'free']);
});

test('who takes more memory than allowed is killed, and that is told', () => {
  const { status } = skiff(['run', '--name', 'greedy', '--network', 'none', '-m', '16m', '--memory-swap', '16m', 'busybox', 'tail', '/dev/zero']);
  assert.is(status, 137);
  assert.equal(ending('greedy'), ['true', '137']);
  assert.equal(actionsOf('greedy').slice(-2), ['oom', 'die']);
});

test('a container whose child is killed for want of memory goes on, and says so; the next run knows nothing of it', () => {
  start('parent', ['-m', '16m', '--memory-swap', '16m'], 'if [ ! -e /once ]; then touch /once; tail /dev/zero; echo code $?; fi; sleep 1000');
  return eventually('the kill is written down', () => ending('parent')[0] === 'true', 60000).then(() => {
    assert.is(skiff(['logs', 'parent']).stdout, 'code 137\n');
    output(['restart', '-t', '0', 'parent']);
    assert.is(ending('parent')[0], 'false');
    output(['rm', '-f', 'parent', 'greedy']);
  });
});

test('processes beyond the limit are not made', () => {
  // A shell that cannot fork ends.
  start('many', ['--pids-limit', '10'], 'sh -c "while :; do sleep 100 & done"; sleep 1000');
  return eventually('the shell could not fork', () => counter(cgroupOf('many'), 'pids.events', 'max') > 0, 30000).then(() => {
    assert.ok(Number(read(cgroupOf('many'), 'pids.current')) <= 10);
    output(['rm', '-f', 'many']);
  });
});

/** The share of one processor that a cgroup has had while `body` ran. */
const shareDuring = async (cgroup: string, body: () => Promise<unknown> | unknown): Promise<number> => {
  const [used, at] = [counter(cgroup, 'cpu.stat', 'usage_usec'), performance.now()];
  await body();
  return (counter(cgroup, 'cpu.stat', 'usage_usec') - used) / ((performance.now() - at) * 1000);
};

test('time on processors holds, and stats says how much it is', async () => {
  start('busy', ['--cpus', '0.2'], 'while :; do :; done');
  const cgroup = cgroupOf('busy');
  await sleep(1000);
  let row: Readonly<Record<string, string>> = {};
  const share = await shareDuring(cgroup, () => (row = statsOf('busy')));
  // One period more of 100 ms may fall into the time that was measured, and an emulated processor that stands still counts as used. Without a limit it is 1.
  assert.ok(share < 0.35, `${share} of a processor`);
  assert.ok(share > 0.05, `${share} of a processor`);
  const shown = Number(row['CPUPerc']?.slice(0, -1)) / 100;
  assert.ok(shown > 0.05 && shown < 0.35, `stats says ${row['CPUPerc']}`);
  assert.ok(counter(cgroup, 'cpu.stat', 'nr_throttled') > 0);
});

test('update gives a running container other limits at once', async () => {
  const cgroup = cgroupOf('busy');
  assert.is(output(['update', '--cpus', '0.6', '--memory', '32m', '--pids-limit', '50', '--cpu-shares', '512', '--cpuset-cpus', '1', '--blkio-weight', '100', 'busy']), 'busy\n');
  const files = ['cpu.max', 'memory.max', 'memory.swap.max', 'pids.max', 'cpu.weight', 'cpuset.cpus', 'io.weight'];
  assert.equal(files.map((file) => read(cgroup, file)), ['60000 100000', String(32 * mega), String(32 * mega), '50', '59', '1', 'default 910']);
  const share = await shareDuring(cgroup, () => sleep(3000));
  assert.ok(share > 0.35 && share < 0.8, `${share} of a processor`);
  assert.is(output(['inspect', '--format', '{{.HostConfig.NanoCpus}} {{.HostConfig.Memory}} {{.HostConfig.PidsLimit}}', 'busy']), `600000000 ${32 * mega} 50\n`);
  assert.is(actionsOf('busy').at(-1), 'update');
});

test('a start after the update has its limits', () => {
  output(['restart', '-t', '0', 'busy']);
  assert.equal(['cpu.max', 'memory.max', 'pids.max'].map((file) => read(cgroupOf('busy'), file)), ['60000 100000', String(32 * mega), '50']);
  output(['rm', '-f', 'busy']);
});

test('stats counts memory, disks and processes of the cgroup', () => {
  start('full', ['-m', '64m'], 'dd if=/dev/zero of=/dev/shm/x bs=1M count=20 2>/dev/null; dd if=/dev/zero of=/file bs=1M count=4 conv=fsync 2>/dev/null; echo ready; sleep 1000');
  return eventually('it has filled', () => output(['logs', 'full']) === 'ready\n', 30000).then(() => {
    const { MemUsage = '', MemPerc = '', BlockIO = '', PIDs } = statsOf('full');
    const [used = '', limit = ''] = MemUsage.split(' / ');
    assert.is(limit, '64MiB');
    assert.ok(bytesIn(used) >= 20 * mega && bytesIn(used) < 28 * mega, MemUsage);
    assert.ok(Math.abs(Number(MemPerc.slice(0, -1)) / 100 - bytesIn(used) / (64 * mega)) < 0.001, MemPerc);
    assert.match(BlockIO, /\/ 4\.\d+MB$/);
    assert.is(PIDs, '1');
  });
});

test('exec is counted in, and pause freezes all of it', () => {
  const cgroup = cgroupOf('full');
  output(['exec', '-d', 'full', 'sleep', '500']);
  const pids = read(cgroup, 'cgroup.procs').split('\n');
  assert.is(pids.length, 2, pids.join(' '));
  output(['pause', 'full']);
  assert.is(counter(cgroup, 'cgroup.events', 'frozen'), 1);
  assert.equal(pids.map((pid) => /^State:\t(.)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]), ['S', 'S'], 'nobody was sent a SIGSTOP');
  assert.match(output(['ps', '--format', '{{.Status}}']), /Paused/);
  output(['unpause', 'full']);
  assert.is(counter(cgroup, 'cgroup.events', 'frozen'), 0);
  output(['pause', 'full']);
  output(['rm', '-f', 'full']);
});

test('a container that its policy starts again keeps its cgroup', () => {
  start('again', ['-m', '16m', '--restart', 'on-failure:1'], 'cat /proc/self/cgroup; exit 3');
  return eventually('it has ended for good', () => ending('again')[1] === '3' && output(['ps', '-q']) === '', 30000).then(() => {
    assert.is(output(['logs', 'again']), '0::/\n0::/\n');
    output(['rm', 'again']);
  });
});

test('a slice can be asked for', () => {
  start('sliced', ['--cgroup-parent', 'batch.slice', '--cpus', '1'], 'sleep 1000');
  assert.match(cgroupOf('sliced'), /\/user@1000\.service\/batch\.slice\/skiff-/);
});

test('its monitor is as small as any other', () => {
  const text = readFileSync(`/proc/${stateOf('sliced').monitorPid}/smaps_rollup`, 'utf8');
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1]);
  assert.ok(kilobytes('Private_Dirty') > 0 && kilobytes('Private_Dirty') < 60, text);
});

test('a killed monitor leaves no cgroup', async () => {
  process.kill(stateOf('sliced').monitorPid, 'SIGKILL');
  await eventually('the container has ended', () => ending('sliced')[1] === '137', 10000);
  output(['start', 'sliced']);
  assert.match(cgroupOf('sliced'), /batch\.slice/);
  output(['rm', '-f', 'sliced']);
  await eventually('systemd has taken the scopes away', () => containerCgroups().length === 0, 20000);
});

test.run();
