import { describeMachine } from '../runtime/machine.ts';
import { pathsOf } from './surroundings.ts';
import type { Context } from './context.ts';
import { table } from './options/info.ts';
import type { FlagsOf } from './options/table.ts';
import { version } from './version.ts';
import { warn } from './warn.ts';

export { table };

/** `skiff info`. */
export const run = async (context: Context, flags: FlagsOf<typeof table>): Promise<number> => {
  const machine = await describeMachine(pathsOf(context), context.env, context.storageDriver);
  if (flags.format === undefined) {
    const { renderMachine } = await import('./info-lines.ts');
    context.stdout.write(renderMachine(machine));
    for (const sentence of machine.Warnings) warn(context, sentence);
    return 0;
  }
  const { renderObject } = await import('./format.ts');
  context.stdout.write(await renderObject(flags.format, { ...machine, ServerVersion: version }, context.stdout));
  return 0;
};
