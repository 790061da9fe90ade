import { heal } from '../runtime/heal.ts';
import { connectNetwork } from '../runtime/network-connect.ts';
import { exitOneForAll } from './exit-one.ts';
import { table } from './options/network-connect.ts';
import { surroundingsOf } from './surroundings.ts';
import type { Context } from './context.ts';
import type { FlagsOf } from './options/table.ts';

export { table };

/** `skiff network connect`: says nothing; 1 for whatever Docker's daemon would find fault with. */
export const run = async (context: Context, flags: FlagsOf<typeof table>, [network = '', container = '']: readonly string[]): Promise<number> =>
  await exitOneForAll(context, async () => {
    const { paths, host } = surroundingsOf(context);
    heal(paths, host);
    await connectNetwork(paths, network, container, flags);
  });
