/**
 * `run -it`, `exec -it` and `attach` at a real terminal: typing, window size, modes, signals, leaving and coming back.
 * @also-on-node
 * @time-limit 600
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { atTerminal, ctrl, onTerminal, shellSkiff } from './pty.ts';
import { bare, eventually, importBusybox, leftovers, output, removeAll, skiff } from './skiff.ts';

test.before(() => importBusybox());
test.after.each(removeAll);

const shell = [...bare, '-it', 'busybox', 'sh'];

/** A detached, named container with a shell at a terminal, removed afterwards. */
const withShell = (body: (name: string) => void, ...flags: readonly string[]): void => {
  output(['run', '-dit', '--network', 'none', '--name', 'shell', ...flags, 'busybox', 'sh']);
  try {
    body('shell');
  } finally {
    skiff(['rm', '-f', 'shell']);
  }
};

test('a shell has a prompt, echoes, runs what is typed, and its exit code is the exit code', () => {
  const { status, mode, screen } = atTerminal(shell, ['expect:# ', 'send:echo $((40+2))\r', 'expect:42\r\n', 'expect:# ', 'send:exit 7\r']);
  assert.is(status, 7);
  assert.is(mode, 'cooked');
  assert.match(screen, 'echo $((40+2))\r\n42\r\n');
});

test('the terminal is /dev/console and the first of its own /dev/pts, and TERM is set', () => {
  const script = 'tty; for n in 0 1 2; do readlink /proc/$$/fd/$n; done; test /dev/console -ef /dev/pts/0 && echo same; echo TERM=$TERM; stat -c %t:%T /dev/console; exit 0';
  const { screen } = atTerminal([...bare, '-it', 'busybox', 'sh', '-c', script], []);
  assert.match(screen, /^(\/dev\/pts\/0\r\n){4}same\r\nTERM=xterm\r\n88:0\r\n$/);
});

test('TERM that the user sets wins', () => {
  assert.is(atTerminal([...bare, '-it', '-e', 'TERM=dumb', 'busybox', 'sh', '-c', 'echo $TERM'], []).screen, 'dumb\r\n');
});

test('the window has the terminal\'s size from the start, and follows it', () => {
  assert.is(atTerminal([...bare, '-it', 'busybox', 'stty', 'size'], [], '37x141').screen, '37 141\r\n');
  atTerminal(shell, ['expect:# ', 'size:50x90', 'send:sleep 0.1; stty size\r', 'expect:50 90', 'size:10x40', 'send:sleep 0.1; stty size\r', 'expect:10 40', 'send:exit\r'], '24x80');
});

test('a change of size while raw leaves the terminal as it was in the end', () => {
  assert.is(atTerminal(shell, ['mode:raw', 'expect:# ', 'size:33x33', 'send:stty size\r', 'expect:33 33', 'send:exit\r']).mode, 'cooked');
});

test('a program is told that its window has changed', () => {
  const script = "trap 'stty size; exit 9' WINCH; echo ready; while :; do sleep 0.05; done";
  assert.is(atTerminal([...bare, '-it', 'busybox', 'sh', '-c', script], ['expect:ready', 'size:41x42', 'expect:41 42']).status, 9);
});

test('Ctrl-C, Ctrl-\\ and Ctrl-D reach the program, not the command line', () => {
  const script = "trap 'echo interrupted' INT; trap 'q=1; echo quit' QUIT; echo ready; while [ -z \"$q\" ]; do sleep 0.05; done; cat; echo after";
  const { status, screen } = atTerminal([...bare, '-it', 'busybox', 'sh', '-c', script], [
    'expect:ready', `send:${ctrl('C')}`, 'expect:interrupted', `send:${ctrl('\\')}`, 'expect:quit', 'send:line\r', 'expect:line\r\nline', `send:${ctrl('D')}`,
  ]);
  assert.is(status, 0);
  assert.match(screen, 'after');
});

test('jobs can be stopped, listed and brought back', () => {
  const job = `sh -c 'trap "echo resumed" CONT; echo started; while :; do sleep 0.05; done'`;
  const { status } = atTerminal(shell, [
    'expect:# ', `send:${job}\r`, 'expect:started\r\n', `send:${ctrl('Z')}`, 'expect:Stopped', 'expect:# ', 'send:jobs\r', 'expect:Stopped', 'expect:# ',
    'send:fg\r', 'expect:resumed\r\n', `send:${ctrl('C')}`, 'expect:# ', 'send:exit 5\r',
  ]);
  assert.is(status, 5);
});

