/** The two ways between parsers that throw a carried SkiffError and callers that want an `Either`, and short throwers. */
import { left, right } from 'fp-ts/Either';
import type { Either } from 'fp-ts/Either';
import { SkiffFailure, fail } from './errors.ts';
import type { SkiffError } from './errors.ts';

/** Throws a usage error; `hint` says what to type instead. */
export const usage = (message: string, hint?: string): never =>
  fail({ _tag: 'Usage', message, ...(hint === undefined ? {} : { hint }) });

/** Throws a refusal; `hint` says the way round. */
export const refuse = (message: string, hint?: string): never =>
  fail({ _tag: 'Refused', message, ...(hint === undefined ? {} : { hint }) });

/** Runs `body`; a SkiffFailure it throws becomes a Left, anything else is a bug and passes through. */
export const attempt = <A>(body: () => A): Either<SkiffError, A> => {
  try {
    return right(body());
  } catch (caught) {
    if (caught instanceof SkiffFailure) return left(caught.error);
    throw caught;
  }
};

/** The value of a Right; a Left is thrown, for use inside `attempt`. */
export const need = <A>(either: Either<SkiffError, A>): A => (either._tag === 'Left' ? fail(either.left) : either.right);
