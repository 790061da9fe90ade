/**
 * `skiff events`: what each command and each monitor tells of containers, with which attributes, and in which order; and `skiff port`.
 * @also-on-node
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { atTerminal, ctrl } from './pty.ts';
import { bare, containerDirectories, eventually, importBusybox, loadImage, output, removeAll, root, scratch, skiff } from './skiff.ts';
import { killNow, processesCalled, start } from './traces.ts';

test.before(() => importBusybox());
test.after.each(removeAll);

interface Shown {
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
}

/** What is stored, as `--format json` has it. */
const stored = (...filters: readonly string[]): readonly Shown[] =>
  output(['events', '--since', '1', '--until', '0s', '--format', 'json', ...filters.flatMap((filter) => ['-f', filter])])
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Shown);

/** The actions of a container, without those of `without`. */
const actionsOf = (name: string, ...without: readonly string[]): readonly string[] =>
  stored('type=container', `container=${name}`).map(({ Action }) => Action).filter((action) => !without.includes(action));

const only = (name: string, action: string): Readonly<Record<string, string>> => {
  const [event, ...more] = stored(`container=${name}`, `event=${action}`);
  assert.is(more.length, 0, `one ${action} of ${name}`);
  return event?.Actor.Attributes ?? assert.unreachable(`no ${action} of ${name}`) ?? {};
};

const eventsFile = (): string => join(root, 'hosts', readdirSync(join(root, 'hosts'))[0] ?? '', 'events.jsonl');

const run = (name: string, script = 'exec sleep 1000', ...flags: readonly string[]): string =>
  output(['run', '-d', '--network', 'none', '--name', name, ...flags, 'busybox', 'sh', '-c', script]).trim();
/** Says `ready` when it listens: signals without a handler do nothing to a container's first process. */
const polite = "trap 'exit 3' USR1; trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done";
/** Waits until the container has said so that many times. */
const listening = (name: string, starts: number): Promise<void> => eventually(`${name} listens`, () => output(['logs', name]).split('ready').length > starts);

test('run --rm: create, attach, start, die, destroy, with image, name, labels, exit code and time', () => {
  output([...bare, '--name', 'brief', '--label', 'tier=front', 'busybox', 'true']);
  assert.equal(actionsOf('brief'), ['create', 'attach', 'start', 'die', 'destroy']);
  const base = { image: 'busybox', name: 'brief', tier: 'front' };
  const events = stored('container=brief');
  for (const { Action, Actor } of events) assert.equal(Actor.Attributes, Action === 'die' ? { ...base, exitCode: '0', execDuration: '0' } : base, Action);
  assert.is(new Set(events.map(({ Actor }) => Actor.ID)).size, 1);
  assert.is(skiff([...bare, '--name', 'failing', 'busybox', 'sh', '-c', 'exit 3']).status, 3);
  assert.is(only('failing', 'die')['exitCode'], '3');
});

test('a detached one has nobody attached; what cannot be started is created and destroyed', () => {
  run('detached', 'exit 0');
  output(['wait', 'detached']);
  assert.equal(actionsOf('detached'), ['create', 'start', 'die']);
  assert.is(skiff([...bare, '--name', 'nothing', 'busybox', '/no/such/program']).status, 127);
  assert.equal(actionsOf('nothing'), ['create', 'attach', 'destroy']);
  assert.is(skiff(['run', '--network', 'none', '--name', 'nothing2', 'busybox', '/no/such/program']).status, 127);
  assert.equal(actionsOf('nothing2'), ['create', 'attach', 'destroy']);
});

