/**
 * Limits where there are no cgroups for us, as on most machines that build software: refused in one line, before anything is made. What they do where they
 * can be had is tested in the virtual machine (test/vm/limits).
 * @one-driver
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bare, importBusybox, leftovers, output, removeAll, skiff, withContainer } from './skiff.ts';

test.before(() => importBusybox());
test.after.each(removeAll);

/** The tests' account has neither a user manager nor a part of the tree. */
const noCgroup = /needs (cgroups of version 2 alone: .*|a cgroup: there is no systemd user manager for you.*); .*--ulimit/;

const says = (words: readonly string[], code: number, line: RegExp): void => {
  const { status, stdout, stderr } = skiff(words);
  assert.equal({ status, stdout }, { status: code, stdout: '' }, stderr);
  assert.match(stderr, /^skiff: [^\n]+\n$/);
  assert.match(stderr, line);
};

test('each limit is refused by its name, and nothing is left', () => {
  const flags = [
    ['--memory', '64m'], ['--memory-reservation', '64m'], ['--cpus', '1'], ['--cpu-shares', '512'], ['--cpu-quota', '50000'], ['--cpu-period', '50000'],
    ['--cpuset-cpus', '0'], ['--cpuset-mems', '0'], ['--pids-limit', '10'], ['--blkio-weight', '500'], ['--cgroup-parent', 'x.slice'],
  ];
  for (const [flag = '', value = ''] of flags) {
    says([...bare, flag, value, 'busybox', 'true'], 125, noCgroup);
    says([...bare, flag, value, 'busybox', 'true'], 125, new RegExp(`^skiff: ${flag} needs`));
  }
  says([...bare, '-m', '64m', 'busybox', 'true'], 125, /^skiff: --memory needs/);
  says([...bare, '-c', '64', 'busybox', 'true'], 125, /^skiff: --cpu-shares needs/);
  says(['create', '--memory', '64m', 'busybox', 'true'], 1, noCgroup);
  assert.equal(leftovers(), []);
});

test('a value that is none is said before that', () => {
  says([...bare, '--memory', 'much', 'busybox', 'true'], 125, /invalid --memory 'much'/);
  says([...bare, '--memory', '1m', 'busybox', 'true'], 125, /the least memory limit allowed is 6MB/);
  says([...bare, '--cpus', '4096', 'busybox', 'true'], 125, /the range of --cpus is from 0\.01 to/);
  says([...bare, '--device-read-bps', '/dev/null:1mb', 'busybox', 'true'], 125, /\/dev\/null is not a block device/);
  says([...bare, '--device-read-bps', '/dev/nosuchdisk:1mb', 'busybox', 'true'], 125, /no such device: \/dev\/nosuchdisk/);
});

test('what version 2 does not have is refused anywhere', () => {
  for (const flag of ['--memory-swappiness=10', '--oom-kill-disable', '--cpu-rt-period=1000', '--cpu-rt-runtime=1000', '--kernel-memory=64m']) {
    says([...bare, flag, 'busybox', 'true'], 125, new RegExp(`${flag.split('=')[0]}: cgroups of version 2`));
  }
});

test('what says that there is no limit needs no cgroup', () => {
  output([...bare, '--memory', '0', '--cpus', '0', '--cpu-shares', '0', '--pids-limit', '-1', '--memory-swap', '-1', '--cpu-quota', '-1', 'busybox', 'true']);
});

test('update refuses what cannot be had, and changes nothing', () => {
  says(['update', 'nobody'], 125, /you must provide one or more flags/);
  says(['update', '--memory', '64m', 'nobody'], 1, /no such container: nobody/);
  const before = output(['create', '--name', 'idle', 'busybox', 'true']).trim();
  says(['update', '--pids-limit', '10', 'idle'], 1, noCgroup);
  assert.is(output(['inspect', '--format', '{{.HostConfig.PidsLimit}}', before]), '<nil>\n');
  withContainer(['--name', 'busy'], ['busybox', 'sleep', '1000'], () => {
    says(['update', '--memory', '64m', 'busy'], 1, /container busy runs without a cgroup of its own, because it was started without limits; stop it, update it, and start it again/);
  });
});

test.run();
