/**
 * Volumes of FUSE programs, with real ones: squashfuse and sshfs (libfuse 3), fuse2fs (libfuse 2).
 * @one-driver
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bare, eventually, execute, importBusybox, loadImage, output, removeAll, scratch, skiff, withContainer } from './skiff.ts';
import { startSshd } from './sshd.ts';
import { tar } from '../tar-maker.ts';
import { killNow, ourProcesses, processesCalled, start, traces } from './traces.ts';
import type { Sshd } from './sshd.ts';

let directory = '';
let sshd: Sshd | undefined;
const server = (): Sshd => {
  if (sshd === undefined) throw new Error('sshd does not run');
  return sshd;
};

const inside = (flags: readonly string[], script: string): string => output([...bare, ...flags, 'busybox', 'sh', '-c', script]);

const make = (name: string, program: string, device: string, ...o: readonly string[]): void =>
  void output(['volume', 'create', '--driver', 'fuse', '--opt', `program=${program}`, '--opt', `device=${device}`, ...(o.length === 0 ? [] : ['--opt', `o=${o.join(',')}`]), name]);

const commandLine = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
};

/** Pids of the FUSE programs that serve this file. */
const programOf = (device: string): readonly number[] => ourProcesses().map(({ pid }) => pid).filter((pid) => new RegExp(`^/\\S+ -f .*${device}`).test(commandLine(pid)));

const holders = (): readonly string[] => {
  const place = join(process.env['XDG_RUNTIME_DIR'] ?? '', 'skiff/v');
  return existsSync(place) ? readdirSync(place) : [];
};

const status = (name: string): { readonly State: string; readonly HolderPid: number; readonly Reason?: string } =>
  JSON.parse(output(['volume', 'inspect', '--format', '{{json .Status}}', name])) as { State: string; HolderPid: number; Reason?: string };

const squashImage = (name: string): string => {
  const [source, image] = [join(directory, `${name}.d`), join(directory, `${name}.sqfs`)];
  mkdirSync(join(source, 'sub'), { recursive: true });
  writeFileSync(join(source, 'sub/file'), `in ${name}\n`, { mode: 0o644 });
  assert.is(execute(['mksquashfs', source, image, '-quiet', '-no-progress']).status, 0);
  return image;
};

const ext4Image = (name: string): string => {
  const image = join(directory, `${name}.ext4`);
  const { status: code, stderr } = execute(['mke2fs', '-q', '-t', 'ext4', '-E', `root_owner=${process.getuid?.()}:${process.getgid?.()}`, image, '8M']);
  assert.equal({ code, stderr }, { code: 0, stderr: '' });
  return image;
};

test.before(async () => {
  importBusybox();
  directory = scratch();
  sshd = await startSshd(join(directory, 'ssh'));
});

test.after(async () => {
  await sshd?.stop();
  output(['volume', 'rm', '-f', ...output(['volume', 'ls', '-q']).split('\n').filter((name) => name !== '')]);
});

test.after.each(removeAll);