test('the whole life of a container', async () => {
  const id = output(['create', '--network', 'none', '--name', 'whole', '--label', 'a=b', 'busybox', 'sh', '-c', polite]).trim();
  output(['start', 'whole']);
  await listening('whole', 1);
  output(['pause', 'whole']);
  output(['unpause', 'whole']);
  output(['top', 'whole']);
  const place = scratch();
  writeFileSync(join(place, 'file'), 'x');
  output(['cp', join(place, 'file'), 'whole:/file']);
  output(['cp', 'whole:/file', join(place, 'back')]);
  output(['export', '-o', join(place, 'all.tar'), 'whole']);
  const image = output(['commit', '--pause=false', '-m', 'a comment', 'whole', 'committed:1']).trim();
  output(['kill', '-s', 'USR1', 'whole']);
  output(['wait', 'whole']);
  output(['start', 'whole']);
  await listening('whole', 2);
  output(['stop', 'whole']);
  output(['restart', 'whole']);
  output(['rename', 'whole', 'renamed']);
  output(['rm', '-f', 'renamed']);
  const wanted = ['create', 'start', 'pause', 'unpause', 'top', 'extract-to-dir', 'archive-path', 'export', 'commit', 'kill', 'die', 'start', 'kill', 'die', 'stop', 'start', 'restart', 'rename', 'kill', 'die', 'destroy'];
  assert.equal(stored(`container=${id}`).map(({ Action }) => Action), wanted);
  for (const { Actor } of stored(`container=${id}`)) assert.equal([Actor.ID, Actor.Attributes['image'], Actor.Attributes['a']], [id, 'busybox', 'b']);
  const attributes = (action: string, at = 0): Readonly<Record<string, string>> => stored(`container=${id}`, `event=${action}`)[at]?.Actor.Attributes ?? {};
  const words = { a: 'b', image: 'busybox', name: 'whole' };
  assert.equal(attributes('commit'), { ...words, comment: 'a comment', imageID: image, imageRef: 'committed:1' });
  assert.equal([0, 1, 2].map((at) => attributes('kill', at)['signal']), ['10', '15', '9']);
  assert.equal([0, 1, 2].map((at) => attributes('die', at)['exitCode']), ['3', '7', '137']);
  assert.equal(attributes('rename'), { ...words, name: 'renamed', oldName: '/whole' });
  assert.equal([attributes('restart')['name'], attributes('kill', 2)['name'], attributes('destroy')['name']], ['whole', 'renamed', 'renamed']);
});

test('restart of one that runs: kill, die, stop, start, restart; of one of --rm too, without destroy', async () => {
  for (const flags of [[], ['--rm']]) {
    const name = `again${flags.length}`;
    run(name, polite, ...flags);
    await listening(name, 1);
    output(['restart', name]);
    assert.equal(actionsOf(name), ['create', 'start', 'kill', 'die', 'stop', 'start', 'restart']);
    await listening(name, 2);
    output(['stop', name]);
    assert.equal(actionsOf(name).slice(7), ['kill', 'die', 'stop', ...(flags.length > 0 ? ['destroy'] : [])]);
  }
});

test('stop of what does not listen: two signals', async () => {
  run('deaf', "trap '' TERM; echo ready; while :; do sleep 0.05; done");
  await listening('deaf', 1);
  output(['stop', '-t', '0', 'deaf']);
  assert.equal(stored('container=deaf').flatMap(({ Action, Actor }) => (Action === 'kill' ? [Actor.Attributes['signal']] : [])), ['15', '9']);
  assert.equal(actionsOf('deaf'), ['create', 'start', 'kill', 'kill', 'die', 'stop']);
});

test('exec: create, start and die with one id of its own and the exit code; in the background too', async () => {
  const id = run('host');
  assert.is(skiff(['exec', 'host', 'sh', '-c', 'exit 5']).status, 5);
  output(['exec', '-d', 'host', 'true']);
  await eventually('the second has ended', () => stored('container=host', 'event=exec_die').length === 2);
  const events = stored('container=host').slice(2);
  const byId = new Map<string, string[]>();
  for (const { Action, Actor } of events) {
    assert.is(Actor.ID, id);
    const key = Actor.Attributes['execID'] ?? '';
    byId.set(key, [...(byId.get(key) ?? []), `${Action} ${Actor.Attributes['exitCode'] ?? ''}`.trim()]);
  }
  assert.equal([...byId.values()], [
    ['exec_create: sh -c exit 5', 'exec_start: sh -c exit 5', 'exec_die 5'],
    ['exec_create: true', 'exec_start: true', 'exec_die 0'],
  ]);
  for (const key of byId.keys()) assert.match(key, /^[0-9a-f]{64}$/);
  assert.is(skiff(['exec', 'host', '/no/such/program']).status, 127);
  assert.equal(stored('container=host', 'event=exec_die').length, 2, 'what never ran has not died');
});

test('attach and detach, at a terminal: of run, start, attach and exec', () => {
  const leave = ['mode:raw', `send:${ctrl('P')}${ctrl('Q')}`];
  atTerminal(['run', '-it', '--network', 'none', '--name', 'shell', 'busybox', 'sh'], leave);
  atTerminal(['attach', 'shell'], leave);
  atTerminal(['exec', '-it', 'shell', 'sh'], leave);
  assert.equal(actionsOf('shell', 'resize'), ['create', 'attach', 'start', 'detach', 'attach', 'detach', 'exec_create: sh', 'exec_start: sh', 'exec_detach']);
  const [left] = stored('container=shell', 'event=exec_detach');
  assert.is(left?.Actor.Attributes['execID'], stored('container=shell', 'event=exec_create')[0]?.Actor.Attributes['execID']);
  output(['stop', '-t', '0', 'shell']);
  atTerminal(['start', '-ai', 'shell'], leave);
  assert.equal(actionsOf('shell', 'resize').filter((action) => !action.startsWith('exec_')).slice(10), ['attach', 'start', 'detach']);
});

