/**
 * Health checks: what the monitor runs in a container, what it makes of the results, and what is left of a check when something ends.
 * @also-on-node
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ociArchive } from '../make-image.ts';
import { tar } from '../tar-maker.ts';
import { containerDirectories, eventually, importBusybox, leftovers, loadImage, output, removeAll, scratch, skiff, testImages } from './skiff.ts';
import { killNow, nothingLeft, pause, quiet } from './traces.ts';

test.before(() => importBusybox());
test.after.each(removeAll);

interface Result {
  readonly Start: string;
  readonly End: string;
  readonly ExitCode: number;
  readonly Output: string;
}

interface Health {
  readonly Status: string;
  readonly FailingStreak: number;
  readonly Log: readonly Result[];
}

const format = (template: string, name: string): string => output(['inspect', '--format', template, name]).trim();
const healthOf = (name: string): Health => JSON.parse(format('{{json .State.Health}}', name)) as Health;
const listed = (name: string, ...flags: readonly string[]): string => output(['ps', '-a', '--filter', `name=^${name}$`, '--format', '{{.Status}}', ...flags]).trim();
const becomes = (name: string, status: string): Promise<void> => eventually(`${name} is ${status}`, () => healthOf(name).Status === status, 20000);
const checked = (name: string, times: number): Promise<void> => eventually(`${name} has been looked at`, () => healthOf(name).Log.length >= times, 20000);
const inside = (name: string, script: string): string => output(['exec', name, 'sh', '-c', script]);
const directoryOf = (name: string): string => containerDirectories().find((path) => path.endsWith(format('{{.Id}}', name))) ?? '';

const often = ['--health-interval', '100ms'] as const;
const run = (name: string, check: string, flags: readonly string[] = often, ...command: readonly string[]): void =>
  void output(['run', '-d', '--network', 'none', '--name', name, '--health-cmd', check, ...flags, 'busybox', ...(command.length === 0 ? ['sleep', '1000'] : command)]);

test('failures in a row make it unhealthy, one success healthy; ps, inspect and filters say so', async () => {
  run('web', 'echo looked; test -e /ok', [...often, '--health-retries', '2']);
  await becomes('web', 'unhealthy');
  assert.match(listed('web'), /^Up .+ \(unhealthy\)$/);
  const bad = healthOf('web');
  assert.ok(bad.FailingStreak >= 2);
  assert.equal([bad.Log[0]?.ExitCode, bad.Log[0]?.Output], [1, 'looked\n']);
  assert.ok(Date.parse(bad.Log[0]?.Start ?? '') <= Date.parse(bad.Log[0]?.End ?? ''));
  assert.is(output(['ps', '-q', '--filter', 'health=unhealthy', '--filter', 'health=starting']).trim().length, 12);
  inside('web', 'touch /ok');
  await becomes('web', 'healthy');
  assert.match(listed('web'), /^Up .+ \(healthy\)$/);
  assert.is(healthOf('web').FailingStreak, 0);
  assert.is(output(['ps', '-q', '--filter', 'health=unhealthy']), '');
  assert.is(output(['ps', '--filter', 'health=healthy', '--format', '{{.Names}}']), 'web\n');
  await checked('web', 5);
  assert.is(healthOf('web').Log.length, 5);
  assert.equal(JSON.parse(format('{{json .Config.Healthcheck}}', 'web')), { Test: ['CMD-SHELL', 'echo looked; test -e /ok'], Interval: 1e8, Retries: 2 });
  assert.is(format('{{.Config.Healthcheck.Interval}} {{.State.Health.Status}}', 'web'), '100ms healthy');
});

test('each change of the status is an event, and nothing else of it is', async () => {
  run('told', 'test -e /ok', [...often, '--health-retries', '1']);
  const id = format('{{.Id}}', 'told');
  await becomes('told', 'unhealthy');
  inside('told', 'touch /ok');
  await becomes('told', 'healthy');
  const lines = readFileSync(join(directoryOf('told'), '../../events.jsonl'), 'utf8').split('\n').filter((line) => line.includes(id));
  const actions = lines.map((line) => (JSON.parse(line) as { readonly Action: string }).Action).filter((action) => action.startsWith('health_status'));
  assert.equal(actions, ['health_status: unhealthy', 'health_status: healthy']);
});

test('one without a check has no health', () => {
  output(['run', '-d', '--network', 'none', '--name', 'plain', 'busybox', 'sleep', '1000']);
  output(['run', '-d', '--network', 'none', '--name', 'half', '--health-interval', '1s', 'busybox', 'sleep', '1000']);
  for (const name of ['plain', 'half']) {
    assert.is(format('{{json .State.Health}}', name), 'null');
    assert.not.match(listed(name), /\(/);
  }
  assert.not.match(output(['inspect', 'plain']), /"Health/);
  assert.is(output(['ps', '--filter', 'health=none', '--format', '{{.Names}}']), 'half\nplain\n');
  assert.is(existsSync(join(directoryOf('plain'), 'health')), false);
  const { status, stderr } = skiff(['ps', '--filter', 'health=ill']);
  assert.is(status, 1);
  assert.match(stderr, /health=ill[^\n]*unhealthy[^\n]*\n$/);
});

test('in the start period failures do not count, and it is looked at more often, until the first success', async () => {
  run('slow', 'echo no; test -e /ok', ['--health-interval', '1h', '--health-start-period', '1h', '--health-start-interval', '50ms', '--health-retries', '1']);
  assert.match(listed('slow'), /^Up .+ \(health: starting\)$/);
  assert.is(output(['ps', '--filter', 'health=starting', '--format', '{{.Names}}']), 'slow\n');
  await checked('slow', 4);
  assert.equal([healthOf('slow').Status, healthOf('slow').FailingStreak], ['starting', 0]);
  inside('slow', 'touch /ok');
  await becomes('slow', 'healthy');
  const last = healthOf('slow').Log.at(-1)?.Start;
  await pause(400);
  assert.is(healthOf('slow').Log.at(-1)?.Start, last, 'the next is an hour away');
});

/** In the host's processes, which `--pid host` shows, these are nobody else's. */
const seconds = [1, 2, 3, 4].map((n) => `${n}${String(process.pid).padStart(7, '0')}`);
const hangs = (first: string): string =>
  `test -e /tried && exit 0; touch /tried; trap "" TERM INT HUP; ${first}; sh -c 'trap "" TERM; sleep ${seconds[0]}'& setsid sleep ${seconds[1]} & sleep ${seconds[2]}; sleep ${seconds[3]}`;
