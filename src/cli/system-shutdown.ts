import { shutDownContainers } from '../runtime/boot.ts';
import type { Context } from './context.ts';
import { table } from './options/system-shutdown.ts';
import { printOutcomes } from './outcomes.ts';
import { surroundingsOf } from './surroundings.ts';

export { table };

/** `skiff system shutdown`: prints the name of each container that it has stopped. */
export const run = async (context: Context): Promise<number> => printOutcomes(context, await shutDownContainers(surroundingsOf(context).paths));
