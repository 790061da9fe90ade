/**
 * Records that no longer hold: a pid that somebody else has by now gets no signal, and what a reboot has ended is told as ended by the next
 * command, whichever it is, without being asked.
 * @one-driver
 */
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { containerDirectories, eventually, importBusybox, output, removeAll, skiff } from './skiff.ts';
import { killNow, ourProcesses, processesCalled, start, startTimeOf } from './traces.ts';

interface State {
  readonly status: string;
  readonly pid: number;
  readonly pidStart: string;
  readonly monitorPid: number;
  readonly monitorStart: string;
}

test.before(() => importBusybox());
test.after.each(removeAll);

const runtime = join(process.env['XDG_RUNTIME_DIR'] ?? '', 'skiff');
const statePath = (id: string): string => join(containerDirectories().find((path) => path.endsWith(id)) ?? '', 'state.json');
const stateOf = (id: string): State => JSON.parse(readFileSync(statePath(id), 'utf8')) as State;
const sleeper = (...flags: readonly string[]): string => output(['run', '-d', '--network', 'none', ...flags, 'busybox', 'sh', '-c', 'echo said; exec sleep 600']).trim();

/** A container whose processes were all killed at once, as by a loss of power: its record says that it runs. `spared` is none of them. */
const lost = async (flags: readonly string[], spared = 0): Promise<string> => {
  const id = sleeper(...flags);
  await eventually('it has said something', () => output(['logs', id]) === 'said\n');
  const before = readFileSync(statePath(id), 'utf8');
  const own = () => ourProcesses().filter(({ pid }) => pid !== spared);
  for (const { pid } of own()) killNow(pid);
  await eventually('all of it ends', () => own().length === 0);
  assert.is(readFileSync(statePath(id), 'utf8'), before);
  assert.is(stateOf(id).status, 'running');
  return id;
};

/** Runs `body` with a process that is nobody's container. It must live on. */
const withBystander = async (body: (pid: number, began: string) => Promise<void>): Promise<void> => {
  const bystander = spawn('sleep', ['599'], { stdio: 'ignore' });
  let ended = false;
  bystander.on('exit', () => void (ended = true));
  const pid = bystander.pid ?? 0;
  try {
    await eventually('it runs', () => readFileSync(`/proc/${pid}/comm`, 'latin1') === 'sleep\n');
    await body(pid, startTimeOf(pid) ?? '');
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.is(ended, false, 'it got a signal that was not meant for it');
  } finally {
    bystander.kill('SIGKILL');
  }
};

/** Every command that signals somebody, with its exit code for a container that does not run. */
const signalling: readonly (readonly [words: readonly string[], status: number])[] = [
  [['stop', '-t', '0'], 0],
  [['kill'], 1],
  [['kill', '-s', 'WINCH'], 1],
  [['pause'], 1],
  [['rm', '-f'], 0],
];

for (const [words, status] of signalling) {
  test(`${words.join(' ')} signals nobody who has got the pids of a container`, () =>
    withBystander(async (pid, began) => {
      const id = await lost([], pid);
      const record = stateOf(id);
      // The pids are used again, by a process that was started at another time; once all of it, once only the command's.
      writeFileSync(statePath(id), JSON.stringify({ ...record, pid, monitorPid: pid }));
      assert.is(skiff([...words, id]).status, status);
      if (words[0] !== 'rm') assert.match(output(['ps', '-a', '--format', '{{.Status}}']), /^Exited \(137\) /);
      assert.is.not(record.monitorStart, began);
    }));
}

test('a container that runs, whose record names another process for its command, is ended through its monitor alone', () =>
  withBystander(async (pid) => {
    const id = sleeper();
    writeFileSync(statePath(id), JSON.stringify({ ...stateOf(id), pid }));
    assert.is.not(skiff(['exec', id, 'true']).status, 0);
    assert.is(skiff(['kill', id]).status, 0);
    assert.match(output(['ps', '-a', '--format', '{{.Status}}']), /^Exited \(137\) /);
  }));

/** What a reboot leaves: records of another boot that say `running`, an empty runtime directory, and pids that others have, from the same tick on. */
const reboot = (): void => {
  for (const name of readdirSync(runtime)) rmSync(join(runtime, name), { recursive: true });
};

