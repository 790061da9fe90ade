/**
 * `stop`, `kill`, `wait`, `pause`, `unpause`, `rename`, `container prune`.
 * @also-on-node
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { containerDirectories, eventually, importBusybox, leftovers, loadImage, output, removeAll, scratch, skiff, skiffCommand } from './skiff.ts';
import { killNow } from './traces.ts';

test.before(() => importBusybox());
test.after.each(removeAll);

const run = (name: string, script = 'exec sleep 1000', flags: readonly string[] = []): string => {
  const id = output(['run', '-d', ...(flags.includes('--network') ? [] : ['--network', 'none']), '--name', name, ...flags, 'busybox', 'sh', '-c', script]).trim();
  // What says that it is ready has set its traps by then: a signal before that would find process 1 of a container deaf.
  while (script.includes('echo ready') && skiff(['logs', id]).stdout === '');
  return id;
};

/** Ends with 7 as soon as it gets SIGTERM. */
const polite = "trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done";
const state = (name: string): string => output(['ps', '-a', '--format', '{{.State}} {{.Status}}', '-f', `name=^${name}$`]).trim();
const elapsed = (body: () => void): number => {
  const began = Date.now();
  body();
  return Date.now() - began;
};
const failure = (args: readonly string[]): { readonly status: number; readonly stdout: string; readonly stderr: string } => {
  const { status, stdout, stderr } = skiff(args);
  return { status, stdout, stderr };
};

test('stop: the command ends in its own way, and the names are printed as they were typed', () => {
  const id = run('own', polite);
  run('other', polite);
  const short = id.slice(0, 12);
  assert.is(output(['stop', short, 'other']), `${short}\nother\n`);
  assert.match(state('own'), /^exited Exited \(7\)/);
  assert.match(state('other'), /^exited Exited \(7\)/);
});

test('stop: what does not listen is killed after its time, not before', () => {
  run('deaf', "trap '' TERM; while :; do sleep 0.05; done");
  const took = elapsed(() => assert.is(output(['stop', '-t', '1', 'deaf']), 'deaf\n'));
  assert.ok(took >= 1000 && took < 4000, `took ${took} ms`);
  assert.match(state('deaf'), /^exited Exited \(137\)/);
});

test('stop: --stop-timeout and --stop-signal of run, the image, and -s', () => {
  run('patient', "trap '' TERM; while :; do sleep 0.05; done", ['--stop-timeout', '0']);
  assert.ok(elapsed(() => output(['stop', 'patient'])) < 3000);
  loadImage('winch', { StopSignal: 'SIGWINCH' });
  const script = "trap 'exit 3' WINCH; trap 'exit 4' USR1; trap 'exit 5' HUP; echo ready; while :; do sleep 0.05; done";
  output(['run', '-d', '--network', 'none', '--name', 'by-image', 'winch', 'sh', '-c', script]);
  output(['run', '-d', '--network', 'none', '--name', 'by-flag', '--stop-signal', 'USR1', 'winch', 'sh', '-c', script]);
  output(['run', '-d', '--network', 'none', '--name', 'by-word', 'winch', 'sh', '-c', script]);
  output(['stop', 'by-image', 'by-flag']);
  output(['container', 'stop', '-s', 'sighup', 'by-word']);
  assert.match(state('by-image'), /\(3\)/);
  assert.match(state('by-flag'), /\(4\)/);
  assert.match(state('by-word'), /\(5\)/);
});

test('stop: what has ended is no failure, what is missing is, and stops nobody else', () => {
  run('over', 'exit 0');
  run('live', polite);
  output(['wait', 'over']);
  assert.equal(failure(['stop', 'over', 'nobody', 'live']), { status: 1, stdout: 'over\nlive\n', stderr: 'skiff: no such container: nobody\n' });
  assert.match(state('live'), /^exited/);
  for (const command of ['stop', 'kill', 'restart']) assert.match(`${failure([command, '-s', 'NONE', 'live']).status} ${failure([command, '-s', 'NONE', 'live']).stderr}`, /^1 skiff: invalid signal 'NONE'/);
});

test('stop: twelve deaf ones take as long as one', () => {
  const names = Array.from({ length: 12 }, (_, n) => `deaf${n}`);
  for (const name of names) run(name, "trap '' TERM; while :; do sleep 1; done");
  const took = elapsed(() => assert.is(output(['stop', '-t', '2', ...names]), `${names.join('\n')}\n`));
  assert.ok(took < 6000, `took ${took} ms`);
});

