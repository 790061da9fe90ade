/** The client of volume plugins: where it finds them, what it asks, and how it takes answers that are slow, wrong, endless, or none. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SkiffFailure, renderError } from '../../src/core/errors.ts';
import { pluginDriver } from '../../src/volumes/drivers/plugin.ts';
import { findPlugin, pluginNames } from '../../src/volumes/plugins/find.ts';
import { pluginVolumes } from '../../src/volumes/plugins/list.ts';
import { mountedContainers, mountsOf } from '../../src/volumes/plugins/mounts.ts';
import { startPlugin } from '../volume-plugin.ts';
import type { VolumeContext } from '../../src/volumes/driver.ts';
import type { Volume } from '../../src/volumes/types.ts';
import type { Misbehaviour, VolumePlugin } from '../volume-plugin.ts';

const volume = (name: string): Volume => ({ name, driver: 'keeper', options: { size: '1g' }, labels: {}, createdAt: '2024-01-01T00:00:00Z', anonymous: false });
const id = 'c'.repeat(64);

interface Place {
  readonly context: VolumeContext;
  readonly directory: string;
  readonly sockets: string;
  readonly config: string;
}

const inPlace = async (body: (place: Place) => Promise<void>): Promise<void> => {
  const directory = mkdtempSync(join(tmpdir(), 'plugins-'));
  const [host, runtime] = [join(directory, 'host'), join(directory, 'run')];
  const context = { paths: { root: directory, host, runtime }, host: {}, env: { XDG_CONFIG_HOME: join(directory, 'config'), SKIFF_PLUGIN_TIMEOUT: '1' } } as unknown as VolumeContext;
  const place = { context, directory, sockets: join(runtime, 'plugins'), config: join(directory, 'config/skiff/plugins') };
  for (const path of [host, place.sockets, place.config]) mkdirSync(path, { recursive: true });
  try {
    await body(place);
  } finally {
    rmSync(directory, { recursive: true });
  }
};

const withPlugin = (body: (plugin: VolumePlugin, place: Place) => Promise<void>): Promise<void> =>
  inPlace(async (place) => {
    const plugin = await startPlugin(join(place.sockets, 'keeper.sock'), join(place.directory, 'store'));
    try {
      await body(plugin, place);
    } finally {
      await plugin.stop();
    }
  });

const sentence = async (action: Promise<unknown>): Promise<string> => {
  try {
    await action;
  } catch (error) {
    if (error instanceof SkiffFailure) return renderError(error.error);
    throw error;
  }
  throw new Error('it has not failed');
};

const driver = pluginDriver('keeper');

test('a plugin is found by its socket, or by a file that says where it listens', () =>
  inPlace(async ({ context, sockets, config }) => {
    assert.is(findPlugin(context, 'keeper'), undefined);
    writeFileSync(join(config, 'a.spec'), 'unix:///run/a.sock\n');
    writeFileSync(join(config, 'b.spec'), 'tcp://localhost:8080');
    mkdirSync(join(config, 'c'));
    writeFileSync(join(config, 'c/c.json'), JSON.stringify({ name: 'c', addr: 'https://[::1]:443', tlsconfig: { CAFile: '/ca.pem', InsecureSkipVerify: false } }));
    writeFileSync(join(config, 'd.json'), '{"Addr": "ftp://x"}');
    writeFileSync(join(config, 'e.json'), '{"Addr": "tcp://h:1", "TLSConfig": {"KeyFile": "../key"}}');
    writeFileSync(join(config, 'f.spec'), 'unix://relative');
    writeFileSync(join(sockets, 'g.sock'), 'no socket');
    assert.equal(findPlugin(context, 'a'), { name: 'a', address: { kind: 'unix', path: '/run/a.sock' } });
    assert.equal(findPlugin(context, 'b')?.address, { kind: 'tcp', host: 'localhost', port: 8080 });
    assert.equal(findPlugin(context, 'c')?.address, { kind: 'tcp', host: '::1', port: 443, tls: { insecureSkipVerify: false, ca: '/ca.pem' } });
    assert.throws(() => findPlugin(context, 'd'), /is no address/);
    assert.throws(() => findPlugin(context, 'e'), /KeyFile does not fit/);
    assert.throws(() => findPlugin(context, 'f'), /is no address/);
    assert.is(findPlugin(context, 'g'), undefined);
    assert.is(findPlugin(context, '../keeper'), undefined);
    assert.equal(pluginNames(context), ['a', 'b', 'c', 'd', 'e', 'f']);
    mkdirSync(join(config, 'session/skiff/plugins'), { recursive: true });
    writeFileSync(join(config, 'session/skiff/plugins/s.spec'), 'unix:///s');
    assert.equal(findPlugin({ ...context, env: { ...context.env, XDG_RUNTIME_DIR: join(config, 'session') } }, 's')?.address, { kind: 'unix', path: '/s' });
    const plugin = await startPlugin(join(sockets, 'a/a.sock'), join(config, 'store'));
    assert.equal(findPlugin(context, 'a')?.address, { kind: 'unix', path: join(sockets, 'a/a.sock') }, 'sockets come first');
    await plugin.stop();
  }));

test('a volume is made, mounted, unmounted and removed in the words of the protocol', () =>
  withPlugin(async (plugin, { context }) => {
    const data = volume('data');
    await driver.create(context, data);
    const access = await driver.use(context, data, id);
    assert.is(access.kind === 'directory' && access.path, plugin.place('data'));
    assert.equal(access.record?.slice(0, 2), ['volume', 'data']);
    assert.equal(access.record?.slice(-3), ['__unmount', id, 'data']);
    assert.equal(mountsOf(context.paths, id), [{ container: id, volume: 'data', driver: 'keeper' }]);
    assert.equal([...(plugin.mounts.get('data') ?? [])], [id]);
    assert.is(await driver.mountpoint(context, data), plugin.place('data'));
    assert.equal(await driver.status?.(context, data), { mounts: 1 });
    await driver.release?.(context, data, id);
    await driver.release?.(context, data, id);
    await driver.remove(context, data);
    assert.equal(mountedContainers(context.paths), []);
    const calls = plugin.asked.filter(({ call }) => !/Activate|Get/.test(call));
    assert.equal(calls, [
      { call: 'VolumeDriver.Create', body: { Name: 'data', Opts: { size: '1g' } } },
      { call: 'VolumeDriver.Mount', body: { Name: 'data', ID: id } },
      { call: 'VolumeDriver.Unmount', body: { Name: 'data', ID: id } },
      { call: 'VolumeDriver.Remove', body: { Name: 'data' } },
    ]);
  }));

test('what the plugin has already is taken over, and its volumes are listed', () =>
  withPlugin(async (plugin, { context, directory }) => {
    mkdirSync(join(directory, 'store/old'));
    await driver.create(context, volume('old'));
    assert.not.ok(plugin.asked.some(({ call }) => call === 'VolumeDriver.Create'));
    plugin.misbehave.set('VolumeDriver.List', { text: JSON.stringify({ volumes: [{ name: 'old', CREATEDAT: '2024-01-02T03:04:05Z' }, { Name: '../x' }, 'x', { Name: 'yy', Mountpoint: null }] }) });
    const { listed, warnings } = await pluginVolumes(context);
    assert.equal(warnings, []);
    assert.equal(listed.map(({ volume: { name, driver: by, createdAt } }) => [name, by, createdAt]), [['old', 'keeper', '2024-01-02T03:04:05Z'], ['yy', 'keeper', '0001-01-01T00:00:00Z']]);
    plugin.misbehave.set('VolumeDriver.List', 'not-found');
    assert.equal(await pluginVolumes(context), { listed: [], warnings: [] });
  }));

test('a plugin that fails is told about in one sentence, and nothing is left', () =>
  withPlugin(async (plugin, { context }) => {
    await driver.create(context, volume('data'));
    const cases: readonly (readonly [Misbehaviour, RegExp])[] = [
      ['silence', /^cannot ask volume plugin keeper \(VolumeDriver\.Mount\): it has not answered within 1 s$/],
      ['hang-up', /it ended without an answer|socket hang up/],
      ['half', /in the middle of its answer/],
      ['huge', /its answer is larger than 4 MiB/],
      ['garbage', /the answer of volume plugin keeper to VolumeDriver\.Mount is damaged: it is not JSON/],
      ['not-found', /it has no VolumeDriver\.Mount/],
      [{ status: 500, text: '{"Err": "disk\\u001b[2J on fire"}' }, /^VolumeDriver\.Mount: disk.*\[2J on fire$/],
      [{ status: 500, text: 'oops\n' }, /^VolumeDriver\.Mount: oops$/],
      [{ text: '{"Mountpoint": "relative"}' }, /Mountpoint does not fit/],
      [{ text: '{"Mountpoint": "/tmp/../etc"}' }, /Mountpoint does not fit/],
      [{ text: '{"Mountpoint": "/tmp/a\\nb"}' }, /Mountpoint does not fit/],
      [{ text: '{"Mountpoint": 5}' }, /Mountpoint does not fit/],
      [{ text: '{}' }, /does not say where it is/],
      [{ text: '[]' }, /does not say where it is|is not what was asked for/],
      [{ text: '{"Mountpoint": "/nowhere/at/all"}' }, /\/nowhere\/at\/all, where you see no directory/],
    ];
    for (const [how, words] of cases) {
      plugin.misbehave.set('VolumeDriver.Mount', how);
      const said = await sentence(driver.use(context, volume('data'), id));
      assert.match(said, words);
      assert.not.match(said, /[\0-\x1f]/);
      assert.equal(mountsOf(context.paths, id), [], JSON.stringify(how));
    }
    assert.is(plugin.asked.filter(({ call }) => call === 'VolumeDriver.Unmount').length, cases.length, 'each is told to unmount, for it may have mounted');
  }));

test('a plugin for something else, and one that is not there', () =>
  withPlugin(async (plugin, { context }) => {
    plugin.misbehave.set('Plugin.Activate', { text: '{"Implements": ["NetworkDriver"]}' });
    assert.is(await sentence(driver.create(context, volume('data'))), 'Plugin does not implement the requested driver: plugin="keeper", requested implementation="VolumeDriver"');
    assert.match(await sentence(pluginDriver('other').create(context, volume('data'))), /^error looking up volume plugin other: plugin "other" not found;/);
    await plugin.stop();
    writeFileSync(join(context.env['XDG_CONFIG_HOME'] ?? '', 'skiff/plugins/gone.spec'), 'unix:///nowhere/gone.sock');
    assert.match(await sentence(pluginDriver('gone').create(context, volume('data'))), /its socket is not there; is the plugin running\?/);
    assert.match((await pluginVolumes(context)).warnings.join(), /volume plugin gone/);
  }));

test('a mount that could not be undone is remembered until it is', () =>
  withPlugin(async (plugin, { context }) => {
    await driver.create(context, volume('data'));
    await driver.use(context, volume('data'), id);
    plugin.misbehave.set('VolumeDriver.Unmount', 'hang-up');
    await sentence(driver.release?.(context, volume('data'), id) ?? Promise.resolve());
    assert.equal(mountedContainers(context.paths), [id]);
    assert.type(mountsOf(context.paths, id)[0]?.tried, 'number');
    plugin.misbehave.set('VolumeDriver.Unmount', { text: '{"Err": "never heard of it"}' });
    await driver.release?.(context, volume('data'), id);
    assert.equal(mountedContainers(context.paths), [], 'one that says no has been told');
  }));

test('a plugin may listen at a port', () =>
  inPlace(async ({ context, config, directory }) => {
    const plugin = await startPlugin(0, join(directory, 'store'));
    writeFileSync(join(config, 'keeper.spec'), `tcp://127.0.0.1:${plugin.port}`);
    await driver.create(context, volume('data'));
    assert.equal((await pluginVolumes(context)).listed.map(({ volume: { name } }) => name), ['data']);
    await plugin.stop();
    assert.match(await sentence(driver.create(context, volume('data'))), /nobody listens there any more/);
  }));

test.run();
