/** Giving a plugin's volume back. */
import { SkiffFailure } from '../../core/errors.ts';
import { removeIfPresent, writeFileAtomic } from '../../system/files.ts';
import { call } from './call.ts';
import { pluginNames } from './find.ts';
import { mountFile, readMount } from './mounts.ts';
import type { VolumeContext } from '../driver.ts';

/**
 * Has the plugin unmount and forgets it; nothing where that has been done. A plugin that is not there, or does not answer, is asked again by a later command; one that says no has been told.
 * Throws what `call` throws.
 */
export const unmount = async (context: Pick<VolumeContext, 'paths' | 'env'>, container: string, volume: string): Promise<void> => {
  const file = mountFile(context.paths, { container, volume });
  const mount = readMount(file);
  if (mount === undefined) return;
  try {
    await call(context, mount.driver, 'VolumeDriver.Unmount', { Name: volume, ID: container });
  } catch (error) {
    const saysNo = error instanceof SkiffFailure && error.error._tag === 'Refused' && pluginNames(context).includes(mount.driver);
    if (!saysNo) writeFileAtomic(file, JSON.stringify({ ...mount, tried: Date.now() }));
    if (!saysNo) throw error;
  }
  removeIfPresent(file);
};