test('resize: the size of the terminal at the start, and each change of it', () => {
  const steps = ['expect:# ', 'size:33x44', 'send:stty size\r', 'expect:33 44', 'send:exit\r'];
  atTerminal(['run', '-it', '--rm', '--network', 'none', '--name', 'window', 'busybox', 'sh'], steps, '24x80');
  assert.equal(actionsOf('window'), ['create', 'attach', 'start', 'resize', 'resize', 'die', 'destroy']);
  assert.equal(stored('container=window', 'event=resize').map(({ Actor }) => `${Actor.Attributes['height'] ?? ''} ${Actor.Attributes['width'] ?? ''}`), ['24 80', '33 44']);
});

test('prune: each goes with destroy, then one event with what is free now', () => {
  for (const name of ['ended1', 'ended2']) run(name, 'exit 0');
  output(['wait', 'ended1', 'ended2']);
  output(['container', 'prune', '-f']);
  for (const name of ['ended1', 'ended2']) assert.equal(actionsOf(name), ['create', 'start', 'die', 'destroy']);
  const last = stored('type=container', 'event=prune').at(-1);
  assert.is(last?.Actor.ID, '');
  assert.match(last?.Actor.Attributes['reclaimed'] ?? '', /^\d+$/);
});

const monitorOf = (id: string): number => {
  const directory = containerDirectories().find((path) => path.endsWith(id)) ?? '';
  return (JSON.parse(readFileSync(join(directory, 'state.json'), 'utf8')) as { readonly monitorPid: number }).monitorPid;
};

test('a killed monitor: the next command tells that its container has died, once, whoever they are', async () => {
  const id = run('crashed');
  const gone = run('perished', 'exec sleep 1000', '--rm');
  for (const one of [id, gone]) killNow(monitorOf(one));
  await eventually('the monitors are gone', () => processesCalled('skiff-monitor').length === 0);
  assert.equal(actionsOf('crashed'), ['create', 'start']);
  const endings = await Promise.all(Array.from({ length: 8 }, () => start(['ps', '-a']).end));
  assert.equal(endings.map(({ status }) => status), Array.from({ length: 8 }, () => 0));
  assert.equal(actionsOf('crashed'), ['create', 'start', 'die']);
  assert.equal(actionsOf('perished'), ['create', 'start', 'die', 'destroy']);
  for (const name of ['crashed', 'perished']) {
    assert.is(only(name, 'die')['exitCode'], '137');
    assert.match(only(name, 'die')['execDuration'] ?? '', /^\d+$/);
  }
  assert.not(existsSync(join(containerDirectories().find((path) => path.endsWith(id)) ?? '', 'ending')));
});

test('a monitor that was killed after it had told of the end: the next command does not tell it again', async () => {
  const id = run('told');
  const [line = ''] = readFileSync(eventsFile(), 'utf8').split('\n').filter((text) => text.includes(id)).slice(-1);
  const now = `${Date.now()}000000`;
  appendFileSync(eventsFile(), `${line.replaceAll('"start"', '"die"').replace(/"timeNano":\d+/, `"timeNano":${now}`)}\n`);
  killNow(monitorOf(id));
  await eventually('the monitor is gone', () => processesCalled('skiff-monitor').length === 0);
  output(['ps', '-a']);
  assert.equal(actionsOf('told'), ['create', 'start', 'die']);
  output(['start', 'told']);
  killNow(monitorOf(id));
  await eventually('the monitor is gone again', () => processesCalled('skiff-monitor').length === 0);
  output(['ps', '-a']);
  assert.equal(actionsOf('told'), ['create', 'start', 'die', 'start', 'die']);
});

test('hostile labels: one line each, and JSON that gives them back', () => {
  const hostile = { 'new\nline': 'a\nb', quote: '"},"scope":"x","timeNano":1}', escape: '\u001b[2J\u0007', format: '%s%n%d', nul: 'ü\u2028\u009b' };
  const long = 'x'.repeat(100_000);
  loadImage('hostile', { Labels: { ...hostile, long, exitCode: '99' } });
  assert.is(skiff(['run', '--rm', '--network', 'none', '--name', 'evil', 'hostile', 'sh', '-c', 'exit 4']).status, 4);
  const events = stored('container=evil');
  assert.equal(events.map(({ Action }) => Action), ['create', 'attach', 'start', 'die', 'destroy']);
  for (const { Action, Actor } of events) {
    assert.equal(Actor.Attributes, { ...hostile, exitCode: Action === 'die' ? '4' : '99', image: 'hostile', name: 'evil', ...(Action === 'die' ? { execDuration: '0' } : {}) }, Action);
  }
  const text = output(['events', '--since', '1', '--until', '0s', '-f', 'container=evil']);
  assert.is(text.split('\n').length, 6);
  assert.not.match(text.replaceAll('\n', ''), /[\u0000-\u001f\u007f-\u009f]/);
});

