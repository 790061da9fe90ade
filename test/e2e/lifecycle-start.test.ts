/**
 * `skiff create`, `start` and `restart`: the same container again, on the same files; who starts it when several do; what a kill leaves.
 * @also-on-node
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { containerDirectories, eventually, importBusybox, output, removeAll, scratch, skiff } from './skiff.ts';
import { killNow, pause, quiet, start, tries } from './traces.ts';

test.before(() => importBusybox());
test.after.each(removeAll);

const make = (name: string, flags: readonly string[], ...command: readonly string[]): string => output(['create', '--network', 'none', '--name', name, ...flags, 'busybox', ...command]).trim();
const statusOf = (name: string): string => output(['ps', '-a', '-f', `name=^${name}$`, '--format', '{{.Status}}']).trim();
const ended = (name: string): Promise<void> => eventually(`${name} ends`, () => statusOf(name).startsWith('Exited'));
const stateOf = (id: string): Record<string, unknown> => JSON.parse(readFileSync(join(containerDirectories().find((path) => path.endsWith(id)) ?? '', 'state.json'), 'utf8')) as Record<string, unknown>;

test('a created container waits, runs when it is started, and goes on with its files and its log', async () => {
  const id = make('again', [], 'sh', '-c', 'echo x >> /count; cat /count; exit 3');
  assert.match(id, /^[0-9a-f]{64}$/);
  assert.is(statusOf('again'), 'Created');
  assert.is(output(['start', 'again']), 'again\n');
  await ended('again');
  const first = stateOf(id);
  const second = skiff(['start', '--attach', id.slice(0, 12)]);
  assert.equal([second.status, second.stdout, second.stderr], [3, 'x\nx\n', '']);
  assert.match(statusOf('again'), /^Exited \(3\) /);
  assert.ok(String(first['startedAt']) < String(stateOf(id)['startedAt']));
  const log = readFileSync(join(containerDirectories()[0] ?? '', 'container-json.log'), 'utf8');
  assert.is(log.trimEnd().split('\n').length, 3);
});

test('names are printed as typed; a running one is a success; one that is missing makes it 1', () => {
  const id = make('first', [], 'sleep', '600');
  make('second', [], 'sleep', '600');
  assert.is(output(['start', 'first', 'second']), 'first\nsecond\n');
  const { pid } = stateOf(id);
  const { status, stdout, stderr } = skiff(['start', 'first', 'nobody', id.slice(0, 12)]);
  assert.equal({ status, stdout, stderr }, { status: 1, stdout: `first\n${id.slice(0, 12)}\n`, stderr: 'skiff: no such container: nobody\n' });
  assert.is(stateOf(id)['pid'], pid);
});

test('a paused one is not started, and restarts', () => {
  make('still', [], 'sleep', '600');
  output(['start', 'still']);
  output(['pause', 'still']);
  const { status, stderr } = skiff(['start', 'still']);
  assert.equal({ status, stderr }, { status: 1, stderr: "skiff: container still is paused; let it go on with 'skiff unpause still'\n" });
  output(['restart', '-t', '0', 'still']);
  assert.match(statusOf('still'), /^Up [^(]*$/);
});

test('input goes to the command with -i only', () => {
  make('cat', ['-i'], 'cat');
  assert.equal(skiff(['start', '-i', 'cat'], { input: 'typed\n' }).stdout, 'typed\n');
  make('silent', [], 'sh', '-c', 'cat; echo end');
  assert.equal(skiff(['start', '-ai', 'silent'], { input: 'typed\n' }).stdout, 'end\n');
  make('patient', ['-i'], 'sh', '-c', 'timeout 1 cat; true');
  assert.equal(skiff(['start', '-a', 'patient'], { input: 'typed\n' }).stdout, '');
});

test('-a connects to a running one as well', async () => {
  make('ticks', [], 'sh', '-c', 'while ! test -e /end; do sleep 0.05; done; echo last; exit 5');
  output(['start', 'ticks']);
  const attached = start(['start', '-a', 'ticks']);
  await pause(300);
  output(['exec', 'ticks', 'touch', '/end']);
  const { status, stdout } = await attached.end;
  assert.equal({ status, stdout }, { status: 5, stdout: 'last\n' });
});

test('a command that cannot be started leaves the container, with the code of the failure', async () => {
  make('bad', [], 'nosuch');
  const { status, stdout, stderr } = skiff(['start', 'bad']);
  assert.equal([status, stdout], [1, '']);
  assert.match(stderr, /^skiff: exec: "nosuch": .*\n$/);
  assert.is(statusOf('bad'), 'Created');
  const id = make('lost', [], 'sh', '-c', 'rm /bin/true; exec sleep 0');
  output(['start', 'lost']);
  await ended('lost');
  const directory = containerDirectories().find((path) => path.endsWith(id)) ?? '';
  const config = join(directory, 'config.json');
  writeFileSync(config, readFileSync(config, 'utf8').replace('"args":["sh"', '"args":["/gone"'));
  assert.is(skiff(['start', 'lost']).status, 1);
  assert.match(statusOf('lost'), /^Exited \(127\) /);
});

test('restart is another process in the same container, --rm or not, and starts one that has ended', async () => {
  for (const flags of [[], ['--rm']]) {
    const id = make('server', flags, 'sh', '-c', 'echo x >> /count; exec sleep 600');
    // It runs when `start` returns, but need not have come further than that.
    const runs = (times: number): Promise<void> => eventually(`run ${times} has written`, () => skiff(['exec', 'server', 'cat', '/count']).stdout === 'x\n'.repeat(times));
    output(['start', 'server']);
    await runs(1);
    const { pid } = stateOf(id);
    assert.is(output(['restart', '-t', '0', 'server']), 'server\n');
    assert.is.not(stateOf(id)['pid'], pid);
    await runs(2);
    assert.is(output(['restart', '--signal', 'KILL', 'server']), 'server\n');
    await runs(3);
    output(['rm', '-f', 'server']);
  }
  make('short', [], 'true');
  output(['start', 'short']);
  await ended('short');
  assert.is(output(['restart', 'short']), 'short\n');
});

test('--rm removes a created container when it has ended', async () => {
  make('once', ['--rm'], 'true');
  assert.is(output(['start', '-a', 'once']), '');
  assert.equal(containerDirectories(), []);
});

test('of many who start it at once all succeed and one does', async () => {
  const id = make('contended', [], 'sh', '-c', 'echo x >> /count; exec sleep 600');
  const all = await Promise.all(Array.from({ length: 6 }, () => start(['start', 'contended']).end));
  assert.equal(all.map(({ status, stdout, stderr }) => ({ status, stdout, stderr })), all.map(() => ({ status: 0, stdout: 'contended\n', stderr: '' })));
  assert.is(output(['exec', id, 'cat', '/count']), 'x\n');
});

test('a start that is killed at any moment leaves what can be started', async () => {
  const attempts = tries(10, 100);
  make('struck', [], 'sh', '-c', 'exec sleep 600');
  for (let attempt = 0; attempt < attempts; attempt++) {
    const started = start(['start', 'struck']);
    await pause((attempt * 120) / attempts);
    killNow(started.child.pid ?? 0);
    await started.end;
    assert.match(statusOf('struck'), /^(Created|Exited|Up)/);
    assert.is(output(['start', 'struck']), 'struck\n');
    assert.match(statusOf('struck'), /^Up /);
    output(['restart', '-t', '0', 'struck']);
    killNow(Number(stateOf(output(['ps', '-q', '--no-trunc']).trim())['monitorPid']));
    await quiet();
    assert.match(statusOf('struck'), /^Exited \(137\) /);
  }
});

test('it starts without its seccomp file, and in the namespaces of another one that has a new process', () => {
  const profile = join(scratch(), 'profile.json');
  writeFileSync(profile, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' }] }));
  make('filtered', ['--security-opt', `seccomp=${profile}`], 'mkdir', '/new');
  rmSync(profile);
  for (const _ of [1, 2]) assert.is(skiff(['start', '-a', 'filtered']).status, 1);
  make('donor', [], 'sleep', '600');
  output(['start', 'donor']);
  make('guest', ['--pid', 'container:donor'], 'sh', '-c', 'ps | grep -c "sleep 600$"');
  output(['restart', '-t', '0', 'donor']);
  assert.is(Number(output(['start', '-a', 'guest'])) >= 1, true);
  output(['rm', '-f', 'donor']);
  const { status, stderr } = skiff(['start', 'guest']);
  assert.is(status, 1);
  assert.match(stderr, /^skiff: no such container: [0-9a-f]+\n$/);
});

test('a driver or ids that are others now are refused in one line', () => {
  make('pinned', [], 'true');
  const made = process.env['SKIFF_STORAGE_DRIVER'] === 'fuse-overlayfs' ? 'overlay' : 'fuse-overlayfs';
  const other = skiff(['--storage-driver', made, 'start', 'pinned']);
  assert.is(other.status, 1);
  assert.match(other.stderr, /^skiff: container pinned was made with the storage driver .*\n$/);
  const config = join(containerDirectories()[0] ?? '', 'config.json');
  writeFileSync(config, readFileSync(config, 'utf8').replace(/"uidMappings":\[\{"containerID":0,"hostID":\d+/, '"uidMappings":[{"containerID":0,"hostID":4242'));
  const { status, stderr } = skiff(['start', 'pinned']);
  assert.is(status, 1);
  assert.match(stderr, /^skiff: container pinned was made with other subordinate ids .*\n$/);
  assert.is(statusOf('pinned'), 'Created');
});

test.run();
