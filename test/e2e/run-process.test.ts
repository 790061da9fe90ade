/**
 * `skiff run`: the process in the container, its words, environment, user, directory, limits and end.
 * @also-on-node
 * @time-limit 600
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tar } from '../tar-maker.ts';
import { bare, containerDirectories, eventually, importBusybox, inBusybox, leftovers, loadImage, output, scratch, skiff, withContainer } from './skiff.ts';

test.before(() => importBusybox());

test('the environment is PATH, HOSTNAME, the variables given, and HOME from /etc/passwd', () => {
  const lines = output([...bare, '-h', 'box', '-e', 'A=1', '--env', 'B=x=y z', '-eC=', 'busybox', 'env'], { env: { SECRET: 'no' } }).trimEnd().split('\n');
  assert.equal(lines, ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOSTNAME=box', 'A=1', 'B=x=y z', 'C=', 'HOME=/root']);
});

test('-e NAME passes on what the caller has, and nothing where the caller has nothing', () => {
  assert.is(inBusybox(['-e', 'MINE', '-e', 'ABSENT'], 'echo "$MINE ${ABSENT-unset}"', { env: { MINE: 'yours', ABSENT: undefined } }), 'yours unset\n');
});

test('--env-file is read literally, and -e wins over it', () => {
  const file = join(scratch(), 'vars');
  writeFileSync(file, '# a comment\n\nA=from file\nB="quoted"\nC=$A\nMINE\n');
  assert.is(inBusybox(['--env-file', file, '-e', 'A=from flag'], 'echo "$A|$B|$C|$MINE"', { env: { MINE: 'passed' } }), 'from flag|"quoted"|$A|passed\n');
});

test('-u takes ids and names, and groups, from the container\'s own files', () => {
  const id = (...flags: readonly string[]): string => {
    const [uid = '', gid = '', ...groups] = inBusybox(flags, 'id -u; id -g; id -G').trim().split(/\s+/);
    return `${uid}:${gid} ${groups.map(Number).sort((a, b) => a - b).join(',')}`;
  };
  assert.is(id('-u', '1234'), '1234:0 0');
  assert.is(id('-u', '1234:5678'), '1234:5678 5678');
  assert.is(id('-u', 'www'), '33:33 4,33');
  assert.is(id('-u', '33'), '33:33 4,33');
  assert.is(id('-u', 'www:daemon'), '33:1 1');
  assert.is(id('-u', ':adm'), '0:4 4');
  assert.is(id('-u', 'www', '--group-add', 'daemon', '--group-add', '777'), '33:33 1,4,33,777');
});

test('the user decides HOME unless somebody set it, and has no capabilities', () => {
  assert.is(inBusybox(['-u', 'www'], 'echo $HOME; grep CapEff /proc/self/status'), '/var/www\nCapEff:\t0000000000000000\n');
  assert.is(inBusybox(['-u', 'www', '-e', 'HOME=/x'], 'echo $HOME'), '/x\n');
  assert.is(inBusybox(['-u', '4321'], 'echo $HOME'), '/\n');
});

test('-w enters a directory, and makes it where it is missing', () => {
  assert.is(inBusybox(['-w', '/etc'], 'pwd'), '/etc\n');
  assert.is(inBusybox(['-w', '/new/deep/../place'], 'pwd; stat -c "%a %u" /new/place'), '/new/place\n755 0\n');
});

test('the caller\'s umask decides nothing in the container', () => {
  const before = process.umask(0o077);
  try {
    assert.is(inBusybox(['-w', '/new/place', '--tmpfs', '/t/u'], 'stat -c %a / /new /new/place /t /etc/hosts; umask'), '755\n755\n755\n755\n644\n0022\n');
  } finally {
    process.umask(before);
  }
});

test('--entrypoint replaces the image\'s entry point and drops its command', () => {
  loadImage('entry', { Entrypoint: ['echo', 'entry'], Cmd: ['default'] });
  assert.is(output([...bare, 'entry']), 'entry default\n');
  assert.is(output([...bare, 'entry', 'given']), 'entry given\n');
  assert.is(output([...bare, '--entrypoint', 'printf', 'entry', 'a%s\n', 'b']), 'ab\n');
  assert.is(output([...bare, '--entrypoint', '', 'entry', 'echo', 'free']), 'free\n');
  assert.match(skiff([...bare, '--entrypoint', '', 'entry']).stderr, /^skiff: no command specified; .*\n$/);
});

test('an image\'s configuration is what holds without flags', () => {
  const layer = tar({ name: 'etc/', type: 'directory' }, { name: 'etc/passwd', data: 'root:x:0:0::/root:/bin/sh\nweb:x:800:801::/home/web:/bin/sh\n' }, { name: 'etc/group', data: 'root:x:0:\nextra:x:802:web\n' });
  const config = { Env: ['PATH=/bin', 'GREETING=hi'], Cmd: ['sh', '-c', 'id -u; id -G; pwd; echo $GREETING $HOME $PATH'], User: 'web', WorkingDir: '/srv/app', StopSignal: 'SIGINT', Labels: { a: '1' }, Volumes: { '/data': {} } };
  loadImage('configured', config, layer);
  assert.is(output([...bare, 'configured']), '800\n801 802\n/srv/app\nhi /home/web /bin\n');
  assert.is(output([...bare, '-u', '0', '-w', '/', '-e', 'GREETING=ho', 'configured']), '0\n0\n/\nho /root /bin\n');
});

test('an image\'s volume is writable and ends with the container', () => {
  loadImage('with-volume', { Cmd: ['sh'], Volumes: { '/data': {} } }, tar({ name: 'data/', type: 'directory' }, { name: 'data/kept', data: 'from image' }));
  assert.is(output([...bare, 'with-volume', 'sh', '-c', 'echo more >>/data/new; cat /data/kept; ls /data']), 'from imagekept\nnew\n');
  assert.is(output([...bare, 'with-volume', 'ls', '/data']), 'kept\n');
});

test('-h names the container, in the kernel, in /etc/hostname and in the environment', () => {
  assert.is(inBusybox(['-h', 'my-box.example'], 'hostname; cat /etc/hostname; echo $HOSTNAME'), 'my-box.example\nmy-box.example\nmy-box.example\n');
  assert.match(inBusybox([], 'hostname'), /^[0-9a-f]{12}\n$/);
});

test('--add-host writes /etc/hosts', () => {
  const hosts = inBusybox(['--add-host', 'db:192.0.2.7', '--add-host', 'six:2001:db8::1'], 'cat /etc/hosts');
  assert.match(hosts, /^192\.0\.2\.7\tdb$/m);
  assert.match(hosts, /^2001:db8::1\tsix$/m);
  assert.match(hosts, /^127\.0\.0\.1\tlocalhost$/m);
});

test('--ulimit sets soft and hard limits', () => {
  assert.is(inBusybox(['--ulimit', 'nofile=100:200', '--ulimit', 'core=0'], 'ulimit -Sn; ulimit -Hn; ulimit -c'), '100\n200\n0\n');
});

test('--sysctl sets what belongs to the container', () => {
  const script = 'cat /proc/sys/net/core/somaxconn /proc/sys/kernel/msgmax /proc/sys/net/ipv4/ip_unprivileged_port_start';
  assert.is(inBusybox(['--sysctl', 'net.core.somaxconn=77', '--sysctl', 'kernel.msgmax=4321'], script), '77\n4321\n0\n');
});

const zombies = (id: string): string => output(['exec', id, 'sh', '-c', 'grep -l "^State:.Z" /proc/[0-9]*/status; true']);

