/**
 * --restart: which ends are followed by another run, what a container is meanwhile, and who may stop it for good.
 * @time-limit 400
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { containerDirectories, eventually, importBusybox, leftovers, output, removeAll, skiff } from './skiff.ts';
import { killNow, pause, quiet, start } from './traces.ts';

test.before(() => importBusybox());
test.after.each(removeAll);

const run = (name: string, policy: string, script: string, flags: readonly string[] = []): string =>
  output(['run', '-d', ...(flags.includes('--network') ? [] : ['--network', 'none']), '--name', name, '--restart', policy, ...flags, 'busybox', 'sh', '-c', script]).trim();

interface Shown {
  readonly RestartCount: number;
  readonly State: Readonly<{ Status: string; Running: boolean; Restarting: boolean; Pid: number; ExitCode: number; Error: string; StartedAt: string; FinishedAt: string }>;
}
const shown = (name: string): Shown => (JSON.parse(output(['inspect', name])) as readonly [Shown])[0];
const status = (name: string): string => shown(name).State.Status;
const reaches = (name: string, wanted: string): Promise<void> => eventually(`${name} is ${wanted}`, () => status(name) === wanted, 20000);
const linesOf = (name: string): readonly string[] => output(['logs', name]).split('\n').filter((line) => line !== '');
const runsSo = (name: string, times: number): Promise<void> => eventually(`${name} has run ${times} times`, () => linesOf(name).length >= times, 30000);
const recorded = (id: string): Readonly<Record<string, unknown>> => {
  const directory = containerDirectories().find((path) => path.endsWith(id)) ?? '';
  return JSON.parse(readFileSync(join(directory, 'state.json'), 'utf8')) as Readonly<Record<string, unknown>>;
};
/** Runs for a moment, says so, and fails: soon its waits are long enough to be met in one. */
const failing = 'echo run; exit 3';

test('on-failure tries as often as it is told, and the one who launched it hears of the first end', async () => {
  const { status: code, stdout } = skiff(['run', '--network', 'none', '--name', 'thrice', '--restart', 'on-failure:3', 'busybox', 'sh', '-c', failing]);
  assert.is(code, 3);
  assert.is(stdout, 'run\n');
  await reaches('thrice', 'exited');
  assert.is(linesOf('thrice').length, 4);
  const { RestartCount, State } = shown('thrice');
  assert.equal([RestartCount, State.ExitCode, State.Error], [3, 3, '']);
  assert.equal(JSON.parse(output(['inspect', '-f', '{{json .HostConfig.RestartPolicy}}', 'thrice'])), { Name: 'on-failure', MaximumRetryCount: 3 });
});

test('on-failure leaves one alone that ends well; no leaves every one alone', async () => {
  run('well', 'on-failure', 'echo run');
  run('never', 'no', failing);
  await reaches('well', 'exited');
  await reaches('never', 'exited');
  await pause(500);
  assert.equal([linesOf('well').length, linesOf('never').length], [1, 1]);
  assert.equal([shown('well').RestartCount, shown('never').RestartCount], [0, 0]);
});

test('the waits double, from a tenth of a second', async () => {
  run('doubling', 'always', failing);
  await runsSo('doubling', 4);
  const times = output(['logs', '-t', 'doubling']).trim().split('\n').slice(0, 4).map((line) => Date.parse(line.split(' ')[0] ?? ''));
  [100, 200, 400].forEach((least, index) => {
    const waited = (times[index + 1] ?? 0) - (times[index] ?? 0);
    assert.ok(waited >= least, `before run ${index + 2} were ${waited} ms`);
  });
});

