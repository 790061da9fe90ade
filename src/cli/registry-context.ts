import type { RegistryContext } from '../registry/client.ts';
import type { Paths } from '../system/paths.ts';
import type { Context } from './context.ts';

/**
 * What talking to a registry takes: the user's settings and a way to their credentials. Loads the modules for that now, reads the
 * settings' file, and a credential only when a registry is first asked. Throws SkiffFailure for settings that are wrong.
 */
export const registryContext = async ({ env }: Pick<Context, 'env'>, paths: Paths): Promise<RegistryContext> => {
  const [{ readSettings }, { findCredential }] = await Promise.all([import('../system/settings.ts'), import('../registry/credentials.ts')]);
  return { settings: await readSettings(env, paths), env, credentialOf: (domain) => findCredential(env, domain) };
};