test('--init puts a small init in front that reaps and passes on signals', async () => {
  assert.is(inBusybox([], 'echo $$'), '1\n');
  assert.match(inBusybox(["--init"], "test $$ != 1 && tr \"\\0\" \" \" </proc/1/cmdline"), /^\/dev\/\.skiff-init init -- sh -c /);
  const orphan = ['busybox', 'sh', '-c', '(sleep 0.05 &); exec sleep 60'];
  await withContainer([], orphan, async (id) => {
    await eventually('without an init the zombie stays', () => zombies(id) !== '');
  });
  await withContainer(['--init'], orphan, async (id) => {
    await eventually('the child has ended', () => !output(['exec', id, 'ps']).includes(' sleep 0.05\n'));
    assert.is(zombies(id), '');
  });
  assert.is(output([...bare, '--init', 'busybox', 'sh', '-c', 'trap "echo got; exit 0" TERM; kill -TERM 1; sleep 5 & wait $!']), 'got\n');
  assert.is(skiff([...bare, '--init', 'busybox', 'sh', '-c', 'exit 9']).status, 9);
});

test('exit codes are the command\'s, and 128 and the number for a signal', () => {
  for (const code of [0, 1, 3, 125, 126, 127, 128, 200, 255]) assert.is(skiff([...bare, 'busybox', 'sh', '-c', `exit ${code}`]).status, code);
  assert.is(skiff([...bare, '--init', 'busybox', 'sh', '-c', 'kill -SEGV $$']).status, 139);
  assert.is(skiff([...bare, '--init', 'busybox', 'sh', '-c', 'kill -KILL $$']).status, 137);
});

