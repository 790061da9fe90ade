import { SkiffFailure } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import type { Context } from './context.ts';

/**
 * Runs `body` for a command whose failures Docker answers with exit code 1 rather than 125: they are said on standard error and become 1.
 * A wrong command line stays 125, and is thrown.
 */
export const exitOne = (context: Pick<Context, 'stderr'>, body: () => Promise<void>): Promise<0 | 1> => failingWithOne(context, body, ({ _tag }) => _tag !== 'Usage');

/** The same for all failures, where Docker's daemon is who finds fault with words of the command line. */
export const exitOneForAll = (context: Pick<Context, 'stderr'>, body: () => Promise<void>): Promise<0 | 1> => failingWithOne(context, body, () => true);

const failingWithOne = async ({ stderr }: Pick<Context, 'stderr'>, body: () => Promise<void>, isOne: (error: SkiffError) => boolean): Promise<0 | 1> => {
  try {
    await body();
    return 0;
  } catch (error) {
    if (!(error instanceof SkiffFailure) || !isOne(error.error)) throw error;
    stderr.write(`skiff: ${error.message}\n`);
    return 1;
  }
};
