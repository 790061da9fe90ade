/** Which storage driver somebody asks for. */
import * as TE from 'fp-ts/TaskEither';
import type { TaskEither } from 'fp-ts/TaskEither';
import { toSkiffError } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import type { Paths } from '../system/paths.ts';
import { readSettings, settingsPath } from '../system/settings.ts';
import { parseWantedDriver } from './choose.ts';
import type { Wanted } from './choose.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * `flag` (--storage-driver) before SKIFF_STORAGE_DRIVER before the settings' file, which is read only when it decides.
 * Left: `Usage` for a name that no driver has, and what `readSettings` throws.
 */
export const wantedDriver = (paths: Paths, env: Environment, flag: string | undefined): TaskEither<SkiffError, Wanted> => {
  const variable = env['SKIFF_STORAGE_DRIVER'] ?? '';
  if (flag !== undefined) return async () => parseWantedDriver(flag, '--storage-driver');
  if (variable !== '') return async () => parseWantedDriver(variable, 'SKIFF_STORAGE_DRIVER');
  return TE.tryCatch(
    async () => {
      const { storageDriver = 'auto' } = await readSettings(env, paths);
      return { driver: storageDriver, source: settingsPath(env) };
    },
    toSkiffError('read', 'the settings'),
  );
};
