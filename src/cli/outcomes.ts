import { renderError } from '../core/errors.ts';
import type { Outcome } from '../runtime/stop.ts';
import type { Context } from './context.ts';
import { exitOneForAll } from './exit-one.ts';

/** `printOutcomes` of what `body` resolves with; 1 too where it throws, as where Docker's daemon finds fault with a signal. */
export const printAll = async (context: Pick<Context, 'stdout' | 'stderr'>, body: () => Promise<readonly Outcome[]>): Promise<0 | 1> => {
  let code: 0 | 1 = 1;
  await exitOneForAll(context, async () => void (code = printOutcomes(context, await body())));
  return code;
};

/** Prints each name that was dealt with as it was typed, and a line for each that was not; 1 when there is one of these, as in Docker. */
export const printOutcomes = ({ stdout, stderr }: Pick<Context, 'stdout' | 'stderr'>, outcomes: readonly Outcome[]): 0 | 1 => {
  for (const { word, error } of outcomes) {
    if (error === undefined) stdout.write(`${word}\n`);
    else stderr.write(`skiff: ${renderError(error)}\n`);
  }
  return outcomes.some(({ error }) => error !== undefined) ? 1 : 0;
};
