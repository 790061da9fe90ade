/**
 * Which containers have volumes of plugins mounted. A file for each is there before the plugin is asked to mount and goes when it has unmounted, so that whatever is killed in between, the
 * next command knows what is left to say: a plugin counts its mounts.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as t from 'io-ts';
import { isLeft } from 'fp-ts/Either';
import { writeFileAtomic } from '../../system/files.ts';
import { pluginNames } from './find.ts';
import type { Paths } from '../../system/paths.ts';
import type { VolumeContext } from '../driver.ts';

const mountCodec = t.intersection([t.type({ container: t.string, volume: t.string, driver: t.string }), t.partial({ tried: t.number })]);
export type PluginMount = t.TypeOf<typeof mountCodec>;

const directoryOf = (paths: Paths): string => join(paths.host, 'plugin-mounts');

/** The file of one. */
export const mountFile = (paths: Paths, { container, volume }: Pick<PluginMount, 'container' | 'volume'>): string =>
  join(directoryOf(paths), `${container}-${createHash('sha256').update(volume).digest('hex').slice(0, 32)}`);

/** Writes down that the plugin is about to be asked. Idempotent. */
export const noteMount = (paths: Paths, mount: PluginMount): void => {
  mkdirSync(directoryOf(paths), { recursive: true, mode: 0o700 });
  writeFileAtomic(mountFile(paths, mount), JSON.stringify(mount));
};

/** What it says; undefined where it is not there any more. */
export const readMount = (path: string): PluginMount | undefined => {
  try {
    const decoded = mountCodec.decode(JSON.parse(readFileSync(path, 'utf8')));
    return isLeft(decoded) ? undefined : decoded.right;
  } catch {
    return undefined;
  }
};

const namesIn = (paths: Paths): readonly string[] => {
  try {
    return readdirSync(directoryOf(paths));
  } catch {
    return [];
  }
};

/** Ids of the containers that have, or had when they were killed, volumes of plugins; without looking into the files. */
export const mountedContainers = (paths: Paths): readonly string[] => [...new Set(namesIn(paths).flatMap((name) => /^([0-9a-f]{64})-[0-9a-f]{32}$/.exec(name)?.[1] ?? []))];

/** What container `id` has mounted. */
export const mountsOf = (paths: Paths, id: string): readonly PluginMount[] =>
  namesIn(paths)
    .filter((name) => name.startsWith(`${id}-`))
    .flatMap((name) => readMount(join(directoryOf(paths), name)) ?? []);

/** How long after a try in vain a command leaves it to a later one to try again; ms. */
const patience = 60_000;

/** Whether a command that happens to come by should see to it: the plugin is there, and it has not just been asked in vain. */
export const isDue = (context: Pick<VolumeContext, 'paths' | 'env'>, { driver, tried }: PluginMount): boolean =>
  (tried === undefined || Date.now() - tried > patience) && pluginNames(context).includes(driver);