test('input of several kilobytes arrives whole', () => {
  const text = 'x'.repeat(1000);
  const lines = Array.from({ length: 8 }, () => `send:${text}\r`);
  const { screen } = atTerminal([...bare, '-it', 'busybox', 'sh', '-c', 'stty -echo; echo ready; wc -c'], ['expect:ready', ...lines, `send:${ctrl('D')}`]);
  assert.match(screen, /8008/);
});

test('what is typed before the container runs is not lost', () => {
  atTerminal(shell, ['send:echo early$((1+1))\r', 'expect:early2', 'send:exit\r']);
});

test('the terminal is given back when the container is killed', () => {
  const { status, mode } = atTerminal(['run', '--network', 'none', '--name', 'victim', '-it', 'busybox', 'sh'], ['mode:raw', 'expect:# ', `run:${shellSkiff('rm', '-f', 'victim')} >/dev/null`]);
  assert.equal({ status, mode }, { status: 137, mode: 'cooked' });
});

test('the terminal is given back when the command cannot be started', () => {
  const { status, mode, screen } = atTerminal([...bare, '-it', 'busybox', 'no-such-program'], []);
  assert.equal({ status, mode }, { status: 127, mode: 'cooked' });
  assert.match(screen, /^skiff: .*no-such-program.*\r\n$/);
});

test('-t without -i shows a terminal and reads nothing', () => {
  const { status, screen } = atTerminal([...bare, '-t', 'busybox', 'sh', '-c', 'test -t 1 && echo terminal'], []);
  assert.equal({ status, screen }, { status: 0, screen: 'terminal\r\n' });
  // Without a terminal on our side too, as in a CI job.
  assert.is(skiff([...bare, '-t', 'busybox', 'sh', '-c', 'test -t 1 && echo terminal']).stdout, 'terminal\r\n');
});

test('-i without -t at a terminal leaves that as it is', () => {
  const { mode, screen } = atTerminal([...bare, '-i', 'busybox', 'sh', '-c', 'read x; echo "got $x"; test -t 0 || echo pipe'], ['send:word\r', 'expect:got word', 'expect:pipe']);
  assert.is(mode, 'cooked');
  assert.match(screen, 'got word\r\n');
});

test('-it without a terminal is one line and 1', () => {
  const { status, stdout, stderr } = skiff([...bare, '-it', 'busybox', 'true']);
  assert.equal({ status, stdout, stderr }, { status: 1, stdout: '', stderr: 'skiff: the input device is not a TTY; leave -t out\n' });
});

test('Ctrl-P Ctrl-Q leaves the container running, and attach goes on in the same shell', () => {
  const left = atTerminal(['run', '--network', 'none', '--name', 'kept', '-it', 'busybox', 'sh'], ['expect:# ', 'send:X=remembered\r', 'expect:# ', `send:${ctrl('P')}${ctrl('Q')}`]);
  try {
    assert.equal({ status: left.status, mode: left.mode }, { status: 0, mode: 'cooked' });
    assert.match(left.screen, /read escape sequence\r\n$/);
    assert.match(output(['ps']), /Up .*kept/);
    const again = atTerminal(['attach', 'kept'], ['mode:raw', 'send:echo I=$X\r', 'expect:I=remembered', `send:${ctrl('P')}${ctrl('Q')}`]);
    assert.equal({ status: again.status, mode: again.mode }, { status: 0, mode: 'cooked' });
    assert.is(atTerminal(['attach', 'kept'], ['mode:raw', 'send:exit 6\r']).status, 6);
    assert.match(output(['ps', '-a']), /Exited \(6\)/);
  } finally {
    output(['rm', '-f', 'kept']);
  }
});

test('other detach keys; what only begins like them is passed on', () => {
  output(['run', '-dit', '--network', 'none', '--name', 'cat', 'busybox', 'cat']);
  assert.is(atTerminal(['attach', '--detach-keys', 'a,a,x', 'cat'], ['mode:raw', 'send:aab\r', 'expect:aab\r\naab', 'send:aaax']).status, 0);
  assert.is(atTerminal(['attach', '--detach-keys=ctrl-],q', 'cat'], ['mode:raw', 'send:\u001dy\r', 'expect:y\r\n\u001dy', `send:${ctrl('P')}${ctrl('Q')}\r`, 'send:\u001dq']).status, 0);
  assert.match(output(['ps']), /Up .* cat/);
});

test('attach takes on the size of the window, and a program that is drawn is told', () => {
  withShell((name) => void atTerminal(['attach', name], ['mode:raw', 'send:stty size\r', 'expect:61 62', `send:${ctrl('P')}${ctrl('Q')}`], '61x62'));
});