const firstCommands: readonly (readonly [words: readonly string[], expected: RegExp])[] = [
  [['ps', '-a', '--format', '{{.Names}} {{.Status}}'], /^gone Exited \(255\) .*\n$/],
  [['inspect', '--format', '{{.State.Status}} {{.State.ExitCode}} {{.State.Running}} {{.State.Pid}}', 'gone'], /^exited 255 false 0\n$/],
  [['wait', 'gone'], /^255\n$/],
  [['logs', 'gone'], /^said\n$/],
  [['rm', 'gone'], /^gone\n$/],
  [['start', 'gone'], /^gone\n$/],
  [['container', 'prune', '-f'], /^Deleted Containers:\n/],
];

for (const [words, expected] of firstCommands) {
  test(`after a reboot ${words.slice(0, 1).join(' ')} is the first command`, async () => {
    const id = await lost(['--name', 'gone']);
    reboot();
    const own = processesCalled('reaper')[0]?.pid ?? process.pid;
    const others = { pid: own, pidStart: startTimeOf(own), monitorPid: own, monitorStart: startTimeOf(own), boot: '00000000-0000-4000-8000-000000000000' };
    writeFileSync(statePath(id), JSON.stringify({ ...stateOf(id), ...others }));
    assert.match(output(words), expected);
    if (words[0] === 'start') output(['stop', '-t', '0', 'gone']);
    if (words[0] !== 'rm' && words[0] !== 'container') assert.match(output(['ps', '-a', '--format', '{{.Names}} {{.Status}}']), words[0] === 'start' ? /^gone Exited \(137\) .*\n$/ : /^gone Exited \(255\) .*\n$/);
  });
}

/** What a logout does where nothing lingers: the runtime directory goes, and what was started goes on. */
const afterLogout: readonly (readonly [words: readonly string[], state: string])[] = [
  [['stop', '-t', '0', 'behind'], 'exited'],
  [['kill', 'behind'], 'exited'],
  [['kill', '-s', 'USR1', 'behind'], 'running'],
  [['pause', 'behind'], 'paused'],
  [['restart', '-t', '0', 'behind'], 'running'],
  [['update', '--restart', 'on-failure', 'behind'], 'running'],
  [['rm', '-f', 'behind'], 'gone'],
];

for (const [words, state] of afterLogout) {
  test(`after a logout that took the runtime directory, ${words[0]} works`, async () => {
    output(['run', '-d', '--network', 'none', '--name', 'behind', 'busybox', 'sh', '-c', 'trap : USR1; while :; do sleep 0.05; done']);
    reboot();
    assert.is(output(words), 'behind\n');
    assert.is(output(['ps', '-a', '--format', '{{.State}}']), state === 'gone' ? '' : `${state}\n`);
    if (state === 'gone') await eventually('it has ended', () => ourProcesses().length === 0);
    else assert.is(output(['rm', '-f', 'behind']), 'behind\n');
    await eventually('nothing is left', () => ourProcesses().length === 0);
  });
}

test('after a logout that took the runtime directory attach shows what a container says, and wait its end', async () => {
  output(['run', '-di', '--network', 'none', '--name', 'behind', 'busybox', 'sh', '-c', 'read word; echo "heard $word"; exit 7']);
  reboot();
  const waiting = start(['wait', 'behind']);
  const { status, stdout } = skiff(['attach', 'behind'], { input: 'hello\n' });
  assert.equal([status, stdout], [7, 'heard hello\n']);
  assert.is((await waiting.end).stdout, '7\n');
});

test('after a reboot a process with the very pid and start time of a monitor is none', () =>
  withBystander(async (pid, began) => {
    const id = await lost(['--name', 'gone'], pid);
    reboot();
    writeFileSync(statePath(id), JSON.stringify({ ...stateOf(id), pid, pidStart: began, monitorPid: pid, monitorStart: began, boot: 'another' }));
    assert.match(output(['ps', '-a', '--format', '{{.Status}}']), /^Exited \(255\) /);
    assert.is(output(['rm', '-f', 'gone']), 'gone\n');
  }));

test('after a reboot one of --rm has gone, its name is free, and names and markers of others are no trouble', async () => {
  const id = await lost(['--rm', '--name', 'brief']);
  reboot();
  assert.is(output(['ps', '-aq']), '');
  sleeper('--name', 'brief');
  // A marker of a process that has long gone, and one of a process that has its pid by now.
  symlinkSync('1:1', join(runtime, 'c', `${id}.made`));
  symlinkSync(`${process.pid}:1`, join(runtime, 'c', `${'a'.repeat(64)}.made`));
  assert.is(output(['ps', '-q']).split('\n').length, 2);
  assert.equal(readdirSync(join(runtime, 'c')).filter((name) => name.startsWith('aaaa')), []);
});

test.run();