test('stop: one of --rm is gone afterwards', () => {
  run('short', polite, ['--rm']);
  assert.is(output(['stop', 'short']), 'short\n');
  assert.equal(leftovers(), []);
});

test('kill: SIGKILL is waited for; other signals are only sent', async () => {
  run('hard');
  assert.is(output(['kill', 'hard']), 'hard\n');
  assert.match(state('hard'), /^exited Exited \(137\)/);
  run('soft', "trap 'echo got' USR1; echo ready; while :; do sleep 0.05; done");
  const log = join(containerDirectories().find((path) => readFileSync(join(path, 'spec.json'), 'utf8').includes('"soft"')) ?? '', 'container-json.log');
  const logged = (word: string): boolean => existsSync(log) && readFileSync(log, 'utf8').includes(word);
  await eventually('the trap is set', () => logged('ready'));
  assert.is(output(['container', 'kill', '-s', 'USR1', 'soft']), 'soft\n');
  await eventually('the signal has come', () => logged('got'));
  assert.match(state('soft'), /^running/);
});

test('kill: what does not run cannot be killed', () => {
  const id = run('gone', 'exit 0');
  output(['wait', 'gone']);
  assert.equal(failure(['kill', 'gone', 'nobody']), {
    status: 1,
    stdout: '',
    stderr: `skiff: cannot kill container: gone: container ${id.slice(0, 12)} is not running\nskiff: no such container: nobody\n`,
  });
});

test('wait: exit codes in the order of the words, at once for what has ended', () => {
  run('first', 'sleep 2; exit 3');
  run('second', 'exit 4');
  const took = elapsed(() => assert.is(output(['wait', 'first', 'second', 'first']), '3\n4\n3\n'));
  assert.ok(took >= 300, `took ${took} ms`);
  assert.is(output(['container', 'wait', 'second']), '4\n');
  assert.equal(failure(['wait', 'nobody', 'second']), { status: 1, stdout: '4\n', stderr: 'skiff: no such container: nobody\n' });
});

test('wait: one of --rm, a killed one, one whose monitor is killed; more waiters than a monitor has places', async () => {
  run('brief', 'sleep 0.7; exit 9', ['--rm']);
  assert.is(output(['wait', 'brief']), '9\n');
  const waiting = (name: string): Promise<string> =>
    new Promise((resolve) => {
      const [program, ...words] = skiffCommand;
      const child = spawn(program, [...words, 'wait', name], { stdio: ['ignore', 'pipe', 'inherit'] });
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
      child.on('close', () => resolve(text));
    });
  run('struck');
  const codes = Array.from({ length: 35 }, () => waiting('struck'));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  output(['kill', 'struck']);
  assert.equal(new Set(await Promise.all(codes)), new Set(['137\n']));
  const id = run('orphan');
  const code = waiting('orphan');
  await new Promise((resolve) => setTimeout(resolve, 300));
  const directory = containerDirectories().find((path) => path.endsWith(id)) ?? '';
  killNow((JSON.parse(readFileSync(join(directory, 'state.json'), 'utf8')) as { monitorPid: number }).monitorPid);
  assert.is(await code, '137\n');
});

/** Counts in a file of the host as fast as it can, in two processes of which one is always a new one. */
const counting = (name: string, flags: readonly string[] = []): (() => number) => {
  const directory = scratch();
  run(name, 'while :; do (echo x >>/out/count); done', ['-v', `${directory}:/out`, ...flags]);
  const path = join(directory, 'count');
  return () => (existsSync(path) ? readFileSync(path).length : 0);
};

const pid = (name: string): number => {
  const directory = containerDirectories().find((path) => readFileSync(join(path, 'spec.json'), 'utf8').includes(`"name":"${name}"`)) ?? '';
  return (JSON.parse(readFileSync(join(directory, 'state.json'), 'utf8')) as { pid: number }).pid;
};

const mountNamespace = (of: number | string): string | undefined => {
  try {
    return readlinkSync(`/proc/${of}/ns/mnt`);
  } catch {
    return undefined; // gone, or somebody else's
  }
};

/** States of the processes in the mount namespace of a container's command, which those of exec are in as well. */
const states = (of: number): string => {
  const own = mountNamespace(of);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && mountNamespace(name) === own)
    .map((name) => /^State:\s+(\S)/m.exec(existsSync(`/proc/${name}/status`) ? readFileSync(`/proc/${name}/status`, 'utf8') : '')?.[1] ?? '')
    .join('');
};

