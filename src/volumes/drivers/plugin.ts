/** Volumes that a volume plugin keeps: a program of the user's that speaks Docker's protocol. */
import { statSync } from 'node:fs';
import { fail } from '../../core/errors.ts';
import { ownCommand } from '../../system/own-command.ts';
import { afterRecord } from '../held.ts';
import { activate, ask, call } from '../plugins/call.ts';
import { noteMount } from '../plugins/mounts.ts';
import { unmount } from '../plugins/unmount.ts';
import type { PluginVolume } from '../plugins/codec.ts';
import type { VolumeAccess, VolumeContext, VolumeDriver } from '../driver.ts';
import type { Volume } from '../types.ts';

/** What the command needs that has the plugin unmount. */
const passed: readonly string[] = ['PATH', 'HOME', 'XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_CACHE_HOME', 'SKIFF_HELPERS', 'SKIFF_PLUGIN_TIMEOUT'];

/** How this program has the plugin of a container's volume unmount: absolute path first. */
const unmountCommand = ({ paths, env }: VolumeContext, container: string, volume: string): readonly string[] => {
  const { program, args } = ownCommand(env);
  return [program, ...args, '--root', paths.root, '__unmount', container, volume];
};

const environment = (env: VolumeContext['env']): readonly string[] => passed.flatMap((name) => (env[name] === undefined ? [] : [`${name}=${env[name]}`]));

/** What the plugin knows of a volume; undefined where it has none of the name, or cannot say. */
const find = async (context: VolumeContext, driver: string, name: string): Promise<PluginVolume | undefined> => {
  try {
    const asked = await ask(context, driver, 'VolumeDriver.Get', { Name: name });
    return asked.known && asked.answer.Volume.Name === name ? asked.answer.Volume : undefined;
  } catch {
    // The call that matters says what is wrong.
    return undefined;
  }
};

/** The directory that the plugin says the volume is at. Throws where it is none that can be bound. */
const checkPlace = (driver: string, { name }: Volume, path: string | null | undefined): string => {
  const broken = (reason: string): never => fail({ _tag: 'System', operation: 'mount', subject: `volume ${name} of plugin ${driver}`, reason });
  if (path === undefined || path === null || path === '') return broken('the plugin does not say where it is');
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return broken(`the plugin says that it is at ${path}, where you see no directory`);
  return path;
};

const mount = async (context: VolumeContext, driver: string, volume: Volume, container: string): Promise<VolumeAccess> => {
  const { name } = volume;
  await activate(context, driver);
  noteMount(context.paths, { container, volume: name, driver });
  try {
    const { Mountpoint } = await call(context, driver, 'VolumeDriver.Mount', { Name: name, ID: container });
    const path = checkPlace(driver, volume, Mountpoint);
    return { kind: 'directory', path, record: afterRecord(context.paths, container, name, environment(context.env), unmountCommand(context, container, name)) };
  } catch (error) {
    // It may have mounted all the same.
    await unmount(context, container, name).catch(() => undefined);
    throw error;
  }
};

/** Docker's rule: what the plugin has already is taken over as it is (moby volume/service/store.go). */
const create = async (context: VolumeContext, driver: string, { name, options }: Volume): Promise<void> => {
  await activate(context, driver);
  if ((await find(context, driver, name)) === undefined) await call(context, driver, 'VolumeDriver.Create', { Name: name, Opts: options });
};

/** The driver that asks the plugin `driver`; whether there is one is seen when it is asked. */
export const pluginDriver = (driver: string): VolumeDriver => ({
  name: driver,
  scope: 'local',
  create: async (context, volume) => await create(context, driver, volume),
  mountpoint: async (context, { name }) => (await find(context, driver, name))?.Mountpoint ?? '',
  use: async (context, volume, container) => await mount(context, driver, volume, container),
  release: async (context, { name }, container) => await unmount(context, container, name),
  remove: async (context, { name }) => void (await call(context, driver, 'VolumeDriver.Remove', { Name: name })),
  status: async (context, { name }) => (await find(context, driver, name))?.Status ?? undefined,
});
