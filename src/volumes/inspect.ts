/** What `skiff volume inspect` shows: Docker's volume object. */
import { volumeDriver } from './drivers/choose.ts';
import type { VolumeContext } from './driver.ts';
import type { Volume } from './types.ts';

const sorted = (values: Readonly<Record<string, string>>): Readonly<Record<string, string>> => Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Members in Docker's order. `Status` only where the driver has something to say. Throws what a driver says that has to be asked. */
export const inspectedVolume = async (context: VolumeContext, volume: Volume): Promise<Readonly<Record<string, unknown>>> => {
  const driver = await volumeDriver(volume.driver);
  const status = await driver.status?.(context, volume);
  return {
    CreatedAt: volume.createdAt.replace(/\.\d+Z$/, 'Z'),
    Driver: volume.driver,
    Labels: sorted(volume.labels),
    Mountpoint: await driver.mountpoint(context, volume),
    Name: volume.name,
    Options: sorted(volume.options),
    Scope: driver.scope,
    ...(status === undefined || Object.keys(status).length === 0 ? {} : { Status: status }),
  };
};