test('squashfuse: containers share one mount, which comes with the first and goes with the last', async () => {
  const image = squashImage('shared');
  make('shared', 'squashfuse', image);
  assert.equal(status('shared'), { State: 'idle' });
  await withContainer(['-v', 'shared:/s'], ['busybox', 'sleep', '1000'], async (first) => {
    assert.is(output(['exec', first, 'cat', '/s/sub/file']), 'in shared\n');
    assert.match(output(['exec', first, 'sh', '-c', 'mount | grep " /s "']), /^\S+shared\.sqfs on \/s type fuse\.squashfuse \(.*nosuid,nodev.*allow_other/);
    assert.is(inside(['-v', 'shared:/s:ro', '--user', '1000:1000'], 'cat /s/sub/file'), 'in shared\n');
    assert.is(programOf('shared.sqfs').length, 1, 'one program for all');
    assert.is(status('shared').State, 'mounted');
    assert.match(skiff(['volume', 'rm', 'shared']).stderr, /volume is in use/);
    assert.is(skiff([...bare, '-v', 'shared:/s', 'busybox', 'touch', '/s/x']).status, 1, 'it is read-only by itself');
  });
  assert.equal(programOf('shared.sqfs'), []);
  assert.equal(holders(), [], 'when rm returns, nothing is left');
  assert.equal(status('shared'), { State: 'idle' });
});

test('fuse2fs: what is written outlives containers, and is on the image when run returns', () => {
  const image = ext4Image('data');
  make('data', 'fuse2fs', image, 'fakeroot', 'default_permissions');
  assert.is(inside(['-v', 'data:/d'], 'echo kept > /d/file; mkdir /d/own; chown 80:80 /d/own; df -k /d | tail -1 | awk \'{print ($2 > 1000)}\''), '1\n');
  assert.equal(programOf('data.ext4'), []);
  assert.match(execute(['debugfs', '-R', 'cat /file', image]).stdout, /^kept/);
  assert.is(execute(['e2fsck', '-fn', image]).status, 0, 'it was unmounted in peace');
  assert.is(inside(['-v', 'data:/d'], 'cat /d/file; stat -c %u /d/own'), 'kept\n80\n');
});

test('a user in the container is somebody else, whom the owner and mode of files hold off', () => {
  make('owned', 'fuse2fs', ext4Image('owned'));
  const script = 'touch /d/mine; chmod 600 /d/mine';
  inside(['-v', 'owned:/d'], script);
  assert.is(inside(['-v', 'owned:/d', '--user', '1000:1000'], 'cat /d/mine 2>&1; touch /d/new 2>&1; stat -c %u /d/mine'), "cat: can't open '/d/mine': Permission denied\ntouch: /d/new: Permission denied\n0\n");
});

test('sshfs: a directory of a host that one can log in to, as root and as a user of the container', () => {
  const remote = join(directory, 'remote');
  mkdirSync(remote);
  writeFileSync(join(remote, 'there'), 'hello\n', { mode: 0o644 });
  make('far', 'sshfs', `${server().user}@127.0.0.1:${remote}`, ...server().options, 'reconnect');
  assert.is(inside(['-v', 'far:/f'], 'cat /f/there; stat -c %u:%g /f/there; echo back > /f/new'), 'hello\n0:0\n');
  assert.is(readFileSync(join(remote, 'new'), 'utf8'), 'back\n');
  assert.is(inside(['-v', 'far:/f', '--user', '1000'], 'cat /f/new'), 'back\n');
  make('far-80', 'sshfs', `${server().user}@127.0.0.1:${remote}`, ...server().options, 'uid=80', 'gid=81', 'default_permissions', 'ro');
  assert.is(inside(['-v', 'far-80:/f', '--user', '80:81'], 'stat -c %u:%g /f/there; cat /f/there; touch /f/x 2>&1 || true'), '80:81\nhello\ntouch: /f/x: Read-only file system\n');
});

test('what an image has is copied into an empty one, once', () => {
  const remote = join(directory, 'empty');
  mkdirSync(remote);
  loadImage('filled', { Volumes: { '/srv': {} } }, tar({ name: 'srv/', type: 'directory' }, { name: 'srv/index', data: 'from the image\n' }));
  make('site', 'sshfs', `${server().user}@127.0.0.1:${remote}`, ...server().options);
  assert.is(output([...bare, '-v', 'site:/srv', 'filled', 'cat', '/srv/index']), 'from the image\n');
  assert.is(readFileSync(join(remote, 'index'), 'utf8'), 'from the image\n');
  writeFileSync(join(remote, 'index'), 'changed\n');
  assert.is(output([...bare, '-v', 'site:/srv', 'filled', 'cat', '/srv/index']), 'changed\n');
});

test('a program that cannot mount is an error of the start, with its last words', () => {
  const noise = join(directory, 'noise');
  writeFileSync(noise, 'x'.repeat(5000));
  make('noise', 'squashfuse', noise);
  const refused = skiff([...bare, '-v', 'noise:/n', 'busybox', 'true']);
  assert.is(refused.status, 125);
  assert.match(refused.stderr, /^skiff: cannot mount the volume noise: squashfuse has ended with code \d+ \(.*squashfs image.*\)\n$/);
  make('stranger', 'sshfs', `${server().user}@127.0.0.1:/`, ...server().options.filter((word) => !word.startsWith('UserKnownHostsFile')), 'UserKnownHostsFile=/dev/null');
  assert.match(skiff([...bare, '-v', 'stranger:/n', 'busybox', 'true']).stderr, /cannot mount the volume stranger: sshfs has ended with code 1 \(.*[Hh]ost key verification failed/);
  const closed = join(directory, 'closed.ext4');
  make('closed', 'fuse2fs', closed);
  assert.match(skiff([...bare, '-v', 'closed:/n', 'busybox', 'true']).stderr, /cannot mount the volume closed: fuse2fs has ended with code \d \(.*closed\.ext4/);
  assert.equal(holders(), []);
});

test('what cannot be is refused before there is a volume', () => {
  const create = (...options: readonly string[]): string => skiff(['volume', 'create', '--driver', 'fuse', ...options.flatMap((option) => ['--opt', option]), 'wrong']).stderr;
  assert.match(create(), /missing required option: "program"/);
  assert.match(create('program=no-such-fs', 'device=/x'), /no such program: no-such-fs/);
  assert.match(create('program=sshfs', 'device=-oProxyCommand=id'), /option of its own/);
  assert.match(create('program=sshfs', 'device=h:', 'o=allow_root'), /everybody in them may look/);
  assert.is(skiff(['volume', 'inspect', 'wrong']).status, 1);
  output(['volume', 'create', '--opt', 'type=nfs', '--opt', 'device=:/export', '--opt', 'o=addr=10.0.0.1', 'nfs']);
  const { status: code, stderr } = skiff([...bare, '-v', 'nfs:/n', 'busybox', 'true']);
  assert.is(code, 125);
  assert.match(stderr, /the kernel lets only root of the host mount nfs, not a user namespace;.*--driver fuse --opt program=sshfs/);
});

test('a program that dies takes its files away, and the next start brings them back', async () => {
  make('frail', 'fuse2fs', ext4Image('frail'));
  await withContainer(['-v', 'frail:/d'], ['busybox', 'sh', '-c', 'echo here > /d/file; sync; exec sleep 1000'], async (id) => {
    await eventually('it has written', () => skiff(['exec', id, 'cat', '/d/file']).stdout === 'here\n');
    for (const pid of programOf('frail.ext4')) process.kill(pid, 'SIGKILL');
    await eventually('the holder has noticed', () => status('frail').State === 'ended');
    assert.match(skiff(['exec', id, 'ls', '/d']).stderr, /Transport endpoint is not connected/);
    assert.match(status('frail').Reason ?? '', /^fuse2fs was killed by signal 9/);
    assert.is(inside(['-v', 'frail:/d'], 'test -d /d/lost+found && echo again'), 'again\n');
    output(['restart', '-t', '0', id]);
    assert.match(output(['exec', id, 'sh', '-c', 'ls /d']), /lost\+found/);
  });
  assert.equal(programOf('frail.ext4'), []);
});

test('a restart policy finds a new mount, and another runtime the same one', async () => {
  make('policy', 'squashfuse', squashImage('policy'));
  const id = output(['run', '-d', '--restart', 'on-failure:5', '--network', 'none', '-v', 'policy:/s', 'busybox', 'sh', '-c', 'cat /s/sub/file || exit 9; while ls /s/sub/file > /dev/null; do sleep 0.1; done; exit 3']).trim();
  await eventually('it runs', () => skiff(['logs', id]).stdout === 'in policy\n');
  for (const pid of programOf('policy.sqfs')) killNow(pid);
  await eventually('it runs again, and has what it had', () => skiff(['logs', id]).stdout === 'in policy\nin policy\n');
  assert.is(inside(['--runtime', 'runc', '-v', 'policy:/s'], 'cat /s/sub/file'), 'in policy\n');
});

test('whatever is killed, nothing is left over and the next start works', async () => {
  make('killed', 'squashfuse', squashImage('killed'));
  const victims: Readonly<Record<string, () => readonly number[]>> = {
    holder: () => [status('killed').HolderPid],
    'who looks after the program': () => processesCalled('skiff-volume').map(({ pid }) => pid).filter((pid) => pid !== status('killed').HolderPid),
    program: () => programOf('killed.sqfs'),
    keeper: () => processesCalled('skiff-keeper').map(({ pid }) => pid),
    monitor: () => processesCalled('skiff-monitor').map(({ pid }) => pid),
    everything: () => ourProcesses().filter(({ name }) => /^skiff-/.test(name)).map(({ pid }) => pid),
  };
  for (const [who, pids] of Object.entries(victims)) {
    output(['run', '-d', '--name', 'victim', '--network', 'none', '-v', 'killed:/s', 'busybox', 'sleep', '1000']);
    const targets = pids();
    assert.ok(targets.length > 0, `${who} is there`);
    targets.forEach(killNow);
    if (who !== 'keeper' && who !== 'monitor' && who !== 'everything') {
      assert.is(inside(['-v', 'killed:/s'], 'cat /s/sub/file'), 'in killed\n', `beside a container that has lost its ${who}`);
    }
    skiff(['rm', '-f', 'victim']);
    assert.is(inside(['-v', 'killed:/s'], 'cat /s/sub/file'), 'in killed\n', `after the end of ${who}`);
    skiff(['ps', '-a']);
    await eventually(`nothing is left by the end of ${who}`, () => traces().every((line) => line.endsWith(' sshd')));
  }
});

test('nobody has to wait for a program that does not answer', async () => {
  const program = join(directory, 'hang');
  writeFileSync(program, '#!/bin/sh\nexec sleep 4711\n', { mode: 0o755 });
  output(['volume', 'create', '-d', 'fuse', '-o', `program=${program}`, 'hang']);
  const { child, end } = start([...bare, '-v', 'hang:/h', 'busybox', 'true']);
  await eventually('it waits for the program', () => ourProcesses().some(({ pid }) => commandLine(pid) === 'sleep 4711 '));
  await eventually('signals are passed on', () => (Number.parseInt(/^SigBlk:\t([0-9a-f]+)$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]?.slice(-2) ?? '0', 16) & 2) !== 0);
  child.kill('SIGINT');
  const { status: code, stderr } = await end;
  assert.equal({ code, stderr }, { code: 125, stderr: 'skiff: the container was told to end before the volume hang was mounted\n' });
  await eventually('the program is gone', () => traces().every((line) => line.endsWith(' sshd')));
});

test('of containers that start together one mounts, and the others wait', async () => {
  make('crowd', 'squashfuse', squashImage('crowd'));
  for (let round = 0; round < 3; round++) {
    const started = Array.from({ length: 6 }, () => start([...bare, '-v', 'crowd:/s', 'busybox', 'cat', '/s/sub/file']));
    const ends = await Promise.all(started.map(({ end }) => end));
    assert.equal(ends.map(({ stdout, stderr }) => stdout + stderr), Array.from({ length: 6 }, () => 'in crowd\n'));
    await eventually('the last has unmounted', () => programOf('crowd.sqfs').length === 0 && holders().length === 0);
  }
});

test.run();
