import { printable } from '../core/errors.ts';
import { eraseCredential, serverNameOf } from '../registry/credentials.ts';
import { pathsOf } from './surroundings.ts';
import { readSettings } from '../system/settings.ts';
import type { Context } from './context.ts';
import { exitOne } from './exit-one.ts';
import { table } from './options/logout.ts';
import type { FlagsOf } from './options/table.ts';
import { registryOf } from './registry-name.ts';

export { table };

/** `skiff logout`. */
export const run = async (context: Context, _flags: FlagsOf<typeof table>, [server]: readonly string[]): Promise<number> => {
  const settings = await readSettings(context.env, pathsOf(context));
  const domain = registryOf(settings, server);
  return await exitOne(context, async () => {
    const wasKnown = await eraseCredential(context.env, domain);
    context.stdout.write(`${wasKnown ? 'Removing login credentials for' : 'Not logged in to'} ${printable(serverNameOf(domain))}\n`);
  });
};
