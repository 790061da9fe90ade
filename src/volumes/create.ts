/** `skiff volume create`, and the volumes that a container names and nobody has made. */
import { fail } from '../core/errors.ts';
import { newId } from '../system/new-id.ts';
import { volumeDriver } from './drivers/choose.ts';
import { tellVolume } from './events.ts';
import { checkVolumeName } from '../core/volume-name.ts';
import { addVolume, readVolume, whileChanging } from './store.ts';
import { anonymousLabel } from './types.ts';
import type { VolumeContext } from './driver.ts';
import type { Volume } from './types.ts';

/** What is asked for. */
export interface VolumeRequest {
  /** Empty for a made-up one, 64 hex digits, which makes the volume anonymous. */
  readonly name: string;
  /** The name was made up by whoever calls. */
  readonly anonymous?: boolean;
  /** Empty for `local`. */
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** It need not survive a power cut: it goes with a container that does not either. */
  readonly fleeting?: boolean;
}

const sameOptions = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([name, value]) => b[name] === value);

/** The volume of that name, where it is what is asked for; as in Docker one with another driver is a conflict, and so is one with other options, which Docker overlooks. */
const existing = (found: Volume, { name, driver, options }: VolumeRequest): Volume => {
  if (driver !== '' && found.driver !== driver) {
    fail({ _tag: 'Conflict', message: `a volume named ${name} already exists with driver ${found.driver}`, hint: `remove it with 'skiff volume rm ${name}', or choose another name` });
  }
  if (Object.keys(options).length > 0 && !sameOptions(found.options, options)) {
    fail({ _tag: 'Conflict', message: `a volume named ${name} already exists with other options`, hint: `remove it with 'skiff volume rm ${name}', or choose another name` });
  }
  return found;
};

const freshVolume = ({ name, driver, options, labels, anonymous = name === '' }: VolumeRequest): Volume => ({
  name: name === '' ? newId() : checkVolumeName(name),
  driver: driver === '' ? 'local' : driver,
  options,
  labels: anonymous ? { ...labels, [anonymousLabel]: '' } : labels,
  createdAt: new Date().toISOString(),
  anonymous,
});

/** Of a name that is new here, the plugin that knows it. */
const driverWith = async (context: VolumeContext, name: string): Promise<string | undefined> => {
  const { pluginNames } = await import('./plugins/find.ts');
  return pluginNames(context).length === 0 ? undefined : (await (await import('./plugins/list.ts')).foundInPlugins(context, name))?.driver;
};

export interface MadeVolume {
  readonly volume: Volume;
  /** Whether it is new. */
  readonly isNew: boolean;
}

/**
 * Makes a volume, durably, and tells of it; one that is there already and fits is returned. Throws Usage for a name or options that Docker would not take
 * either, Conflict where the name is one of another kind of volume.
 */
export const createVolume = async (context: VolumeContext, request: VolumeRequest): Promise<MadeVolume> => {
  const { paths } = context;
  const volume = freshVolume(request);
  const found = readVolume(paths, volume.name);
  if (found !== undefined) return { volume: existing(found, request), isNew: false };
  if (request.driver === '' && request.name !== '' && Object.keys(request.options).length === 0) {
    const driver = await driverWith(context, volume.name);
    if (driver !== undefined) return await createVolume(context, { ...request, driver });
  }
  await (await volumeDriver(volume.driver)).create(context, volume);
  const isNew = await whileChanging(paths, () => addVolume(paths, volume, request.fleeting !== true));
  if (isNew) tellVolume(paths, 'create', volume);
  return isNew ? { volume, isNew } : await createVolume(context, { ...request, name: volume.name });
};
