import { renderError } from '../core/errors.ts';
import { bootContainers } from '../runtime/boot.ts';
import type { Context } from './context.ts';
import { table } from './options/system-boot.ts';
import { printOutcomes } from './outcomes.ts';
import { surroundingsOf } from './surroundings.ts';
import { warn } from './warn.ts';

export { table };

/** `skiff system boot`: prints the name of each container that it has started. */
export const run = async (context: Context): Promise<number> => {
  const { outcomes, damaged } = await bootContainers(surroundingsOf(context));
  for (const error of damaged) warn(context, renderError(error));
  return printOutcomes(context, outcomes);
};
