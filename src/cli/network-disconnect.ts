import { heal } from '../runtime/heal.ts';
import { disconnectNetwork } from '../runtime/network-connect.ts';
import { exitOneForAll } from './exit-one.ts';
import { table } from './options/network-disconnect.ts';
import { surroundingsOf } from './surroundings.ts';
import type { Context } from './context.ts';
import type { FlagsOf } from './options/table.ts';

export { table };

/** `skiff network disconnect`: says nothing; 1 for whatever Docker's daemon would find fault with. */
export const run = async (context: Context, { force }: FlagsOf<typeof table>, [network = '', container = '']: readonly string[]): Promise<number> =>
  await exitOneForAll(context, async () => {
    const { paths, host } = surroundingsOf(context);
    heal(paths, host);
    await disconnectNetwork(paths, network, container, force);
  });
