import { mergeLabels } from '../core/labels.ts';
import { need } from '../core/invalid.ts';
import { createNetwork } from '../network/create.ts';
import { readSettings } from '../system/settings.ts';
import { exitOneForAll } from './exit-one.ts';
import { table } from './options/network-create.ts';
import { surroundingsOf } from './surroundings.ts';
import type { Context } from './context.ts';
import type { FlagsOf } from './options/table.ts';

export { table };

/** `skiff network create`: prints the id; 1 for whatever Docker's daemon would find fault with. */
export const run = async (context: Context, flags: FlagsOf<typeof table>, [name = '']: readonly string[]): Promise<number> =>
  await exitOneForAll(context, async () => {
    const { paths } = surroundingsOf(context);
    const { opt, label, ipv6, configFrom = '', ...rest } = flags;
    const network = await createNetwork(paths, { ...rest, name, options: opt, labels: need(mergeLabels({}, [], label)), ipv6: ipv6 ? true : undefined, configFrom }, await readSettings(context.env, paths));
    context.stdout.write(`${network.id}\n`);
  });
