/**
 * `skiff system boot` and `shutdown`, after an end of the machine that is only pretended: every process is killed, the runtime directory is empty,
 * and the records are of another boot. A machine that really starts again is in test/vm/reboot.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { containerDirectories, eventually, importBusybox, output, removeAll, skiff } from './skiff.ts';
import { killNow, ourProcesses, quiet, start } from './traces.ts';

test.before(() => importBusybox());
test.after.each(removeAll);

const make = (verb: 'run' | 'create', name: string, flags: readonly string[], ...command: readonly string[]): string =>
  output([verb, ...(verb === 'run' ? ['-d'] : []), '--network', 'none', '--name', name, ...flags, 'busybox', ...command]).trim();
const sleeper = (name: string, ...flags: readonly string[]): string => make('run', name, flags, 'sleep', '600');
const statusOf = (name: string): string => output(['ps', '-a', '-f', `name=^${name}$`, '--format', '{{.Status}}']).trim().replace(/ (\d+|Less|About|seconds).*/, '');
const lines = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '').sort();
const boot = (): readonly string[] => lines(output(['system', 'boot']));

/** The end of the machine, without a warning; what it starts as has another boot id. */
const loseThePower = async (): Promise<void> => {
  for (const { pid } of ourProcesses()) killNow(pid);
  await quiet();
  rmSync(join(process.env['XDG_RUNTIME_DIR'] ?? '', 'skiff'), { recursive: true });
  for (const directory of containerDirectories()) {
    const path = join(directory, 'state.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"boot":"[^"]*"/, '"boot":"00000000-0000-4000-8000-000000000000"'));
  }
};

test('each policy, after a crash: who runs again, what the others say, and nothing the second time', async () => {
  sleeper('always', '--restart', 'always');
  sleeper('idle', '--restart', 'always');
  sleeper('unless', '--restart', 'unless-stopped');
  sleeper('stopped', '--restart', 'unless-stopped');
  sleeper('failing', '--restart', 'on-failure');
  sleeper('plain');
  sleeper('once', '--rm');
  make('create', 'never', ['--restart', 'always'], 'sleep', '600');
  output(['stop', '-t', '0', 'idle', 'stopped']);
  await loseThePower();
  assert.equal(boot(), ['always', 'idle', 'unless']);
  assert.equal(['always', 'idle', 'unless'].map(statusOf), ['Up', 'Up', 'Up']);
  assert.equal(['stopped', 'failing', 'plain', 'never'].map(statusOf), ['Exited (137)', 'Exited (255)', 'Exited (255)', 'Created']);
  assert.equal(boot(), []);
  assert.is(output(['run', '--rm', '--network', 'none', '--name', 'once', 'busybox', 'echo', 'free']), 'free\n');
});

test('without a boot in between the next command says the same, and a restart policy starts nothing by itself', async () => {
  const id = sleeper('web', '--restart', 'always');
  await loseThePower();
  assert.match(statusOf('web'), /^Exited \(255\)/);
  assert.is(output(['inspect', '--format', '{{.State.Status}} {{.State.ExitCode}} {{.State.Running}} {{.State.Pid}}', id]), 'exited 255 false 0\n');
  assert.is(output(['wait', 'web']), '255\n');
  assert.equal(boot(), ['web']);
});

test('the log goes on in the same file, on the same layer', async () => {
  make('run', 'again', ['--restart', 'unless-stopped'], 'sh', '-c', 'echo x >>/count; cat /count; exec sleep 600');
  await eventually('it has begun', () => output(['logs', 'again']) === 'x\n');
  await loseThePower();
  assert.equal(boot(), ['again']);
  await eventually('it has begun again', () => output(['logs', 'again']) === 'x\nx\nx\n');
});

test('those that share namespaces come after the one that has them; one that cannot start is told and holds up nobody', async () => {
  const id = sleeper('alone');
  make('run', 'guest', ['--restart', 'always', '--pid', `container:${id}`], 'sleep', '600');
  sleeper('donor', '--restart', 'always', '--ipc', 'shareable');
  make('run', 'middle', ['--restart', 'always', '--ipc', 'container:donor'], 'sleep', '600');
  make('run', 'last', ['--restart', 'always', '--pid', 'container:middle'], 'sh', '-c', 'exec sleep 600');
  output(['stop', '-t', '0', 'last', 'middle', 'guest']);
  await loseThePower();
  const { status, stdout, stderr } = skiff(['system', 'boot']);
  assert.equal([status, lines(stdout)], [1, ['donor', 'last', 'middle']]);
  assert.is(stderr, 'skiff: container guest shares namespaces with container alone, which is not running; start alone before\n');
  output(['start', 'alone']);
  assert.equal(boot(), ['guest']);
});

test('a damaged record is told, and the others start', async () => {
  sleeper('good', '--restart', 'always');
  sleeper('bad', '--restart', 'always');
  await loseThePower();
  const damaged = containerDirectories().find((path) => readFileSync(join(path, 'spec.json'), 'utf8').includes('"name":"bad"')) ?? '';
  writeFileSync(join(damaged, 'spec.json'), '');
  const { status, stdout, stderr } = skiff(['system', 'boot']);
  assert.equal([status, stdout], [0, 'good\n']);
  assert.match(stderr, /^skiff: warning: .*spec\.json is damaged: .*\n$/);
  skiff(['rm', '-f', damaged.slice(-64)]);
});

test('of several boots at once each container is started by one', async () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => `many-${letter}`);
  for (const name of names) make('run', name, ['--restart', 'always'], 'sh', '-c', 'echo x >>/count; exec sleep 600');
  const counts = (): readonly string[] => names.map((name) => skiff(['exec', name, 'cat', '/count']).stdout);
  await eventually('all have begun', () => counts().every((count) => count === 'x\n'));
  await loseThePower();
  const all = await Promise.all([1, 2, 3].map(() => start(['system', 'boot']).end));
  assert.equal(all.map(({ status, stderr }) => ({ status, stderr })), all.map(() => ({ status: 0, stderr: '' })));
  assert.equal(lines(all.map(({ stdout }) => stdout).join('')), names);
  await eventually('all have begun again', () => counts().every((count) => count.length > 2));
  assert.equal(counts(), names.map(() => 'x\nx\n'));
});