test('attach --no-stdin shows and types nothing, and without --sig-proxy a signal ends only it', () => {
  withShell((name) => {
    const steps = ['mode:raw', 'send:echo typed\r', `run:${shellSkiff('exec', name, 'sh', '-c', 'echo shown >/dev/pts/0')}`, 'expect:shown', 'signal:15'];
    const { status, mode, screen } = atTerminal(['attach', '--no-stdin', '--sig-proxy=false', name], steps);
    assert.equal({ status, mode }, { status: 143, mode: 'cooked' });
    assert.not.match(screen, /typed\r\n/);
    assert.match(output(['ps']), name);
  });
});

test('attach fails clearly where there is nothing to attach to', () => {
  assert.equal(skiff(['attach', 'nobody']).stderr, 'skiff: no such container: nobody\n');
  output(['run', '--network', 'none', '--name', 'ended', 'busybox', 'true']);
  assert.equal(skiff(['attach', 'ended']).stderr, 'skiff: cannot attach to a stopped container, start it first\n');
  assert.is(skiff(['attach', 'ended']).status, 1);
  output(['rm', 'ended']);
});

test('exec -it: prompt, size, exit code, and the container goes on', () => {
  withShell((name) => {
    const { status, mode } = atTerminal(['exec', '-it', name, 'sh'], ['expect:# ', 'send:stty size; tty\r', 'expect:44 99', 'expect:/dev/pts/1', 'size:45x98', 'send:sleep 0.1; stty size\r', 'expect:45 98', 'send:exit 8\r'], '44x99');
    assert.equal({ status, mode }, { status: 8, mode: 'cooked' });
    assert.match(output(['ps']), name);
  });
});

test('exec -it can be left with the detach keys', () => {
  withShell((name) => {
    const { status, mode } = atTerminal(['exec', '-it', name, 'sh'], ['expect:# ', "send:echo $$ >/pid; echo wri''tten\r", 'expect:written', `send:${ctrl('P')}${ctrl('Q')}`]);
    assert.equal({ status, mode }, { status: 0, mode: 'cooked' });
    output(['exec', name, 'sh', '-c', 'kill -0 $(cat /pid)']);
  });
});

test('closing the terminal hangs up the program, and a container that does not mind goes on', async () => {
  const script = "trap 'echo hung up; exit 1' HUP; echo ready; while :; do sleep 0.05; done";
  atTerminal([...bare, '-it', 'busybox', 'sh', '-c', script], ['expect:ready', 'hangup:']);
  await eventually('the container ends', () => leftovers().length === 0);
  // No status: Node crashes at its exit when its terminal is gone.
  atTerminal(['run', '--name', 'goes-on', '--network', 'none', '-it', 'busybox', 'sh'], ['expect:# ', 'hangup:']);
  assert.match(output(['ps']), /Up .*goes-on/);
});

test('closing the terminal ends nothing that was detached, and no network of it', async () => {
  const detached = (name: string, ...flags: readonly string[]): string => shellSkiff('run', ...flags, '--name', name, 'busybox', 'sh', '-c', 'while :; do sleep 0.05; done');
  onTerminal(['sh', '-i'], [
    'send:PS1=host:\r', 'expect:host:', `send:${detached('behind', '-d', '--network', 'slirp4netns')}\r`, 'expect:host:',
    `send:${detached('left', '-it', '--network', 'none')}\r`, 'mode:raw', `send:${ctrl('P')}${ctrl('Q')}`, 'expect:read escape sequence', 'expect:host:',
    `send:${shellSkiff('exec', '-d', 'behind', 'sleep', '1000')}\r`, 'expect:host:', 'hangup:',
  ]);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(output(['ps', '--format', '{{.Names}}']), 'left\nbehind\n');
  assert.match(output(['exec', 'behind', 'ps']), /sleep 1000/);
  assert.match(output(['exec', 'behind', 'ip', 'addr', 'show', 'tap0']), /inet 10\.0\.2\./);
});

test('signals to the command line reach the program also at a terminal', () => {
  const script = "trap 'echo term; exit 3' TERM; echo ready; while :; do sleep 0.05; done";
  const { status, mode } = atTerminal([...bare, '-it', 'busybox', 'sh', '-c', script], ['expect:ready', 'signal:15', 'expect:term']);
  assert.equal({ status, mode }, { status: 3, mode: 'cooked' });
});

test('a shell\'s job that runs skiff can be stopped and brought back, and is raw again', () => {
  const { status } = onTerminal(['sh', '-i'], [
    'send:PS1=host:\r', 'expect:host:', `send:${shellSkiff(...bare, '-it', 'busybox', 'sh')}\r`, 'expect:# ', 'mode:raw', 'foreground:20',
    'expect:Stopped', 'expect:host:', 'send:fg\r', 'mode:raw', 'send:exit 2\r', 'expect:host:', 'send:exit $?\r',
  ]);
  assert.is(status, 2);
});

test.run();