for (const [what, flags] of [['a pid namespace of its own', []], ['the pids of the host', ['--pid', 'host']]] as const) {
  test(`pause: everything stands still, ${what}`, async () => {
    const count = counting('busy', flags);
    await eventually('it counts', () => count() > 20);
    for (let round = 0; round < 5; round++) {
      assert.is(output(['pause', 'busy']), 'busy\n');
      const before = count();
      assert.match(state('busy'), /^paused Up .* \(Paused\)$/);
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.is(count(), before, `round ${round}`);
      assert.is(output(['unpause', 'busy']), 'busy\n');
      await eventually('it goes on', () => count() > before);
      assert.match(state('busy'), /^running Up [^(]*$/);
    }
  });
}

test('pause: what exec has started stands still too', async () => {
  run('shared');
  output(['exec', '-d', 'shared', 'sh', '-c', 'while :; do :; done']);
  await eventually('it works', () => states(pid('shared')).includes('R'));
  output(['container', 'pause', 'shared']);
  assert.match(states(pid('shared')), /^T{2,}$/);
  output(['container', 'unpause', 'shared']);
  await eventually('it goes on', () => states(pid('shared')).includes('R'));
});

test('pause: with a network, whose program goes on', () => {
  run('online', 'exec sleep 1000', ['--network', 'slirp4netns']);
  output(['pause', 'online']);
  output(['unpause', 'online']);
  assert.match(output(['exec', 'online', 'ip', 'addr', 'show', 'tap0']), /inet /);
});

test('pause: a container of another OCI runtime', async () => {
  const directory = scratch();
  const path = join(directory, 'count');
  run('foreign', 'while :; do echo x >>/out/count; done', ['--runtime', 'runc', '-v', `${directory}:/out`]);
  const count = (): number => (existsSync(path) ? readFileSync(path).length : 0);
  await eventually('it counts', () => count() > 20);
  output(['pause', 'foreign']);
  const before = count();
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.is(count(), before);
  output(['unpause', 'foreign']);
  await eventually('it goes on', () => count() > before);
  output(['pause', 'foreign']);
  assert.is(output(['rm', '-f', 'foreign']), 'foreign\n');
});

test('pause: words and codes for what cannot be', () => {
  const id = run('once').slice(0, 12);
  assert.equal(failure(['unpause', 'once']), { status: 1, stdout: '', stderr: `skiff: container ${id} is not paused\n` });
  output(['pause', 'once']);
  assert.equal(failure(['pause', 'once']), { status: 1, stdout: '', stderr: `skiff: container ${id} is already paused\n` });
  const refused = skiff(['exec', 'once', 'true']);
  assert.is(refused.stderr, 'skiff: container once is paused, unpause the container before exec\n');
  assert.is.not(refused.status, 0);
  assert.match(failure(['attach', 'once']).stderr, /^skiff: cannot attach to a paused container, unpause it first\n$/);
  assert.is(output(['ps', '-q', '-f', 'status=paused']), `${id}\n`);
  assert.is(output(['ps', '-q', '-f', 'status=running']), '');
  run('dead', 'exit 0');
  output(['wait', 'dead']);
  const { status, stderr } = skiff(['pause', 'dead', 'nobody']);
  assert.is(status, 1);
  assert.match(stderr, /^skiff: container dead is not running; .*\nskiff: no such container: nobody\n$/);
});

test('pause: a paused one can be stopped, killed and removed; signals wait', async () => {
  run('halt', polite);
  output(['pause', 'halt']);
  assert.ok(elapsed(() => output(['stop', 'halt'])) < 5000);
  assert.match(state('halt'), /\(7\)/);
  run('slain');
  output(['pause', 'slain']);
  output(['kill', 'slain']);
  assert.match(state('slain'), /^exited Exited \(137\)/);
  run('signal', "trap 'exit 8' USR1; while :; do sleep 0.05; done");
  output(['pause', 'signal']);
  output(['kill', '-s', 'USR1', 'signal']);
  output(['kill', '-s', 'CONT', 'signal']);
  assert.match(state('signal'), /^paused/);
  assert.match(states(pid('signal')), /^T+$/);
  output(['unpause', 'signal']);
  assert.is(output(['wait', 'signal']), '8\n');
  run('away');
  output(['pause', 'away']);
  assert.is(output(['rm', '-f', 'away']), 'away\n');
});

test('rename: ended and running ones, and what they are called afterwards', () => {
  const id = run('before', polite);
  assert.is(output(['rename', 'before', 'after']), '');
  assert.is(output(['ps', '--format', '{{.Names}}']), 'after\n');
  assert.equal(failure(['stop', 'before']), { status: 1, stdout: '', stderr: 'skiff: no such container: before\n' });
  run('before', 'exit 0'); // free again
  output(['stop', 'after']);
  output(['container', 'rename', id.slice(0, 12), 'third']);
  output(['rm', 'third', 'before']);
  assert.equal(leftovers(), []);
});

test('rename: one of --rm takes its new name along, and nobody else\'s', () => {
  run('brief', polite, ['--rm']);
  output(['rename', 'brief', 'other']);
  run('brief');
  output(['stop', 'other']);
  assert.is(output(['ps', '-a', '--format', '{{.Names}}']), 'brief\n');
  output(['rm', '-f', 'brief']);
  assert.equal(leftovers(), []);
});

test('rename: taken, its own, bad and missing names', () => {
  const id = run('one');
  run('two');
  assert.equal(failure(['rename', 'two', 'one']), {
    status: 1,
    stdout: '',
    stderr: `skiff: the container name "one" is already in use by container ${id.slice(0, 12)}; remove it with 'skiff rm one', or choose another name\n`,
  });
  assert.match(failure(['rename', 'one', 'one']).stderr, /^skiff: container one has the name "one" already\n$/);
  assert.is(skiff(['rename', 'one', '../x']).status, 1);
  assert.equal(failure(['rename', 'nobody', 'x1']), { status: 1, stdout: '', stderr: 'skiff: no such container: nobody\n' });
  assert.is(output(['ps', '--format', '{{.Names}}']), 'two\none\n');
});

test('rename: of many who want one name one gets it; one container renamed by many keeps one name', async () => {
  const start = (words: readonly string[]): Promise<number | null> =>
    new Promise((resolve) => {
      const [program, ...first] = skiffCommand;
      spawn(program, [...first, ...words], { stdio: 'ignore' }).on('close', resolve);
    });
  for (const n of [0, 1, 2, 3]) run(`racer${n}`);
  const codes = await Promise.all([0, 1, 2, 3].map((n) => start(['rename', `racer${n}`, 'winner'])));
  assert.equal(codes.filter((code) => code === 0).length, 1, codes.join());
  const all = output(['ps', '--format', '{{.Names}}']).trim().split('\n');
  assert.is(all.filter((name) => name === 'winner').length, 1);
  await Promise.all([0, 1, 2, 3, 4].map((n) => start(['rename', 'winner', `final${n}`])));
  assert.is(leftovers().filter((line) => line.startsWith('name ')).length, 4, leftovers().join('\n'));
  const [name = ''] = output(['ps', '--format', '{{.Names}}']).trim().split('\n').filter((word) => word.startsWith('final'));
  assert.is(output(['kill', name]), `${name}\n`);
});

test('container prune: asks, removes what does not run, and says what it was', () => {
  const id = run('done', 'exit 0');
  output(['wait', 'done']);
  run('living');
  run('still');
  output(['pause', 'still']);
  const asked = skiff(['container', 'prune'], { input: 'n\n' });
  assert.match(asked.stdout, /^WARNING! This will remove all stopped containers\.\nAre you sure you want to continue\? \[y\/N\] $/);
  assert.is(asked.status, 0);
  assert.is(output(['ps', '-aq']).trim().split('\n').length, 3);
  assert.match(output(['container', 'prune', '-f']), new RegExp(`^Deleted Containers:\\n${id}\\n\\nTotal reclaimed space: [0-9.]+k?M?B\\n$`));
  assert.is(output(['ps', '-a', '--format', '{{.Names}}']), 'still\nliving\n');
  assert.is(output(['container', 'prune', '-f']), 'Total reclaimed space: 0B\n');
});

test('container prune: filters', () => {
  run('keep', 'exit 0', ['--label', 'keep']);
  run('drop', 'exit 0', ['--label', 'drop=1']);
  output(['wait', 'keep', 'drop']);
  output(['container', 'prune', '-f', '--filter', 'until=1h']);
  assert.is(output(['ps', '-aq']).trim().split('\n').length, 2);
  output(['container', 'prune', '-f', '--filter', 'label=drop=2']);
  assert.is(output(['ps', '-aq']).trim().split('\n').length, 2);
  output(['container', 'prune', '-f', '--filter', 'label!=keep']);
  assert.is(output(['ps', '-a', '--format', '{{.Names}}']), 'keep\n');
  const { status, stderr } = skiff(['container', 'prune', '-f', '--filter', 'color=red']);
  assert.is(status, 1);
  assert.match(stderr, /^skiff: invalid filter 'color'; /);
  assert.is(skiff(['container', 'prune', '-f', '--filter', 'color']).status, 125);
});

test.run();
