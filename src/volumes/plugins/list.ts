/** The volumes of all plugins, for `skiff volume ls`: those that no container of ours has used yet among them. */
import { SkiffFailure, renderError } from '../../core/errors.ts';
import { activate, ask } from './call.ts';
import { volumesIn } from './codec.ts';
import { pluginNames } from './find.ts';
import type { VolumeContext } from '../driver.ts';
import type { Volume } from '../types.ts';

export interface PluginVolumes {
  readonly volumes: readonly Volume[];
  /** A plugin that does not answer hides its own volumes and nothing else. */
  readonly warnings: readonly string[];
}

const dateOf = (text: string | null | undefined): string => (text === undefined || text === null || Number.isNaN(Date.parse(text)) ? '0001-01-01T00:00:00Z' : text);

const ofPlugin = async (context: VolumeContext, driver: string): Promise<PluginVolumes> => {
  try {
    await activate(context, driver);
    const asked = await ask(context, driver, 'VolumeDriver.List', {});
    const listed = asked.known ? volumesIn(asked.answer) : [];
    return { volumes: listed.map(({ Name, CreatedAt }) => ({ name: Name, driver, options: {}, labels: {}, createdAt: dateOf(CreatedAt), anonymous: false })), warnings: [] };
  } catch (error) {
    if (!(error instanceof SkiffFailure)) throw error;
    return { volumes: [], warnings: [renderError(error.error)] };
  }
};

/** Asks all plugins at once. */
export const pluginVolumes = async (context: VolumeContext): Promise<PluginVolumes> => {
  const all = await Promise.all(pluginNames(context).map((name) => ofPlugin(context, name)));
  return { volumes: all.flatMap(({ volumes }) => volumes), warnings: all.flatMap(({ warnings }) => warnings) };
};
