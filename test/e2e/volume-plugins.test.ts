/**
 * Volumes of a plugin: a program that speaks Docker's protocol on a socket below the user's directories, from `volume create` to the end of a container, however that ends.
 * The plugin runs in this process, so `skiff` is never waited for synchronously.
 * @one-driver
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startPlugin } from '../volume-plugin.ts';
import { bare, eventually, importBusybox, root, scratch } from './skiff.ts';
import { killNow, ourProcesses, processesCalled, start } from './traces.ts';
import type { VolumePlugin } from '../volume-plugin.ts';
import type { Ending } from './traces.ts';

const plugins = join(process.env['XDG_RUNTIME_DIR'] ?? '', 'skiff/plugins');
const socket = join(plugins, 'keeper.sock');
let store = '';
let plugin: VolumePlugin;

const quick = { SKIFF_PLUGIN_TIMEOUT: '2' };

const skiff = (...args: readonly string[]): Promise<Ending> => start(args, quick).end;

const output = async (...args: readonly string[]): Promise<string> => {
  const { status, stdout, stderr } = await skiff(...args);
  assert.equal({ status, stderr }, { status: 0, stderr: '' }, `skiff ${args.join(' ')}`);
  return stdout;
};

const said = async (...args: readonly string[]): Promise<string> => {
  const { status, stderr } = await skiff(...args);
  assert.is.not(status, 0, `skiff ${args.join(' ')}`);
  return stderr;
};

const mountsOf = (name: string): number => plugin.mounts.get(name)?.size ?? 0;

/** Files that say that something is still to be unmounted. */
const notes = (): readonly string[] =>
  readdirSync(join(root, 'hosts')).flatMap((host) => {
    const directory = join(root, 'hosts', host, 'plugin-mounts');
    return existsSync(directory) ? readdirSync(directory) : [];
  });

const calls = (call: string): number => plugin.asked.filter((asked) => asked.call === call).length;

const clear = async (): Promise<void> => {
  plugin.misbehave.clear();
  const ids = (await output('ps', '-aq')).split('\n').filter((id) => id !== '');
  if (ids.length > 0) await output('rm', '-f', ...ids);
  const names = (await output('volume', 'ls', '-q')).split('\n').filter((name) => name !== '');
  if (names.length > 0) await output('volume', 'rm', ...names);
  plugin.asked.splice(0);
};

test.before(async () => {
  importBusybox();
  store = scratch();
  plugin = await startPlugin(socket, store);
});

test.after.each(clear);

test.after(async () => {
  await plugin.stop();
  rmSync(plugins, { recursive: true });
});

test('a volume is made, shown, used, and removed', async () => {
  assert.is(await output('volume', 'create', '-d', 'keeper', '-o', 'size=1g', 'data'), 'data\n');
  assert.equal(plugin.asked.find(({ call }) => call === 'VolumeDriver.Create')?.body, { Name: 'data', Opts: { size: '1g' } });
  mkdirSync(join(store, 'elsewhere'));
  assert.is(await output('volume', 'ls', '--format', '{{.Driver}} {{.Name}} {{.Mountpoint}}'), `keeper data ${store}/data\nkeeper elsewhere ${store}/elsewhere\n`);
  assert.is(await output('volume', 'inspect', '-f', '{{.Driver}} {{.Mountpoint}} {{.Status.mounts}} {{.Options.size}}', 'data'), `keeper ${store}/data 0 1g\n`);
  assert.is(await output('volume', 'inspect', '-f', '{{.Driver}} {{.Mountpoint}}', 'elsewhere'), `keeper ${store}/elsewhere\n`, 'one that it had before us');
  assert.is(await output(...bare, '-v', 'data:/d', 'busybox', 'sh', '-c', 'echo kept > /d/file; stat -c %u /d'), '0\n');
  assert.is(mountsOf('data'), 0, 'when run returns it is unmounted');
  assert.equal(notes(), []);
  assert.is(await output(...bare, '-v', 'data:/d:ro', '-v', 'data:/again', 'busybox', 'cat', '/d/file', '/again/file'), 'kept\nkept\n');
  assert.is(calls('VolumeDriver.Mount'), 2, 'once per container');
  assert.is(calls('VolumeDriver.Unmount'), 2);
  assert.is(await output('volume', 'rm', 'data', 'elsewhere'), 'data\nelsewhere\n');
  assert.equal(readdirSync(store), []);
});

test('--volume-driver makes what is missing, and a name that only the plugin knows is found there', async () => {
  await output('run', '-d', '--name', 'one', '--network', 'none', '--volume-driver', 'keeper', '-v', 'fresh:/d', 'busybox', 'sleep', '1000');
  assert.is(mountsOf('fresh'), 1);
  const [id = ''] = [...(plugin.mounts.get('fresh') ?? [])];
  assert.is(`${id}\n`, await output('inspect', '-f', '{{.Id}}', 'one'), 'it is mounted in the container\'s name');
  assert.is(await output('inspect', '-f', '{{range .Mounts}}{{.Type}} {{.Name}} {{.Driver}}{{end}}', 'one'), 'volume fresh keeper\n');
  assert.match(await said('volume', 'rm', 'fresh'), /volume is in use/);
  await output('stop', '-t', '0', 'one');
  assert.is(mountsOf('fresh'), 0);
  await output('start', 'one');
  assert.is(mountsOf('fresh'), 1);
  await output('rm', '-f', 'one');
  assert.is(mountsOf('fresh'), 0);
  mkdirSync(join(store, 'known'));
  writeFileSync(join(store, 'known/file'), 'from before\n', { mode: 0o644 });
  assert.is(await output(...bare, '-v', 'known:/d', 'busybox', 'cat', '/d/file'), 'from before\n');
  assert.is(await output('volume', 'inspect', '-f', '{{.Driver}}', 'known'), 'keeper\n');
});