test('lines and templates of the command, and what is wrong with a command line', () => {
  output([...bare, '--name', 'shown', 'busybox', 'true']);
  const stamp = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}(?:Z|[+-]\\d\\d:\\d\\d)';
  const lines = output(['system', 'events', '--since', '1m', '--until', '0s', '-f', 'container=shown', '-f', 'event=die']);
  assert.match(lines, new RegExp(`^${stamp} container die [0-9a-f]{64} \\(execDuration=0, exitCode=0, image=busybox, name=shown\\)\\n$`));
  const format = ['--since', '1m', '--until', '0s', '-f', 'container=shown', '-f', 'event=start', '--format'];
  assert.is(output(['events', ...format, '{{.Type}}-{{.Actor.Attributes.name}}-{{.From}}']), 'container-shown-busybox\n');
  assert.is(output(['events', ...format, '{{json .}}']), output(['events', ...format, 'json']));
  const failure = (...args: readonly string[]): readonly [number, string] => {
    const { status, stderr } = skiff(['events', ...args]);
    return [status, stderr];
  };
  assert.equal(failure('-f', 'die'), [125, 'skiff: invalid argument "die" for "-f, --filter" flag: bad format of filter (expected name=value)\n']);
  assert.is(failure('-f', 'colour=red')[0], 125);
  assert.is(failure('--format', '{{.Nothing}}')[0], 64);
  assert.is(failure('--format', '{{')[0], 64);
  assert.is(failure('--since', 'yesterday')[0], 125);
  assert.equal(failure('--since', '20', '--until', '10'), [1, 'skiff: `since` time (20) cannot be after `until` time (10)\n']);
});

test('a damaged line is told of once and left out; what follows a torn one is shown', () => {
  output([...bare, '--name', 'before', 'busybox', 'true']);
  appendFileSync(eventsFile(), 'nonsense\n{"status":"start","id":"to');
  output([...bare, '--name', 'after', 'busybox', 'true']);
  const { status, stdout, stderr } = skiff(['events', '--since', '1', '--until', '0s', '-f', 'event=create', '--format', '{{.Actor.Attributes.name}}']);
  assert.is(status, 0);
  assert.equal(stdout.split('\n').slice(-3), ['before', 'after', '']);
  assert.is(stderr, `skiff: warning: ${eventsFile()} is damaged; the lines that cannot be read are left out\n`);
  writeFileSync(eventsFile(), '');
});

test('a file that cannot be written loses events and fails no command', () => {
  const env = { SKIFF_ROOT: join(scratch(), 'root') };
  output(['run', '--rm', 'hello'], { env });
  const hosts = join(env.SKIFF_ROOT, 'hosts');
  const path = join(hosts, readdirSync(hosts)[0] ?? '', 'events.jsonl');
  assert.is(readFileSync(path, 'utf8').split('\n').length, 8);
  renameSync(path, `${path}.away`);
  mkdirSync(path);
  output(['run', '--rm', 'hello'], { env });
  assert.is(output(['run', '-d', '--name', 'quiet', 'hello'], { env }).length, 65);
  output(['rm', '-f', 'quiet'], { env });
  assert.equal(readdirSync(path), []);
});

test('port: nothing is published, which is no failure, but asking for one port is', () => {
  run('web', 'exec sleep 1000', '--expose', '80');
  assert.is(output(['port', 'web']), '');
  assert.is(output(['container', 'port', 'web']), '');
  const failure = (...args: readonly string[]): readonly [number, string, string] => {
    const { status, stdout, stderr } = skiff(['port', ...args]);
    return [status, stdout, stderr];
  };
  assert.equal(failure('web', '80'), [1, '', "skiff: no public port '80/tcp' published for web\n"]);
  assert.equal(failure('web', '53/udp'), [1, '', "skiff: no public port '53/udp' published for web\n"]);
  assert.equal(failure('nobody'), [1, '', 'skiff: no such container: nobody\n']);
  assert.is(failure('web', 'http')[0], 125);
});

test.run();
