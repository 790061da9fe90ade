import { prepareLater } from '../runtime/launch.ts';
import { orderOf, warnOfContainer } from './new-container.ts';
import { hintAtBoot } from './boot-hint.ts';
import { exitOne } from './exit-one.ts';
import { table } from './options/create.ts';
import { surroundingsOf } from './surroundings.ts';
import type { Context } from './context.ts';
import type { FlagsOf } from './options/table.ts';

export { table };

/** `skiff create`: prints the id of a container that has not been started. */
export const run = (context: Context, flags: FlagsOf<typeof table>, positionals: readonly string[]): Promise<number> =>
  exitOne(context, async () => {
    const surroundings = surroundingsOf(context);
    const order = await orderOf(context, surroundings, flags, positionals);
    const { id, warnings } = await prepareLater(surroundings, order.image, order.flags);
    await warnOfContainer(context, surroundings, warnings);
    await hintAtBoot(context, flags.restart);
    context.stdout.write(`${id}\n`);
  });