test('what it is between two runs, and what cannot be done with it then', async () => {
  const id = run('waiting', 'always', failing);
  await runsSo('waiting', 5);
  await reaches('waiting', 'restarting');
  const { State, RestartCount } = shown('waiting');
  assert.equal([State.Running, State.Restarting, State.Pid, State.ExitCode], [true, true, 0, 3]);
  assert.ok(State.FinishedAt > State.StartedAt);
  assert.ok(RestartCount >= 5);
  assert.match(output(['ps', '--format', '{{.ID}} {{.State}} {{.Status}}']), new RegExp(`^${id.slice(0, 12)} restarting Restarting \\(3\\) .* ago\n$`));
  assert.is(output(['ps', '-q', '-f', 'status=restarting']), `${id.slice(0, 12)}\n`);
  assert.is(output(['ps', '-q', '-f', 'status=running']), '');
  const refused = (...words: readonly string[]): string => {
    const { status: code, stderr } = skiff(words);
    assert.is.not(code, 0, words.join(' '));
    return stderr;
  };
  const sentence = 'skiff: container waiting is restarting, wait until the container is running\n';
  assert.equal([refused('exec', 'waiting', 'true'), refused('pause', 'waiting')], [sentence, sentence]);
  assert.is(refused('attach', 'waiting'), 'skiff: cannot attach to a restarting container, wait until it is running\n');
  assert.match(skiff(['rm', 'waiting']).stderr, /^skiff: cannot remove container "waiting": it is restarting; /);
  assert.is(output(['start', 'waiting']), 'waiting\n');
  output(['rename', 'waiting', 'patient']);
  assert.is(output(['rm', '-f', 'patient']), 'patient\n');
  assert.equal(leftovers(), []);
});

test('a stop is for good, while it runs and while it waits; a start begins to count anew', async () => {
  const id = run('stopped', 'always', 'echo run; exec sleep 1000');
  await runsSo('stopped', 1);
  output(['stop', '-t', '0', 'stopped']);
  assert.is(status('stopped'), 'exited');
  assert.is(recorded(id)['stoppedByUser'], true);
  output(['start', 'stopped']);
  await runsSo('stopped', 2);
  assert.is(recorded(id)['stoppedByUser'], undefined);
  output(['rm', '-f', 'stopped']);
  run('between', 'unless-stopped', failing);
  await runsSo('between', 5);
  await reaches('between', 'restarting');
  assert.is(output(['stop', 'between']), 'between\n');
  const { State, RestartCount } = shown('between');
  assert.equal([State.Status, State.ExitCode], ['exited', 3]);
  const before = linesOf('between').length;
  await pause(300);
  assert.is(linesOf('between').length, before);
  output(['start', 'between']);
  assert.ok(shown('between').RestartCount < RestartCount);
});

test('a signal that asks to end is for good, another one is not; restart is neither', async () => {
  const listening = "trap 'exit 5' TERM; trap 'exit 6' HUP; echo run; while :; do sleep 0.05; done";
  run('asked', 'always', listening);
  await runsSo('asked', 1);
  output(['kill', '-s', 'TERM', 'asked']);
  await reaches('asked', 'exited');
  assert.is(shown('asked').State.ExitCode, 5);
  const id = run('told', 'always', listening);
  await runsSo('told', 1);
  output(['kill', '-s', 'HUP', 'told']);
  await runsSo('told', 2);
  assert.is(shown('told').RestartCount, 1);
  output(['restart', '-t', '2', 'told']);
  await runsSo('told', 3);
  assert.equal([status('told'), recorded(id)['stoppedByUser']], ['running', undefined]);
  output(['kill', 'told']);
  assert.is(status('told'), 'exited');
});

test('all runs have one writable layer and one log; who attaches or follows sees them', async () => {
  run('counting', 'on-failure:2', 'echo x >> /count; sleep 0.3; n=$(wc -l < /count); echo run $n; exit 1');
  const follower = start(['logs', '-f', 'counting']);
  await reaches('counting', 'exited');
  assert.is((await follower.end).stdout, 'run 1\nrun 2\nrun 3\n');
  assert.is(output(['logs', 'counting']), 'run 1\nrun 2\nrun 3\n');
  run('attachable', 'always', 'sleep 0.4; echo run; exit 4');
  await runsSo('attachable', 1);
  for (let attached: Awaited<ReturnType<typeof start>['end']> | undefined; attached?.status !== 4; ) {
    attached = await start(['attach', '--no-stdin', 'attachable']).end;
    if (attached.status === 4) assert.is(attached.stdout, 'run\n');
  }
});