test('input and output are bytes: nothing is changed, and end-of-file comes through', () => {
  const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 256));
  const copied = skiff([...bare, '-i', 'busybox', 'cat'], { input: bytes });
  assert.is(copied.status, 0);
  assert.is(createHash('sha256').update(copied.bytes).digest('hex'), createHash('sha256').update(bytes).digest('hex'));
});

test('without -i standard input is empty', () => {
  assert.is(output([...bare, 'busybox', 'cat'], { input: 'not to be seen' }), '');
});

test('standard output and standard error stay apart', () => {
  const { stdout, stderr } = skiff([...bare, 'busybox', 'sh', '-c', 'echo out; echo err >&2']);
  assert.equal({ stdout, stderr }, { stdout: 'out\n', stderr: 'err\n' });
});

test('words come through exactly: empty, blank, long, not ASCII, with newlines', () => {
  const words = ['', ' ', 'a b', '-x', 'é日本', 'two\nlines', '$HOME', '"', "'", '\\'];
  assert.is(output([...bare, 'busybox', 'printf', '[%s]', ...words]), words.map((word) => `[${word}]`).join(''));
});

test('a large command line and a large environment come through', () => {
  const long = 'x'.repeat(100_000);
  const many = Array.from({ length: 1000 }, (_, i) => ['-e', `V${i}=${'v'.repeat(50)}`]).flat();
  assert.is(inBusybox([...many, '-e', `LONG=${long}`], 'env | grep -c ^V; echo ${#LONG}'), '1000\n100000\n');
  assert.is(output([...bare, 'busybox', 'sh', '-c', 'echo $# ${#1}', 'sh', long, ...Array.from({ length: 5000 }, () => 'word')]), '5001 100000\n');
});

test('--name is given once: a second container under it is refused', () => {
  withContainer(['--name', 'taken'], ['busybox', 'sleep', '60'], (id) => {
    const second = skiff([...bare, '--name', 'taken', 'busybox', 'true']);
    assert.is(second.status, 125);
    assert.match(second.stderr, new RegExp(`^skiff: the container name "taken" is already in use by container ${id.slice(0, 12)}; .*\n$`));
    assert.is(output(['ps', '--format', '{{.Names}}']), 'taken\n');
  });
  assert.is(output([...bare, '--name', 'taken', 'busybox', 'echo', 'free again']), 'free again\n');
});

test('without --rm the container stays, with its exit code, until it is removed', () => {
  assert.is(skiff(['run', '--network', 'none', '--name', 'stays', 'busybox', 'sh', '-c', 'exit 4']).status, 4);
  assert.match(output(['ps', '-a', '--format', '{{.Names}} {{.Status}}']), /^stays Exited \(4\)/);
  assert.is(output(['rm', 'stays']), 'stays\n');
});

test('--cidfile holds the id, and outlives the container, as Docker\'s does', () => {
  const file = join(scratch(), 'cid');
  const id = withContainer(['--cidfile', file], ['busybox', 'sleep', '60'], (started) => {
    assert.is(readFileSync(file, 'utf8'), started);
    const again = skiff([...bare, '--cidfile', file, 'busybox', 'true']);
    assert.is(again.status, 125);
    assert.match(again.stderr, /^skiff: the container id file \S+ exists already; .*\n$/);
    return started;
  });
  assert.match(id, /^[0-9a-f]{64}$/);
  assert.is(existsSync(file), true);
});

