/**
 * Limits in a service to which systemd has delegated its part of the tree, without asking any manager; and where there is nothing to ask.
 * @as root
 * @time-limit 240
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { execute, testImages } from '../../e2e/skiff.ts';
import type { Result } from '../../e2e/skiff.ts';

/** As a service of the system that runs as `user`; `script` finds its own cgroup in $own, and is not in it, but in a child. */
const inService = (user: string, script: string): Result => {
  const settings = ['--uid', user, '--property=Delegate=yes', '--setenv=PATH=/usr/local/bin:/usr/bin:/bin', `--setenv=HOME=/home/${user}`, `--setenv=IMAGE=${testImages}/busybox`];
  const enter = 'own=/sys/fs/cgroup$(sed s/^0::// /proc/self/cgroup); mkdir $own/init; echo 0 >$own/init/cgroup.procs';
  return execute(['systemd-run', '--quiet', '--wait', '--pipe', '--collect', ...settings, 'sh', '-ec', `${enter}; ${script}`]);
};

test('the container is made in our own part of the tree', () => {
  const { status, stdout, stderr } = inService('bar', `
    skiff run -d --network none --name own -m 16m --memory-swap 16m --rootfs $IMAGE sleep 1000 >/dev/null
    ls -d $own/skiff-*/container | sed s/[0-9a-f]*.container/ID/; cat $own/skiff-*/container/memory.max
    skiff exec own tail /dev/zero || echo exec $?
    skiff inspect --format '{{.State.OOMKilled}}' own
    skiff update --pids-limit 20 own; cat $own/skiff-*/container/pids.max
    skiff pause own; cat $own/skiff-*/container/cgroup.freeze; skiff unpause own
    skiff rm -f own; ls -d $own/skiff-* 2>/dev/null || echo nothing left`);
  assert.is(status, 0, stderr);
  assert.match(stdout, /^\/sys\/fs\/cgroup\/system\.slice\/run-\S+\.service\/skiff-ID\n16777216\nexec 137\ntrue\nown\n20\nown\n1\nown\nown\nnothing left\n$/);
});

test('what a killed monitor leaves there is removed by the next command', () => {
  const { status, stdout, stderr } = inService('bar', `
    skiff run -d --network none --name lost --pids-limit 9 --rootfs $IMAGE sleep 1000 >/dev/null
    # One that helped to start it may be listed still and gone by now: that is no failure, the monitor is what counts.
    for pid in $(cat $own/skiff-*/supervisor/cgroup.procs); do kill -9 $pid 2>/dev/null || true; done
    ls -d $own/skiff-* | wc -l
    skiff ps -a --format '{{.Status}}'; ls -d $own/skiff-* 2>/dev/null || echo nothing left
    skiff rm lost`);
  assert.is(status, 0, stderr);
  assert.match(stdout, /^1\nExited \(137\) .*\nnothing left\nlost\n$/);
});

test('companions are beside the container, not in it, and gone with it', () => {
  const { status, stdout, stderr } = inService('bar', `
    skiff --storage-driver fuse-overlayfs run -d --name fuse --network slirp4netns -m 32m --rootfs $IMAGE sleep 1000 >/dev/null
    for pid in $(cat $own/skiff-*/supervisor/cgroup.procs); do cat /proc/$pid/comm; done | sort
    for pid in $(cat $own/skiff-*/container/cgroup.procs); do cat /proc/$pid/comm; done
    skiff rm -f fuse; ls -d $own/skiff-* 2>/dev/null || echo nothing left
    skiff run --rm -m 32m --rootfs $IMAGE true; ls -d $own/skiff-* 2>/dev/null || echo nothing left`);
  assert.is(status, 0, stderr);
  assert.is(stdout, 'fuse-overlayfs\nskiff-monitor\nslirp4netns\nsleep\nfuse\nnothing left\nnothing left\n');
});

test('who has one id only has limits too', () => {
  execute(['useradd', '--system', '-m', 'solo']);
  const { stdout } = inService('solo', 'skiff run --rm --network none -m 16m --rootfs $IMAGE cat /sys/fs/cgroup/memory.max');
  assert.is(stdout, '16777216\n');
});

test('without a manager and without a part of the tree the flag is refused', () => {
  execute(['useradd', '-m', 'stranger']);
  const { status, stdout, stderr } = execute(['setpriv', '--reuid', 'stranger', '--regid', 'stranger', '--init-groups', 'env', 'HOME=/home/stranger', 'XDG_RUNTIME_DIR=', 'skiff', 'run', '--rm', '-m', '16m', '--rootfs', `${testImages}/busybox`, 'true']);
  assert.equal({ status, stdout }, { status: 125, stdout: '' });
  assert.match(stderr, /^skiff: --memory needs a cgroup: there is no systemd user manager for you, and no cgroup has been delegated to you; log in, or have a manager without that: loginctl enable-linger; .*\n$/);
});

test.run();
