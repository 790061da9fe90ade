/** The driver of a volume, loaded when it is needed. */
import type { VolumeDriver } from '../driver.ts';

/** The driver called `name`: one of ours, else a plugin, which is looked for when it is asked for something. */
export const volumeDriver = async (name: string): Promise<VolumeDriver> => {
  if (name === 'local' || name === '') return (await import('./local.ts')).localDriver;
  if (name === 'fuse') return (await import('./fuse.ts')).fuseDriver;
  return (await import('./plugin.ts')).pluginDriver(name);
};