const sleepers = (name: string): readonly string[] => inside(name, 'ps').split('\n').filter((line) => new RegExp(`^ *\\d+ +\\S+ +sleep (${seconds.join('|')})$`).test(line));

for (const flags of [[], ['--pid', 'host']]) {
  test(`a check that takes too long is killed with all that it has started, deaf or not${flags.length > 0 ? ', with --pid host' : ''}`, async () => {
    run('late', hangs('echo partly'), ['--health-interval', '1s', '--health-timeout', '500ms', '--health-retries', '9', ...flags]);
    await becomes('late', 'healthy');
    const [result] = healthOf('late').Log;
    assert.equal([result?.ExitCode, result?.Output], [-1, 'Health check exceeded timeout (500ms): partly\n']);
    assert.equal(sleepers('late'), []);
    assert.match(inside('late', 'ps'), /sleep 1000/);
  });
}

test('a check runs as the container does: user, directory, environment, confinement, but without a terminal', async () => {
  const flags = ['-t', '-u', '7:8', '-w', '/tmp', '-e', 'A=b', '--cap-drop', 'ALL', '--read-only'];
  run('same', 'id -u; id -g; pwd; echo $A; grep -E "^(CapBnd|Seccomp:)" /proc/self/status; tty; touch /x 2>&1', [...often, ...flags]);
  await checked('same', 1);
  const { Output, ExitCode } = healthOf('same').Log[0] ?? { Output: '', ExitCode: 0 };
  assert.is(Output, '7\n8\n/tmp\nb\nCapBnd:\t0000000000000000\nSeccomp:\t2\nnot a tty\ntouch: /x: Read-only file system\n');
  assert.is(ExitCode, 1);
});

test('output: any bytes, both streams, 4096 of them', async () => {
  run('loud', 'printf "\\033[31m\\000\\377\\"\\\\é\\n" >&2; test -e /long && yes | head -c 100000', often);
  await checked('loud', 1);
  assert.is(healthOf('loud').Log[0]?.Output, '\u001b[31m\0\ufffd"\\é\n');
  assert.not.match(output(['inspect', 'loud']), /[\u0000-\u0009\u000b-\u001f]/);
  inside('loud', 'touch /long');
  await eventually('there is more', () => healthOf('loud').Log.some(({ Output }) => Output.length > 100));
  const long = healthOf('loud').Log.find(({ Output }) => Output.length > 100)?.Output ?? '';
  assert.ok(long.endsWith('\ny...') || long.endsWith('y\n...'), long.slice(-10));
  assert.is(Buffer.byteLength(long.replace('\ufffd', '?').slice(0, -3)), 4096);
});

test('one that prints without end is killed like any other', async () => {
  run('endless', 'yes', [...often, '--health-timeout', '300ms', '--health-retries', '1']);
  await becomes('endless', 'unhealthy');
  assert.match(healthOf('endless').Log[0]?.Output ?? '', /^Health check exceeded timeout \(300ms\): y\ny\n/);
});