test('one that waited for its next run keeps its own exit code, and runs again', async () => {
  make('run', 'loop', ['--restart', 'unless-stopped'], 'sh', '-c', 'exit 3');
  await eventually('it waits', () => Number(output(['inspect', '--format', '{{.RestartCount}}', 'loop'])) > 3);
  await eventually('it waits', () => statusOf('loop').startsWith('Restarting'));
  await loseThePower();
  assert.match(statusOf('loop'), /^Exited \(3\)/);
  assert.equal(boot(), ['loop']);
});

test('a policy that a container has got later counts, and so does that it has one no more', async () => {
  sleeper('got');
  sleeper('lost', '--restart', 'always');
  sleeper('changed', '--restart', 'always');
  output(['update', '--restart', 'unless-stopped', 'got', 'changed']);
  output(['update', '--restart', 'no', 'lost']);
  output(['stop', '-t', '0', 'changed']);
  await loseThePower();
  assert.equal(boot(), ['got']);
});

test('shutdown ends all in their own way, and what nobody has stopped comes back', async () => {
  const command = ['sh', '-c', 'trap "exit 7" TERM; while true; do sleep 0.05; done'];
  for (const [name, policy] of [['one', 'always'], ['two', 'unless-stopped'], ['three', 'no'], ['four', 'unless-stopped']] as const) make('run', name, ['--restart', policy], ...command);
  output(['stop', 'four']);
  output(['pause', 'two']);
  assert.equal(lines(output(['system', 'shutdown'])), ['one', 'three', 'two']);
  assert.equal(['one', 'two', 'three', 'four'].map(statusOf), Array.from({ length: 4 }, () => 'Exited (7)'));
  assert.is(output(['system', 'shutdown']), '');
  await loseThePower();
  assert.equal(boot(), ['one', 'two']);
});

test('a machine that goes down without asking us tells the monitors, which is no wish of a person either', async () => {
  make('run', 'told', ['--restart', 'unless-stopped'], 'sh', '-c', 'trap "exit 7" TERM; while true; do sleep 0.05; done');
  await eventually('the command runs', () => output(['top', 'told']).includes('sleep'));
  for (const { pid } of ourProcesses().filter(({ name }) => name === 'skiff-monitor')) process.kill(pid, 'SIGTERM');
  await eventually('it has ended', () => statusOf('told') === 'Exited (7)');
  assert.equal(boot(), ['told']);
});

test.run();
