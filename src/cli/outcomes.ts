import { renderError } from '../core/errors.ts';
import type { Outcome } from '../runtime/stop.ts';
import type { Context } from './context.ts';

/** Prints each name that was dealt with as it was typed, and a line for each that was not; 1 when there is one of these, as in Docker. */
export const printOutcomes = ({ stdout, stderr }: Pick<Context, 'stdout' | 'stderr'>, outcomes: readonly Outcome[]): 0 | 1 => {
  for (const { word, error } of outcomes) {
    if (error === undefined) stdout.write(`${word}\n`);
    else stderr.write(`skiff: ${renderError(error)}\n`);
  }
  return outcomes.some(({ error }) => error !== undefined) ? 1 : 0;
};