test('create mounts for what it copies, and unmounts; what the image has is in the volume', async () => {
  await output('volume', 'create', '-d', 'keeper', 'filled');
  const id = (await output('create', '-v', 'filled:/bin', 'busybox', 'true')).trim();
  assert.ok(existsSync(join(store, 'filled/busybox')));
  await eventually('it is unmounted', () => mountsOf('filled') === 0 && notes().length === 0);
  await output('rm', id);
});

test('whoever is killed, the plugin is told to unmount', async () => {
  await output('volume', 'create', '-d', 'keeper', 'crash');
  const victims = ['skiff-monitor', 'skiff-keeper', 'skiff-volume', 'skiff-'];
  for (const victim of victims) {
    await output('run', '-d', '--name', 'victim', '--network', 'none', '-v', 'crash:/d', 'busybox', 'sleep', '1000');
    assert.is(mountsOf('crash'), 1);
    const targets = victim === 'skiff-' ? ourProcesses().filter(({ name }) => name.startsWith(victim)) : processesCalled(victim);
    assert.ok(targets.length > 0, victim);
    for (const { pid } of targets) killNow(pid);
    await skiff('rm', '-f', 'victim');
    await output('ps', '-a');
    await eventually(`it is unmounted after ${victim}`, () => mountsOf('crash') === 0 && notes().length === 0);
    assert.is(await output(...bare, '-v', 'crash:/d', 'busybox', 'echo', 'again'), 'again\n');
  }
});

test('a plugin that misbehaves is an error of the start, in one sentence, and leaves nothing', async () => {
  await output('volume', 'create', '-d', 'keeper', 'bad');
  const run = (): Promise<string> => said(...bare, '-v', 'bad:/d', 'busybox', 'true');
  plugin.misbehave.set('VolumeDriver.Mount', 'silence');
  assert.match(await run(), /^skiff: cannot ask volume plugin keeper \(VolumeDriver\.Mount\): it has not answered within 2 s\n$/);
  plugin.misbehave.set('VolumeDriver.Mount', { status: 500, text: '{"Err": "out of\\nspace"}' });
  assert.match(await run(), /^skiff: VolumeDriver\.Mount: out of.*space\n$/);
  plugin.misbehave.set('VolumeDriver.Mount', 'huge');
  assert.match(await run(), /^skiff: .*larger than 4 MiB\n$/);
  plugin.misbehave.set('VolumeDriver.Mount', 'half');
  assert.match(await run(), /^skiff: .*in the middle of its answer\n$/);
  plugin.misbehave.set('VolumeDriver.Mount', { text: '{"Mountpoint": "/tmp/../../etc"}' });
  assert.match(await run(), /^skiff: .*Mountpoint does not fit\n$/);
  plugin.misbehave.set('VolumeDriver.List', 'hang-up');
  const { status, stderr } = await skiff('volume', 'ls');
  assert.is(status, 0);
  assert.match(stderr, /^skiff: cannot ask volume plugin keeper \(VolumeDriver\.List\): .*\n$/);
  plugin.misbehave.clear();
  plugin.misbehave.set('VolumeDriver.Remove', { text: '{"Err": "busy"}' });
  assert.match(await said('volume', 'rm', 'bad'), /^skiff: VolumeDriver\.Remove: busy\n$/);
  assert.match(await output('volume', 'ls', '-q'), /^bad$/m, 'it keeps its name');
  assert.equal(await output('ps', '-aq'), '');
  assert.equal(notes(), []);
});

test('a plugin that is away when the container ends is told later', async () => {
  await output('volume', 'create', '-d', 'keeper', 'away');
  await output('run', '-d', '--name', 'user', '--network', 'none', '-v', 'away:/d', 'busybox', 'sleep', '1000');
  await plugin.stop();
  await output('rm', '-f', 'user');
  assert.is(notes().length, 1);
  assert.match(await said(...bare, '-v', 'away:/d', 'busybox', 'true'), /error looking up volume plugin keeper: plugin "keeper" not found/);
  const { mounts } = plugin;
  plugin = await startPlugin(socket, store, mounts as Map<string, Set<string>>);
  assert.is(mountsOf('away'), 1);
  await skiff('__unmount', notes()[0]?.slice(0, 64) ?? '');
  assert.is(mountsOf('away'), 0);
  await output('volume', 'create', '-d', 'keeper', 'gone');
  plugin.misbehave.set('VolumeDriver.Remove', { status: 500, text: 'no' });
  await output('volume', 'rm', '-f', 'gone');
  assert.not.match((await output('volume', 'ls', '--filter', 'driver=local', '-q')), /gone/);
});

test('a name that no plugin has', async () => {
  assert.match(await said('volume', 'create', '-d', 'nobody', 'x1'), /^skiff: error looking up volume plugin nobody: plugin "nobody" not found; /);
  assert.match(await said(...bare, '--volume-driver', 'nobody', '-v', 'x1:/d', 'busybox', 'true'), /plugin "nobody" not found/);
  assert.is((await skiff('volume', 'inspect', 'x1')).status, 1);
});

test.run();