test('wait hears each end; a reader who does not read holds up no run', async () => {
  run('noisy', 'always', 'i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789; i=$((i+1)); done; exit 9');
  const reader = start(['attach', '--no-stdin', 'noisy']);
  reader.child.stdout?.pause();
  assert.is(output(['wait', 'noisy']), '9\n');
  await eventually('it is run again', () => shown('noisy').RestartCount >= 2, 30000);
  output(['rm', '-f', 'noisy']);
  killNow(reader.child.pid ?? 0);
  await reader.end;
});

test('with a terminal, with the network of slirp4netns, with the host\'s processes, with what becomes of its own files', async () => {
  run('terminal', 'on-failure:1', 'tty && exit 3', ['-t']);
  await reaches('terminal', 'exited');
  assert.is(output(['logs', 'terminal']), '/dev/pts/0\r\n/dev/pts/0\r\n');
  run('network', 'on-failure:1', 'ip -o link | grep -c tap0; exit 3', ['--network', 'slirp4netns']);
  await reaches('network', 'exited');
  assert.is(output(['logs', 'network']), '1\n1\n');
  run('shared', 'on-failure:1', 'sleep 1000 & echo run; exit 3', ['--pid', 'host']);
  await reaches('shared', 'exited');
  assert.is(linesOf('shared').length, 2);
  run('suicidal', 'always', 'echo run; rm /bin/sh; exit 3');
  await reaches('suicidal', 'exited');
  const { State } = shown('suicidal');
  assert.is(State.ExitCode, 127);
  assert.match(State.Error, /sh.*not found/);
  assert.is(linesOf('suicidal').length, 1);
});

test('a killed monitor: one that waited had ended by itself, one that ran was killed; nobody runs on', async () => {
  const id = run('orphan', 'always', failing);
  await runsSo('orphan', 5);
  await reaches('orphan', 'restarting');
  killNow(recorded(id)['monitorPid'] as number);
  await reaches('orphan', 'exited');
  assert.is(shown('orphan').State.ExitCode, 3);
  const other = run('struck', 'always', 'exec sleep 1000');
  killNow(recorded(other)['monitorPid'] as number);
  await reaches('struck', 'exited');
  assert.is(shown('struck').State.ExitCode, 137);
  removeAll();
  await quiet();
});

test('a monitor that is told to end, as when the machine goes down, does not bring it back, nor is that a person\'s wish', async () => {
  const id = run('down', 'always', "trap 'exit 5' TERM; echo run; while :; do sleep 0.05; done");
  await runsSo('down', 1);
  process.kill(recorded(id)['monitorPid'] as number, 'SIGTERM');
  await reaches('down', 'exited');
  assert.equal([shown('down').State.ExitCode, recorded(id)['stoppedByUser']], [5, undefined]);
});

test('what is refused', () => {
  const refused = (policy: string, ...flags: readonly string[]): string => {
    const { status: code, stderr } = skiff(['create', '--restart', policy, ...flags, 'busybox', 'true']);
    assert.is(code, 125);
    return stderr;
  };
  assert.is(refused('always', '--rm'), 'skiff: conflicting options: cannot specify both --restart and --rm; leave one out\n');
  assert.match(refused('sometimes'), /^skiff: invalid restart policy 'sometimes'; use 'no', /);
  assert.match(refused('always:3'), /maximum retry count cannot be used with 'always'/);
  assert.match(refused('on-failure:-1'), /cannot be negative/);
  assert.match(refused('on-failure:x'), /must be an integer/);
  assert.equal(leftovers(), []);
  output(['run', '--rm', '--network', 'none', '--restart', 'no', 'busybox', 'true']);
});

test('with another runtime: the state that a killed run leaves is no hindrance to the next', async () => {
  run('foreign', 'always', 'echo run; kill -9 $$', ['--runtime', 'runc']);
  await runsSo('foreign', 2);
  output(['rm', '-f', 'foreign']);
});

test.run();
