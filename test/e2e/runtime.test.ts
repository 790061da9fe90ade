/** `--runtime`: the same container in the hands of another OCI runtime. runc, because crun refuses hosts with hybrid cgroups. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { importBusybox, importDebian, loadImage, output, skiff } from './skiff.ts';

const runc = ['run', '--rm', '--network', 'none', '--runtime', 'runc'];

test.before(() => {
  importBusybox();
  importDebian();
});

test('runs with the same ids, capabilities and filter as our own sandbox', () => {
  const facts = ['sh', '-c', 'cat /proc/self/uid_map; grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status; id; echo $HOME; pwd'];
  const theirs = output([...runc, 'busybox', ...facts]);
  assert.is(theirs, output(['run', '--rm', '--network', 'none', 'busybox', ...facts]));
  assert.match(theirs, /^ +0 +\d+ +1\n/);
});

test('users are looked up in the image, its configuration holds, and so do the flags', () => {
  assert.is(output([...runc, '-u', 'nobody', 'debian', 'id', '-un']), 'nobody\n');
  assert.is(output([...runc, '-u', 'nobody', 'debian', 'sh', '-c', 'echo $HOME']), '/nonexistent\n');
  assert.is(output([...runc, '-e', 'HOME=/x', 'busybox', 'sh', '-c', 'echo $HOME']), '/x\n');
  loadImage('configured', { User: '7:8', Env: ['A=1'], WorkingDir: '/tmp', Cmd: ['sh', '-c', 'id -u; id -g; echo $A; pwd'] });
  assert.is(output([...runc, 'configured']), '7\n8\n1\n/tmp\n');
  assert.is(output([...runc, '--read-only', '--tmpfs', '/t', 'busybox', 'sh', '-c', 'touch /x 2>/dev/null || echo refused; touch /t/x && echo written']), 'refused\nwritten\n');
  assert.match(output([...runc, '--init', 'busybox', 'cat', '/proc/1/cmdline']), /skiff-init/);
});

test('exit codes, streams and standard input are the command\'s', () => {
  const { status, stdout, stderr } = skiff([...runc, '-i', 'busybox', 'sh', '-c', 'cat; echo err >&2; exit 7'], { input: 'in' });
  assert.equal({ status, stdout, stderr }, { status: 7, stdout: 'in', stderr: 'err\n' });
});

test('exec joins the container that the runtime made', () => {
  output(['run', '-d', '--name', 'theirs', '--network', 'none', '--runtime', 'runc', 'busybox', 'sleep', '60']);
  try {
    let found = skiff(['exec', 'theirs', 'cat', '/proc/1/cmdline']);
    // `run -d` returns when the runtime runs, a moment before the command does.
    for (let tries = 0; found.stdout !== 'sleep\x0060\x00' && tries < 50; tries++) found = skiff(['exec', 'theirs', 'cat', '/proc/1/cmdline']);
    assert.is(found.stdout, 'sleep\x0060\x00');
  } finally {
    output(['rm', '-f', 'theirs']);
  }
});

test('what only our own sandbox can do is refused in one line', () => {
  for (const [flags, words] of [
    [['--runtime', 'no-such-runtime', '--network', 'none'], /no such program: no-such-runtime/],
    [['--runtime', 'runc', '--network', 'slirp4netns'], /--runtime goes with no other network than none and host.*use --network none or host/],
    [['--runtime', 'runc'], /--runtime goes with no other network than none and host/],
  ] as const) {
    const { status, stderr } = skiff(['run', '--rm', ...flags, 'busybox', 'true']);
    assert.is(status, 125);
    assert.match(stderr, words);
    assert.is(stderr.split('\n').length, 2);
  }
});

test.run();
