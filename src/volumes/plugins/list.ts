/** The volumes of all plugins: those that no container of ours has used yet among them. */
import { SkiffFailure, renderError } from '../../core/errors.ts';
import { activate, ask } from './call.ts';
import { volumesIn } from './codec.ts';
import { pluginNames } from './find.ts';
import type { PluginVolume } from './codec.ts';
import type { VolumeContext } from '../driver.ts';
import type { Volume } from '../types.ts';

export interface ListedVolume {
  readonly volume: Volume;
  /** Empty where the plugin does not say. */
  readonly mountpoint: string;
}

export interface PluginVolumes {
  readonly listed: readonly ListedVolume[];
  /** A plugin that does not answer hides its own volumes and nothing else. */
  readonly warnings: readonly string[];
}

const dateOf = (text: string | null | undefined): string => (text === undefined || text === null || Number.isNaN(Date.parse(text)) ? '0001-01-01T00:00:00Z' : text);

const toVolume = ({ Name, CreatedAt }: PluginVolume, driver: string): Volume => ({ name: Name, driver, options: {}, labels: {}, createdAt: dateOf(CreatedAt), anonymous: false });

const ofPlugin = async (context: VolumeContext, driver: string): Promise<PluginVolumes> => {
  try {
    await activate(context, driver);
    const asked = await ask(context, driver, 'VolumeDriver.List', {});
    const listed = asked.known ? volumesIn(asked.answer) : [];
    return { listed: listed.map((one) => ({ volume: toVolume(one, driver), mountpoint: one.Mountpoint ?? '' })), warnings: [] };
  } catch (error) {
    if (!(error instanceof SkiffFailure)) throw error;
    return { listed: [], warnings: [renderError(error.error)] };
  }
};

/** Asks all plugins at once. */
export const pluginVolumes = async (context: VolumeContext): Promise<PluginVolumes> => {
  const all = await Promise.all(pluginNames(context).map((name) => ofPlugin(context, name)));
  return { listed: all.flatMap(({ listed }) => listed), warnings: all.flatMap(({ warnings }) => warnings) };
};

const inPlugin = async (context: VolumeContext, driver: string, name: string): Promise<Volume | undefined> => {
  try {
    const asked = await ask(context, driver, 'VolumeDriver.Get', { Name: name });
    return asked.known && asked.answer.Volume.Name === name ? toVolume(asked.answer.Volume, driver) : undefined;
  } catch (error) {
    if (!(error instanceof SkiffFailure)) throw error;
    return undefined;
  }
};

/**
 * The volume `name` as a plugin has it, of which we have no record; like Docker, which looks for a name in all of them, the first by name counts. Costs two directory listings where
 * there are no plugins.
 */
export const foundInPlugins = async (context: VolumeContext, name: string): Promise<Volume | undefined> => {
  for (const driver of pluginNames(context)) {
    const found = await inPlugin(context, driver, name);
    if (found !== undefined) return found;
  }
  return undefined;
};
