import { usage } from '../core/invalid.ts';
import { hasLimits } from '../runtime/limit-flags.ts';
import { updateAll } from '../runtime/update.ts';
import type { Context } from './context.ts';
import { table } from './options/update.ts';
import type { FlagsOf } from './options/table.ts';
import { printOutcomes } from './outcomes.ts';
import { surroundingsOf } from './surroundings.ts';

export { table };

/** `skiff update`: prints the names of those that have the limits, and the restart policy, now. */
export const run = async (context: Context, flags: FlagsOf<typeof table>, words: readonly string[]): Promise<number> => {
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  if (!hasLimits(given) && flags.restart === undefined) usage('you must provide one or more flags when using this command', "see 'skiff update --help'");
  return printOutcomes(context, await updateAll(surroundingsOf(context), words, given));
};