test('no check runs while it is paused; afterwards it goes on', async () => {
  run('still', 'echo x >> /count', often);
  await becomes('still', 'healthy');
  output(['pause', 'still']);
  assert.match(listed('still'), /^Up .+ \(Paused\)$/);
  assert.is(healthOf('still').Status, 'unhealthy');
  const count = join(directoryOf('still'), 'upper/count');
  const before = readFileSync(count, 'utf8').length;
  await pause(500);
  assert.is(readFileSync(count, 'utf8').length, before);
  output(['unpause', 'still']);
  await becomes('still', 'healthy');
  await eventually('it is looked at again', () => readFileSync(count, 'utf8').length > before + 2);
});

test('a check that hangs when it is paused is gone, and so is its result', async () => {
  run('frozen', hangs('true'), [...often, '--health-timeout', '1h']);
  await eventually('it hangs', () => sleepers('frozen').length >= 3);
  output(['pause', 'frozen']);
  output(['unpause', 'frozen']);
  await becomes('frozen', 'healthy');
  assert.ok(healthOf('frozen').Log.every(({ ExitCode }) => ExitCode === 0));
  assert.equal(sleepers('frozen'), []);
});

test('each start begins anew, with the last results; one that has ended is unhealthy', async () => {
  run('again', 'test -e /t/ok', ['--tmpfs', '/t', '--health-interval', '50ms', '--health-start-period', '1h', '--health-start-interval', '50ms']);
  inside('again', 'touch /t/ok');
  await becomes('again', 'healthy');
  output(['restart', '-t', '0', 'again']);
  assert.is(healthOf('again').Status, 'starting');
  assert.ok(healthOf('again').Log.length > 0);
  inside('again', 'touch /t/ok');
  await becomes('again', 'healthy');
  output(['stop', '-t', '0', 'again']);
  assert.match(listed('again'), /^Exited \(137\)/);
  const ended = healthOf('again');
  assert.is(ended.Status, 'unhealthy');
  assert.is(output(['ps', '-aq', '--filter', 'health=unhealthy']).trim().length, 12);
  output(['start', 'again']);
  assert.is(healthOf('again').Status, 'starting');
  inside('again', 'touch /t/ok');
  await becomes('again', 'healthy');
});

test('one that cannot be started again is as unhealthy as it was', async () => {
  run('broken', 'true', often, '/bin/sleep', '1000');
  await becomes('broken', 'healthy');
  inside('broken', 'rm /bin/busybox');
  output(['stop', '-t', '0', 'broken']);
  const results = healthOf('broken').Log;
  assert.is(skiff(['start', 'broken']).status, 1);
  assert.equal([healthOf('broken').Status, healthOf('broken').Log], ['unhealthy', results]);
});

test('a restart by policy begins anew as well', async () => {
  run('policy', 'test -e /t/ok', ['--tmpfs', '/t', '--restart', 'always', '--health-interval', '50ms', '--health-start-period', '1h', '--health-start-interval', '50ms'], 'sh', '-c', 'trap "exit 1" USR1; while :; do sleep 0.05; done');
  inside('policy', 'touch /t/ok');
  await becomes('policy', 'healthy');
  output(['kill', '-s', 'USR1', 'policy']);
  await eventually('it runs again', () => format('{{.RestartCount}} {{.State.Status}}', 'policy') === '1 running');
  await becomes('policy', 'starting');
  inside('policy', 'touch /t/ok');
  await becomes('policy', 'healthy');
});

test('an image says how its containers are looked at; flags change or end that', async () => {
  const Healthcheck = { Test: ['CMD', 'test', '-e', '/ok'], Interval: 1e8, Retries: 1 };
  loadImage('checked', { Cmd: ['sleep', '1000'], Healthcheck });
  assert.equal(JSON.parse(output(['image', 'inspect', '--format', '{{json .Config.Healthcheck}}', 'checked'])), Healthcheck);
  output(['run', '-d', '--network', 'none', '--name', 'by-image', 'checked']);
  await becomes('by-image', 'unhealthy');
  output(['run', '-d', '--network', 'none', '--name', 'by-flag', '--health-cmd', 'echo flag', 'checked']);
  await becomes('by-flag', 'healthy');
  assert.is(healthOf('by-flag').Log[0]?.Output, 'flag\n');
  assert.equal(JSON.parse(format('{{json .Config.Healthcheck}}', 'by-flag')), { ...Healthcheck, Test: ['CMD-SHELL', 'echo flag'] });
  output(['run', '-d', '--network', 'none', '--name', 'not', '--no-healthcheck', 'checked']);
  assert.equal([format('{{json .State.Health}}', 'not'), format('{{json .Config.Healthcheck}}', 'not')], ['null', '{"Test":["NONE"]}']);
  output(['commit', '-c', 'HEALTHCHECK --interval=2s CMD ["/check", "it"]', 'by-image', 'changed']);
  assert.is(output(['image', 'inspect', '--format', '{{json .Config.Healthcheck}}', 'changed']).trim(), '{"Test":["CMD","/check","it"],"Interval":2000000000}');
  output(['commit', 'by-flag', 'inherited']);
  assert.is(output(['image', 'inspect', '--format', '{{.Config.Healthcheck.Test}}', 'inherited']).trim(), '[CMD-SHELL echo flag]');
});