test('--label and -l are kept and can be asked for', () => {
  withContainer(['--label', 'a=1', '-l', 'b', '--label', 'c=x=y'], ['busybox', 'sleep', '60'], (id) => {
    assert.is(output(['ps', '--no-trunc', '-q', '--filter', 'label=a=1', '--filter', 'label=b', '--filter', 'label=c=x=y']).trim(), id);
    assert.is(output(['ps', '-q', '--filter', 'label=a=2']), '');
    assert.is(output(['ps', '--format', '{{.Label "c"}}']), 'x=y\n');
  });
});

test('--pull never and missing use the image that is here, always asks for it', () => {
  assert.is(output([...bare, '--pull', 'never', 'busybox', 'echo', 'here']), 'here\n');
  assert.is(output([...bare, '--pull', 'missing', 'busybox', 'echo', 'here']), 'here\n');
  output(['tag', 'busybox', '127.0.0.1:1/busybox']);
  const always = skiff([...bare, '--pull', 'always', '127.0.0.1:1/busybox', 'true']);
  assert.is(always.status, 125);
  assert.match(always.stderr, /^skiff: cannot reach the registry 127\.0\.0\.1:1: connection refused\n$/);
});

test('--platform takes the host\'s own and refuses another; an image for another is warned of', () => {
  const own = process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64';
  const other = process.arch === 'arm64' ? 'linux/amd64' : 'linux/arm64';
  assert.is(output([...bare, '--platform', own, 'busybox', 'echo', 'same']), 'same\n');
  const refused = skiff([...bare, '--platform', other, 'busybox', 'true']);
  assert.is(refused.status, 125);
  assert.match(refused.stderr, new RegExp(`^skiff: .*${other}.*\n$`));
});

test('a command is found by the container\'s PATH, by a relative path, and runs with its own #!', () => {
  const layer = tar({ name: 'opt/', type: 'directory' }, { name: 'opt/tool', mode: 0o755, data: '#!/bin/sh\necho tool $0 $*\n' });
  loadImage('tools', { Cmd: ['sh'], Env: ['PATH=/opt:/bin'] }, layer);
  assert.is(output([...bare, 'tools', 'tool', 'a']), 'tool /opt/tool a\n');
  assert.is(output([...bare, '-w', '/opt', 'tools', './tool', 'b']), 'tool ./tool b\n');
});

test('a container of -d goes on by itself, and its end removes it with --rm', async () => {
  const directory = scratch();
  mkdirSync(join(directory, 'out'));
  const id = output(['run', '-d', '--rm', '--network', 'none', '-v', `${directory}/out:/out`, 'busybox', 'sh', '-c', 'sleep 0.3; echo done >/out/file']).trim();
  assert.match(id, /^[0-9a-f]{64}$/);
  await eventually('the container is gone', () => leftovers().length === 0);
  assert.is(readFileSync(join(directory, 'out/file'), 'utf8'), 'done\n');
});

test('--stop-signal is what the command gets when its monitor is asked to end', async () => {
  const trap = 'trap "echo got usr1; exit 3" USR1; echo ready; while :; do sleep 0.05; done';
  await withContainer(['--name', 'stopping', '--stop-signal', 'SIGUSR1'], ['busybox', 'sh', '-c', trap], async (id) => {
    const [directory = ''] = containerDirectories().filter((path) => path.endsWith(id));
    await eventually('the trap is set', () => readFileSync(join(directory, 'container-json.log'), 'utf8').includes('ready'));
    const { monitorPid } = JSON.parse(readFileSync(join(directory, 'state.json'), 'utf8')) as { monitorPid: number };
    process.kill(monitorPid, 'SIGTERM');
    await eventually('the container has ended', () => output(['ps', '-a', '--filter', 'name=stopping', '--format', '{{.Status}}']).startsWith('Exited (3)'));
    assert.match(readFileSync(join(directory, 'container-json.log'), 'utf8'), /got usr1/);
  });
});

test.run();
