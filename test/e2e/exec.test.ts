/**
 * `skiff exec`: a second command in a container, its streams, environment, user, confinement and end.
 * @also-on-node
 * @time-limit 600
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, execute, importBusybox, output, removeAll, scratch, skiff, skiffCommand, testImages } from './skiff.ts';

test.before(() => importBusybox());
test.after.each(removeAll);

/** A detached container called `box` that sleeps. */
const startBox = (...flags: readonly string[]): void => void output(['run', '-d', '--network', 'none', '--name', 'box', ...flags, 'busybox', 'sleep', '1000']);

const inBox = (script: string, ...flags: readonly string[]): string => output(['exec', ...flags, 'box', 'sh', '-c', script]);

test('exit codes, 126 and 127 included, and streams apart', () => {
  startBox();
  for (const code of [0, 1, 42, 255]) assert.is(skiff(['exec', 'box', 'sh', '-c', `exit ${code}`]).status, code);
  const { status, stdout, stderr } = skiff(['exec', 'box', 'sh', '-c', 'echo out; echo err >&2; kill -9 $$']);
  assert.equal({ status, stdout, stderr }, { status: 137, stdout: 'out\n', stderr: 'err\n' });
  const missing = skiff(['exec', 'box', 'no-such-program']);
  assert.is(missing.status, 127);
  assert.match(missing.stderr, /^skiff: exec: "no-such-program": executable file not found in the container's PATH\n$/);
  assert.is(skiff(['exec', 'box', '/etc/passwd']).status, 126);
  assert.is(skiff(['exec', 'box', '/etc']).status, 126);
  assert.is(output(['ps', '--format', '{{.Status}}']).startsWith('Up'), true);
});

test('-i carries input to its end; without it there is none', () => {
  startBox();
  const data = Buffer.alloc(1 << 20, 'some text that is repeated\n');
  assert.equal(skiff(['exec', '-i', 'box', 'cat'], { input: data }).bytes, data);
  assert.is(output(['exec', 'box', 'cat'], { input: 'not read' }), '');
});

test('-e, --env-file, -u and -w; the rest is the container\'s', () => {
  startBox('-e', 'OWN=container', '-w', '/etc', '-u', 'daemon');
  assert.is(inBox('echo $OWN $MORE; pwd; id -u', '-e', 'MORE=exec'), 'container exec\n/etc\n1\n');
  assert.is(inBox('echo $OWN; pwd; id -un; echo $HOME', '-e', 'OWN=exec', '-u', 'www', '-w', '/tmp'), 'exec\n/tmp\nwww\n/var/www\n');
  assert.is(inBox('id -u; id -g', '-u', '7:8'), '7\n8\n');
});

test('errors of the command line are one line and 125, and start nothing', () => {
  startBox();
  const failure = (code: number, ...words: readonly string[]): string => {
    const { status, stdout, stderr } = skiff(['exec', ...words]);
    assert.equal({ status, stdout }, { status: code, stdout: '' }, words.join(' '));
    return stderr;
  };
  assert.match(failure(1, 'nobody', 'true'), /^skiff: no such container: nobody\n$/);
  assert.match(failure(1, '-it', 'nobody', 'true'), /^skiff: no such container: nobody\n$/);
  assert.match(failure(1, '-it', 'box', 'true'), /^skiff: the input device is not a TTY; leave -t out\n$/);
  assert.match(failure(126, '-u', 'ghost', 'box', 'true'), /^skiff: unable to find user ghost: .*\n$/);
  assert.match(failure(126, '-w', '/no/such', 'box', 'true'), /^skiff: cannot enter the working directory \/no\/such: .*\n$/);
  assert.match(failure(125, '-w', 'relative', 'box', 'true'), /^skiff: invalid --workdir .*\n$/);
  assert.match(failure(125, '--detach-keys', 'ctrl-?', 'box', 'true'), /^skiff: invalid detach keys .*\n$/);
  assert.match(failure(125, 'box'), /^skiff: 'skiff exec' requires at least 2 arguments: .*\n$/);
});

test('in a stopped container, one that was never started and a paused one it fails and says so', () => {
  output(['run', '--network', 'none', '--name', 'ended', 'busybox', 'true']);
  output(['create', '--network', 'none', '--name', 'fresh', 'busybox', 'true']);
  startBox();
  output(['pause', 'box']);
  const failure = (name: string, ...flags: readonly string[]): string => {
    const { status, stdout, stderr } = skiff(['exec', ...flags, name, 'true']);
    assert.equal({ status, stdout }, { status: 1, stdout: '' });
    return stderr;
  };
  for (const name of ['ended', 'fresh']) assert.is(failure(name), `skiff: container ${name} is not running; see 'skiff ps -a'\n`);
  assert.is(failure('ended', '-d'), "skiff: container ended is not running; see 'skiff ps -a'\n");
  assert.is(failure('box'), 'skiff: container box is paused, unpause the container before exec\n');
  assert.is(failure('box', '-dit'), 'skiff: container box is paused, unpause the container before exec\n');
});

test('every combination of -d, -i and -t, with all that says how the command runs', async () => {
  startBox('-e', 'OWN=container');
  const file = join(scratch(), 'env');
  writeFileSync(file, 'FROM_FILE=yes\n');
  const how = ['-e', 'OWN=exec', '--env-file', file, '-u', '7:8', '-w', '/tmp', '--privileged', '--detach-keys', 'ctrl-x'];
  const script = 'echo $OWN $FROM_FILE $(id -u):$(id -g) $(pwd) $(grep -c "CapBnd:.0*1ff" /proc/self/status) $(test -t 2 && echo tty)';
  const expected = (tty: boolean): string => `exec yes 7:8 /tmp 1${tty ? ' tty' : ''}`;
  for (const flags of [[], ['-i'], ['-t']]) assert.is(inBox(script, ...how, ...flags).trim(), expected(flags.includes('-t')), flags.join(' '));
  for (const flags of [['-d'], ['-di'], ['-dt'], ['-dit']]) {
    assert.is(output(['exec', ...how, ...flags, 'box', 'sh', '-c', `{ ${script}; } >/tmp/out 2>&1; mv /tmp/out /tmp/done`]), '');
    await eventually('it has ended', () => skiff(['exec', 'box', 'test', '-e', '/tmp/done']).status === 0);
    // Its output goes to the file, so that the terminal is looked for elsewhere.
    assert.is(output(['exec', 'box', 'cat', '/tmp/done']).trim(), expected(false), flags.join(' '));
    output(['exec', 'box', 'rm', '/tmp/done']);
    output(['exec', ...flags, 'box', 'sh', '-c', 'test -t 0; echo $? >/tmp/terminal; mv /tmp/terminal /tmp/done']);
    await eventually('it has ended', () => skiff(['exec', 'box', 'test', '-e', '/tmp/done']).status === 0);
    assert.is(output(['exec', 'box', 'cat', '/tmp/done']), flags.some((flag) => flag.includes('t')) ? '0\n' : '1\n', flags.join(' '));
    output(['exec', 'box', 'rm', '/tmp/done']);
  }
});

const confinement = "grep -E '^(Cap|NoNewPrivs|Seccomp|Uid|Gid|Groups)' /proc/self/status; ulimit -n; cat /proc/self/oom_score_adj";

test('it is as confined as the container\'s own command', () => {
  for (const flags of [[], ['--cap-drop', 'ALL', '--cap-add', 'CHOWN'], ['-u', 'www'], ['--security-opt', 'no-new-privileges', '--ulimit', 'nofile=100:200'], ['--privileged']]) {
    output(['run', '-d', '--network', 'none', '--name', 'box', ...flags, 'busybox', 'sh', '-c', `{ ${confinement}; } >/tmp/own; exec sleep 1000`]);
    const own = (): string => skiff(['exec', 'box', 'cat', '/tmp/own']).stdout;
    // The file is there once the container's command has written it.
    for (let tries = 0; tries < 100 && own().split('\n').length < 14; tries += 1);
    assert.is(inBox(confinement), own(), flags.join(' '));
    removeAll();
  }
});

test('it is in the container\'s namespaces, and the processes see each other', () => {
  startBox();
  const kinds = ['user', 'mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup'];
  const script = `for k in ${kinds.join(' ')}; do test "$(readlink /proc/1/ns/$k)" = "$(readlink /proc/self/ns/$k)" && echo $k; done`;
  assert.is(inBox(script), `${kinds.join('\n')}\n`);
  assert.match(inBox('ps'), /1 root .*sleep 1000/);
});

test('--privileged has every capability that the container could have, without the container\'s limits', () => {
  startBox('--cap-drop', 'ALL');
  assert.is(inBox('grep CapEff /proc/self/status'), 'CapEff:\t0000000000000000\n');
  assert.match(inBox('grep CapEff /proc/self/status', '--privileged'), /^CapEff:\t000001ffffffffff\n$/);
});

test('nothing of the host leaks in', () => {
  startBox();
  assert.is(output(['exec', 'box', 'env'], { env: { SECRET: 'no' } }).includes('SECRET'), false);
  // The shell waits for ls and has nothing open of its own then; with a pipeline, or a pattern of file names, it would for a moment.
  assert.is(inBox('ls /proc/$$/fd; true'), '0\n1\n2\n');
});

test('-d returns at once and leaves it running', async () => {
  startBox();
  const { status, stdout, stderr } = skiff(['exec', '-d', 'box', 'sh', '-c', 'sleep 0.2; echo done >/tmp/done; sleep 1000']);
  assert.equal({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' });
  await eventually('it has written', () => skiff(['exec', 'box', 'cat', '/tmp/done']).stdout === 'done\n');
  assert.is(skiff(['exec', '-d', 'box', 'no-such-program']).status, 127);
});

test('it ends with the container', async () => {
  startBox();
  const [program, ...words] = skiffCommand;
  const child = spawn(program, [...words, 'exec', 'box', 'sh', '-c', 'echo ready; exec sleep 1000'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  output(['rm', '-f', 'box']);
  assert.is(await ended, 137);
});

test('a container whose image has no shell', () => {
  output(['run', '-d', '--network', 'none', '--name', 'bare', '-v', `${join(testImages, 'busybox/bin/busybox')}:/busybox:ro`, '--rootfs', scratch(), '/busybox', 'sleep', '1000']);
  assert.is(output(['exec', 'bare', '/busybox', 'echo', 'here']), 'here\n');
  assert.is(skiff(['exec', 'bare', 'sh']).status, 127);
});

test('a command that has ended before its pid is known', () => {
  startBox();
  // Every message is late, the one with the pid too; a lost end would leave everybody waiting.
  const late = ['timeout', '-s', 'KILL', '30', 'strace', '-f', '-o', '/dev/null', '-e', 'trace=sendmsg', '-e', 'inject=sendmsg:delay_enter=200000'];
  assert.is(execute([...late, ...skiffCommand, 'exec', 'box', 'sh', '-c', 'exit 7']).status, 7);
});

test('twenty at once', async () => {
  startBox();
  const [program, ...words] = skiffCommand;
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, n) => new Promise<string>((resolve) => {
      const child = spawn(program, [...words, 'exec', 'box', 'sh', '-c', `echo ${n}; exit ${n}`], { stdio: ['ignore', 'pipe', 'inherit'] });
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => void (text += chunk.toString()));
      child.on('close', (code) => resolve(`${text.trim()}:${code}`));
    })),
  );
  assert.equal(results, Array.from({ length: 20 }, (_, n) => `${n}:${n}`));
});

test.run();
