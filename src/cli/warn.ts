import { printable } from '../core/errors.ts';
import type { Context } from './context.ts';

/** One line on standard error, without control characters: something is not as it should be, and the command goes on. */
export const warn = (context: Pick<Context, 'stderr'>, sentence: string): void => context.stderr.write(`skiff: warning: ${printable(sentence)}\n`);