test('an image without a shell is looked at by a command of its own; what cannot be run is told', async () => {
  const data = readFileSync(join(testImages, 'busybox/bin/busybox'));
  const archive = join(scratch(), 'bare.tar');
  const layer = tar({ name: 'sleep', mode: 0o755, data }, { name: 'echo', mode: 0o755, data });
  writeFileSync(archive, ociArchive({ layers: [layer], names: ['bare:latest'], config: { Cmd: ['/sleep', '1000'], Healthcheck: { Test: ['CMD', '/echo', 'well'], Interval: 1e8, Retries: 1 } } }));
  output(['load', '--quiet', '--input', archive]);
  output(['run', '-d', '--network', 'none', '--name', 'bare', 'bare']);
  await becomes('bare', 'healthy');
  assert.is(healthOf('bare').Log[0]?.Output, 'well\n');
  output(['run', '-d', '--network', 'none', '--name', 'shell', '--health-cmd', 'true', 'bare']);
  await becomes('shell', 'unhealthy');
  assert.is(healthOf('shell').Log[0]?.ExitCode, -1);
  assert.match(healthOf('shell').Log[0]?.Output ?? '', /\/bin\/sh.*no such file/i);
});

test('a hanging check holds up no end, and leaves nothing', async () => {
  run('held', hangs('true'), [...often, '--health-timeout', '1h'], 'sh', '-c', "trap 'exit 7' TERM; while :; do sleep 0.05; done");
  await eventually('it hangs', () => sleepers('held').length >= 3);
  // Were it held up until it is killed, this would take longer than `skiff` is given.
  output(['stop', '-t', '100', 'held'], { timeout: 50000 });
  assert.match(listed('held'), /^Exited \(7\)/);
  output(['rm', 'held']);
  await nothingLeft('by a container that ended during a check');
  const { status } = skiff(['run', '--rm', '--network', 'none', '--health-cmd', 'sleep 1000', '--health-interval', '10ms', 'busybox', 'sh', '-c', 'sleep 0.5; exit 3']);
  assert.is(status, 3);
  await nothingLeft('by one with --rm');
});

for (const flags of [[], ['--pid', 'host']]) {
  test(`a monitor that is killed during a check takes it along${flags.length > 0 ? ', with --pid host' : ''}`, async () => {
    run('orphan', hangs('true'), [...often, '--health-timeout', '1h', ...flags]);
    await eventually('it hangs', () => sleepers('orphan').length >= 3);
    killNow(Number((JSON.parse(readFileSync(join(directoryOf('orphan'), 'state.json'), 'utf8')) as { readonly monitorPid: number }).monitorPid));
    await quiet();
    assert.match(listed('orphan'), /^Exited \(137\)/);
    assert.is(healthOf('orphan').Status, 'unhealthy');
    output(['rm', 'orphan']);
    await nothingLeft('by a killed monitor');
  });
}

test('a container in the hands of another OCI runtime is looked at as well', async () => {
  run('theirs', 'readlink /proc/self/ns/pid; hostname', [...often, '--runtime', 'runc', '--hostname', 'there']);
  await becomes('theirs', 'healthy');
  assert.is(healthOf('theirs').Log.at(-1)?.Output, inside('theirs', 'readlink /proc/self/ns/pid; hostname'));
});

test('what a check leaves in the background stays, and holds up no result', async () => {
  run('left', 'test -e /once && exit 0; touch /once; sleep 5555 &', often);
  await becomes('left', 'healthy');
  assert.match(inside('left', 'ps'), /sleep 5555/);
});

test('wrong flags are told in Docker\'s words, and nothing is made', () => {
  const wrong = (flags: readonly string[], words: string): void => {
    const { status, stderr } = skiff(['create', ...flags, 'busybox', 'true']);
    assert.is(status, 125);
    assert.ok(stderr.startsWith('skiff: ') && stderr.includes(words), stderr);
  };
  wrong(['--no-healthcheck', '--health-cmd', 'x'], '--no-healthcheck conflicts with --health-* options');
  wrong(['--health-retries', '-1'], '--health-retries cannot be negative');
  wrong(['--health-timeout', 'soon'], 'invalid argument "soon" for "--health-timeout"');
  assert.equal(leftovers(), []);
});

test.run();
